"""Set up a check-in in words: each step can be typed as well as tapped, and a whole schedule at any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from telegram import Update

from bot.context import Context
from bot.drafts import Draft
from bot.handlers import plans as set_up
from bot.handlers.listing import listing
from bot.handlers.places import clock_time, zones_for
from bot.views import plans as view
from bot.views.screen import Screen
from content.model import Library
from content.reading.replies import read_by_rules
from content.reading.schedule import read_schedule
from content.reading.schedule_model import Ask
from content.reading.topics import find_topic
from scheduler.db import people
from scheduler.zones import Suggestion

# The topic that a wish for a check-in is about.
ABOUT_REMINDERS = "reminders-help"

# A draft as it is after a text, and what to show.
Step = tuple[Draft, Screen]


async def take_text(update: Update, context: Context, text: str, asking: Mapping[str, Any]) -> bool:
    """Read a typed text as the answer to the open step, or as a whole schedule. Return False when it is neither."""
    assert update.effective_chat is not None
    now = context.now()
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        draft = set_up.open_draft(person)
        if person is None or draft is None:
            return False
        if button := _button(context.library, draft, text):
            action, *rest = button
            screen = await set_up.act(session, context, person, draft, action, rest, now)
        elif step := _read(context.library, draft, text, now):
            draft, screen = step
            people.ask(person, draft.asking())
        else:
            return False
        people.apply_once(person, update.update_id, asking)
    context.house.wake()
    await set_up.show(update, context, Draft.parse(asking), screen)
    return True


async def take_wish(update: Update, context: Context, text: str) -> bool:
    """Begin to set up what is asked for out of the blue ("remind me every friday at 9"). Return False for all else."""
    assert update.effective_chat is not None
    library = context.library
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
    local = ZoneInfo((person.zone if person else None) or "UTC")
    schedule = read_schedule(text, context.now(), local, library.words)
    if isinstance(schedule, Ask):
        return False
    decision = find_topic(text, library.index)
    if ABOUT_REMINDERS not in (decision.topic, *decision.suggestions[:1]):
        return False
    await set_up.start(update, context, wished=schedule)
    return True


def _button(library: Library, draft: Draft, text: str) -> tuple[str, ...] | None:
    """Return the button that a text stands for at this step."""
    choices = library.choices
    if draft.confirmed and (answer := choices.read_one(text, choices.consent)):
        return ("consent", answer)
    if read_by_rules(text, "checklist", library.replies.rules) == "stop":
        return ("leave",)
    match choices.read_one(text, choices.plan):
        case "ok" if draft.is_whole and not draft.confirmed:
            return ("ok",)
        case "ok" if draft.unit and draft.at and draft.zone is None and len(draft.offered) < 2:
            return ("zone", *(draft.offered or (draft.guess,)))
        case "rhythm" | "time" | "zone" as part if draft.is_whole:
            return ("other", part)
    return None


def _read(library: Library, draft: Draft, text: str, now: datetime) -> Step | None:
    """Read a text that no button stands for."""
    say, local = library.phrases.say, ZoneInfo(draft.zone or "UTC")
    draft = replace(draft, confirmed=False, offered=())
    if draft.is_whole and library.choices.read_one(text, library.choices.plan) == "no":
        _, screen = set_up.ask(library, draft, now)
        return draft, replace(screen, text=f"{say('plan.what_to_change')}\n\n{screen.text}")
    needs_zone = draft.unit is not None and draft.at is not None and draft.zone is None
    at = None if needs_zone else clock_time(library, text, now, local)
    if draft.unit is not None and at is not None:
        return set_up.ask(library, replace(draft, at=at.isoformat("minutes")), now)
    if needs_zone:
        found = zones_for(library, text, now)
        return _offer(library, draft, found) if found else None
    schedule = read_schedule(text, now, local, library.words)
    if not isinstance(schedule, Ask):
        return set_up.ask(library, draft.with_schedule(schedule, set_up.local_date(now, draft.zone)), now)
    if schedule.why not in {"unclear", "too-long"}:
        screen = set_up.next_screen(library, replace(draft, unit=None), now)
        return draft, replace(screen, text=f"{say(f'ask.{schedule.why}')}\n\n{screen.text}")
    if draft.is_whole and not text.rstrip().endswith("?") and (found := zones_for(library, text, now)):
        return _offer(library, replace(draft, zone=None), found)
    return None


def _offer(library: Library, draft: Draft, found: Sequence[Suggestion]) -> Step:
    """Offer places: a plain yes takes the one that is alone."""
    return replace(draft, offered=tuple(one.key for one in found)), view.zones(library, draft.id, found)


async def show_again(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Show the open step again, under the answer to something else; or all check-ins when the set-up is over."""
    assert update.effective_chat is not None
    library, now = context.library, context.now()
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
        draft = set_up.open_draft(person)
        if draft is not None and draft.id == asking["id"]:
            _, screen = set_up.ask(library, draft, now)
        else:
            screen = await listing(session, library, person, now)
    await set_up.show(update, context, Draft.parse(asking), screen)
