"""Open one entry of the history: correct it, note on it, delete it and bring it back."""

from __future__ import annotations

from telegram import Update

from bot.context import Context
from bot.handlers import history_check_in, history_checklist, questions
from bot.handlers.answering import Reply
from bot.handlers.history_opened import Opened, leave
from bot.talk import change, send, toast
from bot.views import check_ins
from bot.views import history as listing
from bot.views import history_entry as view
from scheduler.db import history, people
from scheduler.db.models import CheckIn


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Do what a button of an entry says. One that is old, or pressed twice, shows how things are."""
    assert update.effective_chat is not None
    now, action, name, rest = context.now(), parts[0], _name(parts[1:]), parts[3:]
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        told = await history.find(session, person, *name, now) if person else None
        if person is None or told is None:
            reply = Reply(view.gone(context.library))
        else:
            leave(person)
            reply = await _step(Opened(session, context, person, told, name, now), action, (*rest, "", "")[:2])
    context.house.wake()
    await toast(update)
    await change(update, context, reply.screen)
    await show_below(update, context, reply)


async def show_below(update: Update, context: Context, reply: Reply) -> None:
    """Send what stands below the entry: what it calls for now, the card of signs that were told of."""
    if reply.below is not None:
        await send(update, context, reply.below)
    if reply.flags:
        await send(update, context, questions.care(context.library, reply.flags))


def _name(parts: tuple[str, ...]) -> listing.Name:
    public_id, key = (*parts, "")[:2]
    return public_id, "" if key == listing.CHECKLIST else check_ins.nominal(key)


async def _step(opened: Opened, action: str, choices: tuple[str, ...]) -> Reply:
    """Do what a button says, and return what to show."""
    told = opened.told
    if action == "undo":
        told.deleted_at = None
    elif action == "delete":
        told.deleted_at = told.deleted_at or opened.now
    if told.deleted_at is not None:
        return Reply(view.deleted(opened.library, told, opened.name, await opened.page()))
    if not opened.may_keep:
        return await opened.shown()
    if action == "note":
        opened.ask("note")
        return Reply(view.note(opened.library, told, opened.name))
    if isinstance(told, CheckIn):
        return await history_check_in.step(opened, told, action, choices[0])
    return await history_checklist.step(opened, told, action, *choices)
