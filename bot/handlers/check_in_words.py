"""Take the typed answer to a check-in: each step can be typed as well as tapped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from telegram import Update

from bot.context import Context
from bot.handlers import answering, check_ins, checklist, questions
from bot.handlers.answering import TYPED, Reply, Turn
from bot.talk import send
from bot.views import check_ins as view
from bot.views.screen import Screen
from content.reading.moment import read_moment
from content.reading.replies import Meaning, read_by_rules
from content.reading.reply_reader import read_reply
from content.reading.schedule_model import Ask
from content.reading.signs import Signs, read_signs
from scheduler.db import answers, people
from scheduler.db import plans as plan_rows

# Who is asked to come again later than this has forgotten what it was about.
LONGEST_SNOOZE = timedelta(days=14)


async def take_text(update: Update, context: Context, text: str, asking: Mapping[str, Any]) -> bool:
    """Read a typed text as the answer to the open step of a check-in. Return False when it is none."""
    assert update.effective_chat is not None
    library, now = context.library, context.now()
    signs = read_signs(text, library.signs)
    starts_checklist = False
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        found = await answers.find(session, person, asking["plan"], asking["nominal"]) if person else None
        if person is None or found is None or found[0].closed_at is not None:
            return False
        if answering.lacks_consent(person, found[1]):
            return False
        turn = Turn(session, context, person, *found, now)
        if turn.plan.kind == "recheck" and _yes_or_no(turn, text) == "yes":
            turn.check_in.closed_at, turn.check_in.wake_at, reply = now, None, None
            starts_checklist = True
        else:
            reply = await _take(turn, text, signs, str(asking["step"]))
            if reply is None:
                return False
        people.apply_once(person, update.update_id, asking)
    context.house.wake()
    if starts_checklist:
        await checklist.start(update, context)
    if reply is not None:
        shown = await send(update, context, reply.screen)
        await check_ins.move_to(update, context, asking, shown.message_id)
        if reply.flags:
            await send(update, context, questions.care(library, reply.flags))
    return True


async def _take(turn: Turn, text: str, signs: Signs, step: str) -> Reply | None:
    choices = turn.library.choices
    # A note is in anybody's words: only listed ones end the check-ins there.
    means = (
        read_by_rules(text, "check-in", turn.library.replies.rules)
        if step == "note"
        else read_reply(text, "check-in", turn.library.replies)
    )
    if means == "stop":
        await plan_rows.stop(turn.session, turn.plan, turn.now, "asked")
        turn.answered()
        return Reply(Screen(turn.phrases.say("plan.stopped")))
    if step == "note":
        return await _take_note(turn, text, signs)
    if step in {"first", "snoozed", "snooze"} and (later := _later(turn, text, means, signs, step)):
        return later
    match turn.plan.kind:
        case "visit":
            return await _take_visit(turn, text)
        case "recheck" if _yes_or_no(turn, text) == "no":
            turn.check_in.closed_at, turn.check_in.wake_at = turn.now, None
            return Reply(Screen(turn.phrases.say("recheck.no")))
        case "recheck":
            return None
    if step == "what" and (named := choices.read(text, choices.change)):
        return answering.go_on(turn, named)
    if step == "size" and (size := choices.read_one(text, choices.size)):
        return await answering.keep_size(turn, size)
    if step in {"what", "size"} and not _asks(text):
        return await answering.keep_note(turn, text, signs.flags, "changed")
    if signs.flags:
        return await answering.keep_note(turn, text, signs.flags, "changed")
    if means not in TYPED:
        return None
    if TYPED[means] == "changed":
        return await answering.keep_note(turn, text, (), "changed")
    return await answering.note_answer(turn, TYPED[means], turn.details or None)


async def _take_note(turn: Turn, text: str, signs: Signs) -> Reply | None:
    if _asks(text) and not signs.flags:
        return None
    choices = turn.library.choices
    if choices.read_one(text, choices.note):
        return await answering.close_without_note(turn)
    # What the doctor said is no sign that is there now.
    flags = () if turn.plan.kind == "visit" else signs.flags
    return await answering.keep_note(turn, text, flags)


async def _take_visit(turn: Turn, text: str) -> Reply | None:
    choices = turn.library.choices
    answer = choices.read_one(text, choices.visit)
    if answer is not None:
        return await answering.keep_visit(turn, answer)
    if _yes_or_no(turn, text) == "no":
        # Why not makes a difference: ask for it.
        about = None if turn.person.discreet else turn.plan.about
        return Reply(view.ask_visit(turn.library, *turn.names, about))
    return None


def _later(turn: Turn, text: str, means: Meaning, signs: Signs, step: str) -> Reply | None:
    """Put the check-in off, to the time that was typed, or ask for one."""
    choices = turn.library.choices
    if choice := choices.read_one(text, choices.snooze):
        return answering.snooze(turn, answering.snooze_until(choice, turn.now, turn.plan.zone))
    if signs.flags or (means != "snooze" and step != "snooze"):
        return None
    if at := _moment(turn, text):
        return answering.snooze(turn, at)
    return answering.ask_when_later(turn) if means == "snooze" else None


def _moment(turn: Turn, text: str) -> datetime | None:
    """Return the moment that a text names, if it is soon, and before the next check-in."""
    zone = ZoneInfo(turn.plan.zone)
    moment = read_moment(text, turn.now, zone, turn.library.words)
    if isinstance(moment, Ask):
        return None
    local = turn.now.astimezone(zone)
    at = datetime.combine(moment.day, moment.at or local.time(), tzinfo=zone)
    latest = min(turn.now + LONGEST_SNOOZE, turn.plan.next_due_at or turn.now + LONGEST_SNOOZE)
    return at if local < at < latest else None


def _yes_or_no(turn: Turn, text: str) -> Meaning:
    return read_reply(text, "checklist", turn.library.replies)


def _asks(text: str) -> bool:
    return text.rstrip().endswith("?")
