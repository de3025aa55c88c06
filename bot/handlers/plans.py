"""Set up a check-in in under a minute: how often, at what time, where; by button or in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update

from bot.context import Context
from bot.drafts import Draft
from bot.handlers import check_ins
from bot.handlers.places import first_guess
from bot.talk import change, send, take_buttons, toast
from bot.views import plans as view
from bot.views.screen import Screen
from content.model import Library
from content.reading.schedule_model import Schedule
from scheduler.cadence import Occurrence, first_occurrence, instant, nominal_times
from scheduler.db import people, plans
from scheduler.db.models import Person
from scheduler.zones import UnknownZone, zone, zone_at

CONSENT_VERSION = 1

RHYTHMS = {key: (unit, interval) for key, unit, interval in view.RHYTHMS}


async def start(
    update: Update, context: Context, instead_of: str | None = None, wished: Schedule | None = None
) -> None:
    """Begin to set up a check-in, with what was `wished`; an open one that waits for its answer comes first."""
    assert update.effective_chat is not None
    now, library = context.now(), context.library
    async with context.database.write() as session:
        person = await people.ensure(session, update.effective_chat.id, now)
        waiting = await check_ins.open_question(session, person, now, one_offs=False) if not instead_of else None
        coming = [plan for plan in await plans.active(session, person) if plan.kind == "check_in"]
        user = update.effective_user
        guess = first_guess(user.language_code if user else None)
        night = night_of(person)
        draft = Draft(context.house.new_id(), instead_of=instead_of, zone=person.zone, guess=guess, night=night)
        if wished is not None:
            draft = draft.with_schedule(wished, local_date(now, draft.zone))
        draft, screen = ask(library, draft, now)
        if waiting is None and (len(coming) < plans.MAX_PLANS or instead_of):
            people.ask(person, draft.asking())
    if waiting is not None:
        await check_ins.show_first(update, context, waiting)
    elif len(coming) >= plans.MAX_PLANS and instead_of is None:
        await send(update, context, Screen(library.phrases.say("plan.too_many", n=len(coming))))
    else:
        first = view.first_to_come(coming) if instead_of is None else None
        if wished is not None:
            screen = replace(screen, text=f"{library.phrases.say('plan.wished')}\n\n{screen.text}")
        elif first is not None:
            comes = view.next_time(library, first, people.night(person))
            said = library.phrases.say("checkin.nothing_open", when=comes)
            screen = replace(screen, text=f"{said}\n\n{screen.text}")
        await show(update, context, draft, screen)


async def show(update: Update, context: Context, draft: Draft, screen: Screen) -> None:
    """Show a step of the set-up in a new message, and take the buttons off the one before."""
    assert update.effective_chat is not None
    shown = await send(update, context, screen)
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        now_open = open_draft(person)
        if person is not None and now_open is not None and now_open.id == draft.id:
            people.ask(person, replace(now_open, message_id=shown.message_id).asking())
    await take_buttons(update, context, draft.message_id)


def next_screen(library: Library, draft: Draft, now: datetime) -> Screen:
    """Return what to ask next: it follows from what is missing. Raises ValueError for a time that cannot come."""
    if draft.unit is None:
        return view.rhythm(library, draft.id)
    if draft.at is None:
        return view.at(library, draft.id)
    if draft.zone is None:
        return view.zone(library, draft.id, draft.guess, now)
    if draft.confirmed:
        return view.consent(library, draft.id)
    cadence, tz = draft.cadence(), ZoneInfo(draft.zone)
    first = first_occurrence(cadence, tz, now)
    following = islice(nominal_times(cadence, first.nominal), 1)
    coming = [first, *(Occurrence(nominal, instant(nominal, tz)) for nominal in following)]
    return view.confirm(library, draft.id, cadence, draft.zone, coming, draft.quiet_hours)


def ask(library: Library, draft: Draft, now: datetime) -> tuple[Draft, Screen]:
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
        draft = open_draft(person)
        screen: Screen | None = None
        if person is not None and draft is not None and draft.id == draft_id:
            screen = await act(session, context, person, draft, action, rest, now)
    if screen is None:
        # A second tap, or an old keyboard: what is shown there stays true.
        await toast(update, library.phrases.plain("old.not_now"))
        return
    context.house.wake()
    await toast(update)
    await change(update, context, screen)


async def act(
    session: AsyncSession,
    context: Context,
    person: Person,
    draft: Draft,
    action: str,
    rest: list[str],
    now: datetime,
) -> Screen:
    """Do what a button of the set-up says, tapped or typed, and return what to show."""
    library = context.library
    if action == "leave":
        people.ask(person, None)
        return Screen(library.phrases.say("cancel.done"))
    if action == "consent" and rest != ["yes"]:
        people.ask(person, None)
        return Screen(library.phrases.say("consent.refused"))
    if action not in {"ok", "consent"}:
        draft, screen = ask(library, _chosen(draft, action, rest, now), now)
    elif not draft.is_whole:
        # A button from before the last change.
        draft, screen = ask(library, draft, now)
    elif action == "ok" and person.consent_version is None and draft.purpose == "check_in":
        draft, screen = ask(library, replace(draft, confirmed=True), now)
    else:
        if action == "consent":
            give_consent(person, now)
        try:
            return await _set(session, context, person, draft, now)
        except ValueError:
            # Its time went by while it was looked at.
            draft, screen = ask(library, replace(draft, confirmed=False), now)
    people.ask(person, draft.asking())
    return screen


async def _set(session: AsyncSession, context: Context, person: Person, draft: Draft, now: datetime) -> Screen:
    """Make the plan, or give an old one its new rule. Raises ValueError when its time has gone by."""
    assert draft.zone is not None  # the draft is whole
    cadence = draft.cadence()
    plan = await plans.find(session, person, draft.instead_of) if draft.instead_of else None
    if plan is not None:
        plans.change(plan, person, cadence, draft.zone, now)
    else:
        new_id = context.house.new_id()
        plan = await plans.create(session, person, new_id, draft.purpose, cadence, draft.zone, now)
    person.zone = person.zone or draft.zone
    people.ask(person, None)
    said = "plan.set" if draft.purpose == "check_in" else "plan.set_once"
    return Screen(context.library.phrases.say(said, when=view.next_time(context.library, plan, people.night(person))))


def night_of(person: Person) -> tuple[str, str]:
    """Return the quiet hours that hold once a zone is known, as a draft keeps them."""
    return person.quiet_from, person.quiet_to


def give_consent(person: Person, now: datetime) -> None:
    """Keep that the person agreed, to what, and when."""
    person.consent_version, person.consent_language, person.consented_at = CONSENT_VERSION, "en", now


def local_date(at: datetime, zone_key: str | None) -> date:
    """Return the date of an instant in a zone; in UTC while no zone is known."""
    return at.astimezone(ZoneInfo(zone_key or "UTC")).date()


def open_draft(person: Person | None) -> Draft | None:
    """Return the check-in that is being set up, if there is one."""
    asking = (person.asking if person else None) or {}
    return Draft.parse(asking) if asking.get("kind") == "plan" else None


def _chosen(draft: Draft, action: str, rest: list[str], now: datetime) -> Draft:
    """Return the draft with what the button says; unknown choices change nothing."""
    draft = replace(draft, confirmed=False)
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
            return replace(draft, zone=None, offered=())
    return draft


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
        draft = open_draft(person)
        if person is None or draft is None or key is None:
            return False
        draft, screen = ask(context.library, replace(draft, zone=key, confirmed=False), now)
        people.ask(person, draft.asking())
    await show(update, context, draft, screen)
    return True
