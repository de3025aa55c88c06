"""Take the tapped answer to a check-in, and show where an open one stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Message, Update

from bot.context import Context
from bot.handlers import answering, checklist, questions
from bot.handlers.answering import Reply, Turn
from bot.talk import change, send, take_buttons, toast
from bot.views import check_ins as view
from bot.views.record import CHANGES, SIZES
from bot.views.screen import Screen
from scheduler.db import answers, people, waiting
from scheduler.db.models import CheckIn, Person


async def open_question(
    session: AsyncSession, person: Person, now: datetime, *, one_offs: bool = True
) -> dict[str, Any] | None:
    """Return the check-in that waits for its answer, as what is being asked; `one_offs` as `waiting.find`."""
    found = await waiting.find(session, person, now, one_offs=one_offs)
    if found is None or answering.lacks_consent(person, found[1]):
        return None
    check_in, plan = found
    return answering.asking(check_in, plan, "snoozed" if check_in.state == "waiting" else "first")


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Handle a button of a check-in."""
    assert update.effective_chat is not None
    library, now, note = context.library, context.now(), ""
    action, plan_id, key, *rest = (*parts, "", "", "")[: max(3, len(parts))]
    reply: Reply | None
    is_look = False
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        found = await answers.find(session, person, plan_id, view.nominal(key)) if person else None
        if person is None or found is None:
            reply = Reply(Screen(library.phrases.say("old.not_now")))
        elif is_look := action == "look" and found[1].kind == "recheck":
            found[0].closed_at, found[0].wake_at, reply = found[0].closed_at or now, None, None
        elif found[0].closed_at is not None:
            # The next one is there; what was answered stays as it was.
            reply, note = Reply(Screen(library.phrases.say("checkin.closed"))), library.phrases.plain("old.button")
        else:
            _keep_message_id(update, found[0], now)
            reply = await _step(Turn(session, context, person, *found, now), action, rest)
    context.house.wake()
    await toast(update, note)
    if reply is not None:
        await change(update, context, reply.screen)
        if reply.flags:
            await send(update, context, questions.care(library, reply.flags))
    elif is_look:
        await checklist.start(update, context)


def _keep_message_id(update: Update, check_in: CheckIn, now: datetime) -> None:
    """Know the message from its button, if the sending of it could not be written down."""
    message = update.callback_query.message if update.callback_query else None
    if isinstance(message, Message):
        check_in.message_id = message.message_id
        check_in.sent_at = check_in.sent_at or now


async def _step(turn: Turn, action: str, rest: list[str]) -> Reply | None:
    """Do what a button says and return what to show; None leaves the message as it is."""
    if answering.lacks_consent(turn.person, turn.plan):
        return Reply(Screen(turn.phrases.say("checkin.no_consent")))
    if turn.plan.kind == "visit":
        return await _visit_step(turn, action)
    if turn.plan.kind != "check_in" and action not in {"later", "snooze", "back"}:
        return None
    if turn.check_in.answered_at is not None and action in {"later", "snooze"}:
        # From another copy of the message: what is answered is not asked again.
        return Reply(await answering.thanks(turn))
    match (action, rest):
        case ("same", _):
            return await answering.note_answer(turn, "same", None)
        case ("changed", _):
            return answering.ask_what(turn)
        case ("what", [choice, *_]) if choice in CHANGES:
            return answering.choose(turn, choice)
        case ("whatdone", _):
            return answering.go_on(turn)
        case ("size", [choice, *_]) if choice in SIZES:
            return await answering.keep_size(turn, choice)
        case ("nonote", _):
            return await answering.close_without_note(turn)
        case ("undo", _):
            answering.undo(turn)
            return Reply(await _first(turn))
        case ("later", _):
            return answering.ask_when_later(turn)
        case ("snooze", [choice, *_]) if choice in view.SNOOZES:
            return answering.snooze(turn, answering.snooze_until(choice, turn.now, turn.plan.zone))
        case ("moved", _):
            people.ask(turn.person, {**answering.asking(turn.check_in, turn.plan, "first"), "kind": "zone"})
            return Reply(view.moved(turn.library, *turn.names))
        case ("back", _):
            turn.answered()
            return Reply(await _standing(turn))
    return None


async def _visit_step(turn: Turn, action: str) -> Reply | None:
    if action in view.VISITS:
        return await answering.keep_visit(turn, action)
    if action == "nonote" and turn.check_in.answer in view.VISITS:
        return await answering.note_answer(turn, turn.check_in.answer, turn.details or None)
    return None


async def _first(turn: Turn) -> Screen:
    """Show the first step of this check-in."""
    if turn.plan.kind == "visit":
        return view.ask_visit(turn.library, *turn.names, None if turn.person.discreet else turn.plan.about)
    if turn.plan.kind == "recheck":
        return view.recheck(turn.library, *turn.names)
    last = await answering.last_answer(turn.session, turn.check_in)
    return view.ask(turn.library, turn.plan.public_id, turn.check_in, last)


async def show_again(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Show where the check-in stands, under the answer to something else; not one that was put off."""
    assert update.effective_chat is not None
    if asking["step"] == "snoozed":
        return
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
        found = await answers.find(session, person, asking["plan"], asking["nominal"]) if person else None
        if person is None or found is None:
            return
        screen = await _standing(Turn(session, context, person, *found, context.now()))
    await send(update, context, screen)


async def show_first(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Show the first step of an open check-in, also of one that was put off: it can be answered now."""
    assert update.effective_chat is not None
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
        found = await answers.find(session, person, asking["plan"], asking["nominal"]) if person else None
        if person is None or found is None:
            return
        screen = await _first(Turn(session, context, person, *found, context.now()))
    await send(update, context, screen)


async def move_to(update: Update, context: Context, asking: Mapping[str, Any], message_id: int) -> None:
    """Remember that this message shows the check-in, and take the buttons off the one before."""
    assert update.effective_chat is not None
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        found = await answers.find(session, person, asking["plan"], asking["nominal"]) if person else None
        if found is None:
            return
        old, found[0].message_id = found[0].message_id, message_id
    if old != message_id:
        await take_buttons(update, context, old)


async def _standing(turn: Turn) -> Screen:
    if turn.plan.stopped_why == "asked":
        return Screen(turn.phrases.say("plan.stopped"))
    if turn.check_in.closed_at is not None:
        return Screen(turn.phrases.say("checkin.closed"))
    asked = turn.person.asking or {}
    step = asked.get("step") if (asked.get("plan"), asked.get("nominal")) == turn.names else None
    match step:
        case "what":
            return view.what(turn.library, *turn.names, turn.details.get("what", []))
        case "size":
            return view.size(turn.library, *turn.names)
        case "note" if turn.plan.kind == "visit":
            return view.what_they_said(turn.library, *turn.names)
        case "note":
            return view.note(turn.library, *turn.names)
        case "snooze":
            return view.snoozes(turn.library, *turn.names)
    if turn.check_in.answered_at is not None:
        is_visit = turn.plan.kind == "visit" and turn.check_in.answer != "seen"
        return await (answering.visited if is_visit else answering.thanks)(turn)
    return answering.snoozed(turn) if turn.check_in.state == "waiting" else await _first(turn)
