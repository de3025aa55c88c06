"""Let check-ins wait until somebody is back: by button, or told in a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update

from bot.context import Context
from bot.handlers.listing import listing
from bot.talk import change, send, toast
from bot.views import away as view
from bot.views import plans as plan_view
from bot.views import when
from bot.views.screen import Screen
from content.model import Library
from content.reading.away import Back, read_away, read_day_back
from content.reading.replies import read_by_rules
from content.reading.schedule_model import Ask
from scheduler.db import people, plans
from scheduler.db.models import Person, Plan

# Who is away for longer than this has stopped; a pause has no end to be forgotten.
LONGEST = timedelta(days=366)


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Handle a button about being away; it names one plan, or all."""
    assert update.effective_chat is not None
    action, which, digits, *_ = (*parts, "", "", "")
    library, now = context.library, context.now()
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        concerned = await _concerned(session, person, which) if person else []
        if person is None or not concerned:
            # Stopped or deleted meanwhile.
            screen = await listing(session, library, person, now)
        elif action == "until" and (day := _day(digits)) is not None:
            screen = await _go(session, library, person, concerned, which, day, now)
        elif action == "back":
            screen = await _come_back(session, library, person, concerned, which, now)
        elif action == "leave":
            people.ask(person, None)
            screen = Screen(library.phrases.say("away.stays"))
        else:
            screen = _ask(library, person, concerned, which, now)
    context.house.wake()
    await toast(update)
    await change(update, context, screen)


async def take_message(update: Update, context: Context, text: str) -> bool:
    """Act on a message that tells of being away or back, whatever is open. Return False for any other."""
    assert update.effective_chat is not None
    library, now = context.library, context.now()
    # The zone matters only for the day, and a person has one for all plans.
    if read_away(text, now, ZoneInfo("UTC"), library.words) is None:
        return False
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        concerned = await _concerned(session, person, view.ALL) if person else []
        said = read_away(text, now, _zone(person, concerned), library.words)
        if person is None or said is None:
            return False
        if not concerned:
            if isinstance(said, Back):
                return False
            screen = await listing(session, library, person, now)
        elif isinstance(said, Back):
            if not any(plans.away_until(plan, now) for plan in concerned):
                return False
            screen = await _come_back(session, library, person, concerned, view.ALL, now)
        elif isinstance(said, Ask):
            screen = _ask(library, person, concerned, view.ALL, now, "" if said.why == "until-when" else said.why)
        else:
            screen = await _go(session, library, person, concerned, view.ALL, said, now)
            people.apply_once(person, update.update_id, {"kind": "away", "plan": view.ALL})
    context.house.wake()
    await send(update, context, screen)
    return True


async def take_text(update: Update, context: Context, text: str, asking: Mapping[str, Any]) -> bool:
    """Read a typed text as the day of coming back. Return False when it is something else."""
    assert update.effective_chat is not None
    library, now, which = context.library, context.now(), asking["plan"]
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        concerned = await _concerned(session, person, which) if person else []
        day = read_day_back(text, now, _zone(person, concerned), library.words)
        if person is None or not concerned:
            return False
        if not isinstance(day, Ask):
            people.apply_once(person, update.update_id, asking)
            screen = await _go(session, library, person, concerned, which, day, now)
        elif read_by_rules(text, "checklist", library.replies.rules) == "stop":
            people.apply_once(person, update.update_id, asking)
            people.ask(person, None)
            screen = Screen(library.phrases.say("away.stays"))
        elif day.why in {"unclear", "too-long"}:
            return False
        else:
            screen = _ask(library, person, concerned, which, now, day.why)
    context.house.wake()
    await send(update, context, screen)
    return True


async def show_again(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Ask again until when, or show how things stand when that was answered."""
    assert update.effective_chat is not None
    library, now = context.library, context.now()
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        concerned = await _concerned(session, person, asking["plan"]) if person else []
        if person is not None and concerned and (person.asking or {}).get("kind") == "away":
            screen = _ask(library, person, concerned, asking["plan"], now)
        else:
            screen = await listing(session, library, person, now)
    await send(update, context, screen)


async def _concerned(session: AsyncSession, person: Person, which: str) -> Sequence[Plan]:
    """Return the plan of this id, or all that are not paused."""
    if which == view.ALL:
        return [plan for plan in await plans.active(session, person, lock=True) if plan.next_nominal]
    plan = await plans.find(session, person, which)
    return [plan] if plan is not None and plan.stopped_at is None else []


def _zone(person: Person | None, concerned: Sequence[Plan]) -> ZoneInfo:
    return ZoneInfo(concerned[0].zone if concerned else (person and person.zone) or "UTC")


def _ask(
    library: Library, person: Person, concerned: Sequence[Plan], which: str, now: datetime, why: str = ""
) -> Screen:
    people.ask(person, {"kind": "away", "plan": which})
    return view.ask(library, which, now.astimezone(_zone(person, concerned)).date(), why)


async def _go(
    session: AsyncSession,
    library: Library,
    person: Person,
    concerned: Sequence[Plan],
    which: str,
    day: date,
    now: datetime,
) -> Screen:
    today = now.astimezone(_zone(person, concerned)).date()
    if not today < day <= today + LONGEST:
        return _ask(library, person, concerned, which, now, "past" if day <= today else "too-far")
    _answered(person)
    for plan in concerned:
        await plans.go_away(session, person, plan, day, now)
    written = when.full_day(library.phrases, day)
    if which == view.ALL:
        note = library.phrases.say("away.set_all", day=written)
        return await listing(session, library, person, now, note)
    (plan,) = concerned
    note = library.phrases.say("away.set", day=written, when=plan_view.next_time(library, plan, people.night(person)))
    return plan_view.one(library, plan, people.night(person), now, note)


async def _come_back(
    session: AsyncSession, library: Library, person: Person, concerned: Sequence[Plan], which: str, now: datetime
) -> Screen:
    _answered(person)
    for plan in concerned:
        if plans.away_until(plan, now):
            plans.resume(plan, person, now)
    if which == view.ALL:
        return await listing(session, library, person, now, library.phrases.say("away.home_all"))
    (plan,) = concerned
    note = library.phrases.say("away.home", when=plan_view.next_time(library, plan, people.night(person)))
    return plan_view.one(library, plan, people.night(person), now, note)


def _answered(person: Person) -> None:
    """Forget the question until when; one about something else stays open."""
    if (person.asking or {}).get("kind") == "away":
        people.ask(person, None)


def _day(digits: str) -> date | None:
    try:
        return date.fromisoformat(digits)
    except ValueError:
        return None
