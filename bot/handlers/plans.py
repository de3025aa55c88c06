"""Set up a check-in in under a minute: how often, at what time, where; by button or in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update

from bot.context import Context
from bot.drafts import Draft
from bot.handlers import check_ins
from bot.handlers.places import clock_time, zones_for
from bot.talk import change, send, take_buttons, toast
from bot.views import plans as view
from bot.views.screen import Screen
from content.model import Library
from content.reading.replies import read_reply
from content.reading.schedule import read_schedule
from content.reading.schedule_model import Ask
from scheduler.cadence import Occurrence, first_occurrence, instant, nominal_times
from scheduler.db import people, plans
from scheduler.db.models import Person, Plan
from scheduler.zones import UnknownZone, zone, zone_at

CONSENT_VERSION = 1

RHYTHMS = {key: (unit, interval) for key, unit, interval in view.RHYTHMS}


async def start(update: Update, context: Context, instead_of: str | None = None) -> None:
    """Begin to set up a check-in; an open one that waits for its answer comes first."""
    assert update.effective_chat is not None
    now, library = context.now(), context.library
    async with context.database.write() as session:
        person = await people.ensure(session, update.effective_chat.id, now)
        waiting = await check_ins.open_question(session, person) if instead_of is None else None
        count = len(await plans.active(session, person))
        draft = Draft(context.house.new_id(), instead_of=instead_of, zone=person.zone)
        if waiting is None and (count < plans.MAX_PLANS or instead_of):
            people.ask(person, draft.asking())
    if waiting is not None:
        await check_ins.show_again(update, context, waiting)
    elif count >= plans.MAX_PLANS and instead_of is None:
        await send(update, context, Screen(library.phrases.say("plan.too_many", n=count)))
    else:
        await send(update, context, view.rhythm(library, draft.id))


def next_screen(library: Library, draft: Draft, now: datetime) -> Screen:
    """Return what to ask next: it follows from what is missing. Raises ValueError for a time that cannot come."""
    if draft.unit is None:
        return view.rhythm(library, draft.id)
    if draft.at is None:
        return view.at(library, draft.id)
    if draft.zone is None:
        return view.zone(library, draft.id)
    cadence, tz = draft.cadence(), ZoneInfo(draft.zone)
    first = first_occurrence(cadence, tz, now)
    following = islice(nominal_times(cadence, first.nominal), 1)
    coming = [first, *(Occurrence(nominal, instant(nominal, tz)) for nominal in following)]
    return view.confirm(library, draft.id, cadence, draft.zone, coming)


def _ask(library: Library, draft: Draft, now: datetime) -> tuple[Draft, Screen]:
    """Return the next screen, and the draft without what cannot be."""
    try:
        return draft, next_screen(library, draft, now)
    except ValueError as error:
        reason = str(error) if f"ask.{error}" in library.phrases else "unclear"
        draft = replace(draft, unit=None, at=None, first=None)
        screen = view.rhythm(library, draft.id)
        return draft, replace(screen, text=f"{library.phrases.say(f'ask.{reason}')}\n\n{screen.text}")


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Handle a button of the set-up."""
    assert update.effective_chat is not None
    library, now = context.library, context.now()
    match parts:
        case ("start",):
            await toast(update)
            await start(update, context)
            return
        case (action, draft_id, *rest):
            pass
        case _:
            await toast(update, library.phrases.plain("old.unknown"))
            return
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        draft = _open_draft(person)
        screen: Screen | None
        if person is None or draft is None or draft.id != draft_id:
            screen = None
        elif action == "leave":
            people.ask(person, None)
            screen = Screen(library.phrases.say("cancel.done"))
        elif action == "ok" and person.consent_version is None and draft.purpose == "check_in":
            screen = view.consent(library, draft.id)
        elif action == "consent" and rest != ["yes"]:
            people.ask(person, None)
            screen = Screen(library.phrases.say("consent.refused"))
        elif action in {"ok", "consent"}:
            if action == "consent":
                give_consent(person, now)
            plan = await _set(session, context, person, draft, now)
            people.ask(person, None)
            context.house.wake()
            said = "plan.set" if draft.purpose == "check_in" else "plan.set_once"
            screen = Screen(library.phrases.say(said, when=view.next_time(library, plan)))
        else:
            draft, screen = _ask(library, _chosen(draft, action, rest, now), now)
            people.ask(person, draft.asking())
    if screen is None:
        # A second tap, or an old keyboard: what is shown there stays true.
        await toast(update, library.phrases.plain("old.not_now"))
        return
    await toast(update)
    await change(update, context, screen)


async def _set(session: AsyncSession, context: Context, person: Person, draft: Draft, now: datetime) -> Plan:
    assert draft.zone is not None  # the confirmation is shown when all is known
    if draft.instead_of and (old := await plans.find(session, person, draft.instead_of)):
        await plans.stop(session, old, now, "changed")
    person.zone = person.zone or draft.zone
    return await plans.create(session, person, context.house.new_id(), draft.purpose, draft.cadence(), draft.zone, now)


def give_consent(person: Person, now: datetime) -> None:
    """Keep that the person agreed, to what, and when."""
    person.consent_version, person.consent_language, person.consented_at = CONSENT_VERSION, "en", now


def local_date(at: datetime, zone_key: str | None) -> date:
    """Return the date of an instant in a zone; in UTC while no zone is known."""
    return at.astimezone(ZoneInfo(zone_key or "UTC")).date()


def _open_draft(person: Person | None) -> Draft | None:
    asking = (person.asking if person else None) or {}
    return Draft.parse(asking) if asking.get("kind") == "plan" else None


def _chosen(draft: Draft, action: str, rest: list[str], now: datetime) -> Draft:
    """Return the draft with what the button says; unknown choices change nothing."""
    today = local_date(now, draft.zone)
    match (action, rest):
        case ("every", [key]) if key in RHYTHMS:
            return draft.with_rhythm(*RHYTHMS[key], today)
        case ("at", [digits]) if f"{digits[:2]}:{digits[2:]}" in view.TIMES:
            return replace(draft, at=f"{digits[:2]}:{digits[2:]}")
        case ("zone", [key]):
            try:
                return replace(draft, zone=zone(key).key)
            except UnknownZone:
                return draft
        case ("other", ["rhythm"]):
            return replace(draft, unit=None)
        case ("other", ["time"]):
            return replace(draft, at=None)
        case ("other", ["zone"]):
            return replace(draft, zone=None)
    return draft


async def take_text(update: Update, context: Context, text: str, asking: Mapping[str, Any]) -> bool:
    """Read a typed text as the answer to the open step, or as a whole schedule. Return False when it is neither."""
    assert update.effective_chat is not None
    library, now, draft = context.library, context.now(), Draft.parse(asking)
    if read_reply(text, "checklist", library.replies) == "stop":
        screen = Screen(library.phrases.say("cancel.done"))
        changed: Draft | None = None
    else:
        step = _read_step(library, draft, text, now)
        if step is None:
            return False
        changed, screen = step
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        if person is None or _open_draft(person) is None:
            return False
        people.ask(person, changed.asking() if changed else None)
    await take_buttons(update, context, draft.message_id)
    await send(update, context, screen)
    return True


def _read_step(library: Library, draft: Draft, text: str, now: datetime) -> tuple[Draft, Screen] | None:
    local = ZoneInfo(draft.zone or "UTC")
    today = local_date(now, draft.zone)
    at = clock_time(library, text, now, local)
    if draft.unit is not None and draft.at is None and at is not None:
        return _ask(library, replace(draft, at=at.isoformat("minutes")), now)
    if draft.unit is not None and draft.at is not None and draft.zone is None:
        found = zones_for(library, text, now)
        return (draft, view.zones(library, draft.id, found)) if found else None
    schedule = read_schedule(text, now, local, library.words)
    if not isinstance(schedule, Ask):
        return _ask(library, draft.with_schedule(schedule, today), now)
    if schedule.why in {"unclear", "too-long"}:
        return None
    screen = next_screen(library, replace(draft, unit=None), now)
    return draft, replace(screen, text=f"{library.phrases.say(f'ask.{schedule.why}')}\n\n{screen.text}")


async def take_location(update: Update, context: Context) -> bool:
    """Take the zone, and nothing else, from a place that was sent while a check-in is being set up."""
    assert update.effective_chat is not None
    message = update.effective_message
    if message is None or message.location is None:
        return False
    key = zone_at(message.location.latitude, message.location.longitude)
    now = context.now()
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        draft = _open_draft(person)
        if person is None or draft is None or key is None:
            return False
        draft, screen = _ask(context.library, replace(draft, zone=key), now)
        people.ask(person, draft.asking())
    await send(update, context, screen)
    return True


async def show_again(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Show the open step again, under the answer to something else."""
    _, screen = _ask(context.library, Draft.parse(asking), context.now())
    await send(update, context, screen)
