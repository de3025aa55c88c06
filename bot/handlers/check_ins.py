"""Take the answer to a check-in: one tap, or a few steps when something changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Message, Update

from bot.context import Context
from bot.handlers import questions
from bot.talk import change, send, toast
from bot.views import check_ins as view
from bot.views import when
from bot.views.plans import next_time
from bot.views.screen import Screen
from content.model import Library
from content.reading.replies import read_reply
from content.reading.signs import read_signs
from scheduler.db import answers, people
from scheduler.db import plans as plan_rows
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.due import LastAnswer

EVENING = time(19, 0)

# Most dates are within this time.
BOOKED_AGAIN_AFTER = timedelta(weeks=2)

# Longer notes are cut here; the person sees what was kept.
NOTE_LENGTH = 500

# What a plain word for better or worse is kept as.
TYPED: Mapping[str, str] = {"same": "same", "none": "same", "better": "better", "worse": "changed"}


async def open_question(session: AsyncSession, person: Person) -> dict[str, Any] | None:
    """Return the check-in that waits for its answer, as what is being asked."""
    found = await answers.find_open(session, person)
    return _asking(found[0], found[1], "first") if found else None


def _asking(check_in: CheckIn, plan: Plan, step: str) -> dict[str, Any]:
    return {"kind": "check_in", "plan": plan.public_id, "nominal": check_in.nominal, "step": step}


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Handle a button of a check-in."""
    assert update.effective_chat is not None
    library, now, note = context.library, context.now(), ""
    action, plan_id, key, *rest = (*parts, "", "", "")[: max(3, len(parts))]
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        found = await answers.find(session, person, plan_id, view.nominal(key)) if person else None
        if person is None or found is None:
            screen: Screen | None = Screen(library.phrases.say("old.not_now"))
        elif found[0].closed_at is not None:
            # The next one is there; what was answered stays as it was.
            screen, note = Screen(library.phrases.say("checkin.closed")), library.phrases.plain("old.button")
        else:
            _keep_message_id(update, found[0], now)
            screen = await _step(session, context, person, *found, action, rest)
    context.house.wake()
    await toast(update, note)
    if screen is not None:
        await change(update, context, screen)


def _keep_message_id(update: Update, check_in: CheckIn, now: datetime) -> None:
    """Know the message from its button, if the sending of it could not be written down."""
    message = update.callback_query.message if update.callback_query else None
    if isinstance(message, Message):
        check_in.message_id = message.message_id
        check_in.sent_at = check_in.sent_at or now


async def _step(
    session: AsyncSession,
    context: Context,
    person: Person,
    check_in: CheckIn,
    plan: Plan,
    action: str,
    rest: list[str],
) -> Screen | None:
    """Do what a button says and return what to show; None leaves the message as it is."""
    library, now, names = context.library, context.now(), (plan.public_id, check_in.nominal)
    details = dict(check_in.details or {})
    match (action, rest):
        case ("same", _):
            return await _noted(session, library, person, check_in, plan, "same", None, now)
        case ("changed", _):
            people.ask(person, _asking(check_in, plan, "note"))
            return view.what(library, *names, details.get("what", []))
        case ("what", [choice, *_]) if choice in view.CHANGES:
            chosen = [c for c in view.CHANGES if (c in details.get("what", [])) != (c == choice)]
            check_in.details = {**details, "what": chosen}
            return view.what(library, *names, chosen)
        case ("whatdone", _):
            chosen = details.get("what", [])
            if not chosen:
                return view.what(library, *names, chosen)
            answers.write(check_in, plan, "changed", details, now)
            return view.size(library, *names) if "size" in chosen else view.note(library, *names)
        case ("size", [choice, *_]) if choice in view.SIZES:
            answers.write(check_in, plan, "changed", {**details, "size": choice}, now)
            return view.note(library, *names)
        case ("nonote", _):
            answer = check_in.answer or "changed"
            return await _noted(session, library, person, check_in, plan, answer, details or None, now)
        case (answer, _) if answer in view.VISITS and plan.kind == "visit":
            return await _visited(session, context, person, check_in, plan, answer)
        case ("undo", _):
            people.ask(person, None)
            check_in.answer = check_in.answered_at = check_in.details = None
            return view.ask(library, plan.public_id, check_in, await _last(session, check_in))
        case ("later", _):
            return view.snoozes(library, *names)
        case ("snooze", [choice, *_]) if choice in view.SNOOZES:
            at = answers.snooze(check_in, person, plan.zone, _snooze_until(choice, now, plan.zone))
            people.ask(person, None)
            return Screen(library.phrases.say("checkin.snoozed", when=when.instant(library.phrases, at, plan.zone)))
        case ("moved", _):
            people.ask(person, {"kind": "zone"})
            return Screen(library.phrases.say("plan.zone"))
    return None


async def _noted(
    session: AsyncSession,
    library: Library,
    person: Person,
    check_in: CheckIn,
    plan: Plan,
    answer: str,
    details: dict[str, Any] | None,
    now: datetime,
) -> Screen:
    answers.write(check_in, plan, answer, details, now)
    people.ask(person, None)
    last = await _last(session, check_in)
    return view.thanks(library, plan.public_id, check_in, last, next_time(library, plan))


async def _visited(
    session: AsyncSession, context: Context, person: Person, check_in: CheckIn, plan: Plan, answer: str
) -> Screen:
    """Keep whether the person was seen; what comes next depends on it."""
    library, now = context.library, context.now()
    answers.write(check_in, plan, answer, None, now)
    if answer == "seen":
        people.ask(person, _asking(check_in, plan, "note"))
        return view.what_they_said(library, plan.public_id, check_in.nominal)
    if answer == "booked":
        later = await plan_rows.create_once(
            session, person, context.house.new_id(), "visit", now + BOOKED_AGAIN_AFTER, now, plan.about or "soon"
        )
        return Screen(library.phrases.say("visit.answer_booked", when=next_time(library, later)))
    return Screen(library.phrases.say(f"visit.answer_{answer}"))


async def _last(session: AsyncSession, check_in: CheckIn) -> LastAnswer | None:
    row = await answers.before(session, check_in)
    return LastAnswer(row.nominal, row.answer or "", row.details) if row else None


def _snooze_until(choice: str, now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    if choice == "in_1h":
        return now + timedelta(hours=1)
    if choice == "this_evening":
        evening = datetime.combine(local.date(), EVENING, tzinfo=local.tzinfo)
        return evening if evening > local else now + timedelta(hours=1)
    days = {"tomorrow": 1, "next_week": 7}[choice]
    return datetime.combine(local.date() + timedelta(days=days), local.time(), tzinfo=local.tzinfo)


async def take_text(update: Update, context: Context, text: str, asking: Mapping[str, Any]) -> bool:
    """Read a typed text as the answer to the open check-in, or as its note. Return False when it is neither."""
    assert update.effective_chat is not None
    library, now = context.library, context.now()
    signs = read_signs(text, library.signs)
    means = read_reply(text, "check-in", library.replies)
    is_note = asking["step"] == "note"
    if not is_note and means not in {*TYPED, "snooze", "stop"} and not signs.flags:
        return False
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        found = await answers.find(session, person, asking["plan"], asking["nominal"]) if person else None
        if person is None or found is None or found[0].closed_at is not None:
            return False
        check_in, plan = found
        if means == "stop":
            await plan_rows.stop(session, plan, now, "asked")
            people.ask(person, None)
            screen = Screen(library.phrases.say("plan.stopped"))
        elif means == "snooze" and not is_note:
            screen = view.snoozes(library, plan.public_id, check_in.nominal)
        else:
            answer = (check_in.answer or "changed") if is_note else "changed" if signs.flags else TYPED[means]
            details = dict(check_in.details or {})
            if is_note or answer == "changed":
                details["note"] = text[:NOTE_LENGTH]
                details["flags"] = list(signs.flags)
            screen = await _noted(session, library, person, check_in, plan, answer, details or None, now)
    context.house.wake()
    await send(update, context, screen)
    if signs.flags:
        await send(update, context, questions.care(library, signs))
    return True


async def show_again(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Show the open check-in again, under the answer to something else."""
    assert update.effective_chat is not None
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
        found = await answers.find(session, person, asking["plan"], asking["nominal"]) if person else None
        if found is None or found[0].closed_at is not None or found[0].answered_at is not None:
            return
        last = await _last(session, found[0])
    await send(update, context, view.ask(context.library, found[1].public_id, found[0], last))
