"""Take what is typed about one entry of the history: each step can be typed as well as tapped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram import Update

from bot.context import Context
from bot.handlers import history_check_in, history_checklist
from bot.handlers.answering import Reply
from bot.handlers.history_entry import show_below
from bot.handlers.history_opened import Opened, leave
from bot.talk import send
from bot.views import history_entry as view
from bot.views.screen import Screen
from content.reading.replies import read_by_rules
from scheduler.db import history, people
from scheduler.db.models import CheckIn

# Longer texts that hold a stop word are notes.
STOP_WORDS_AT_MOST = 4


async def take_text(update: Update, context: Context, text: str, asking: Mapping[str, Any]) -> bool:
    """Read a typed text as the note, or as what was right. Return False when it is neither."""
    assert update.effective_chat is not None
    now, name = context.now(), (asking["id"], asking["nominal"])
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        told = await history.find(session, person, *name, now) if person else None
        if person is None:
            return False
        opened = Opened(session, context, person, told, name, now) if told else None
        if opened is None or not opened.may_keep:
            leave(person)
            return False
        reply = await _typed(opened, text, asking["step"])
        if reply is None:
            return False
        people.apply_once(person, update.update_id, asking)
    context.house.wake()
    await send(update, context, reply.screen)
    await show_below(update, context, reply)
    return True


async def _typed(opened: Opened, text: str, step: str) -> Reply | None:
    """Do what a typed text says; None when it says nothing here."""
    told, choices = opened.told, opened.library.choices
    means = read_by_rules(text, "check-in", opened.library.replies.rules)
    if (means == "stop" and len(text.split()) <= STOP_WORDS_AT_MOST) or (
        step == "note" and choices.read_one(text, choices.note)
    ):
        leave(opened.person)
        return await opened.shown()
    if step == "note":
        leave(opened.person)
        if isinstance(told, CheckIn):
            return await history_check_in.keep_note(opened, told, text)
        return await history_checklist.keep_note(opened, told, text)
    if isinstance(told, CheckIn):
        return await history_check_in.take(opened, told, text, step, means)
    return await history_checklist.take(opened, told, text, step)


async def show_again(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Show what is asked about an entry, under the answer to something else; or the entry, when nothing is."""
    assert update.effective_chat is not None
    now, name = context.now(), (asking["id"], asking["nominal"])
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
        told = await history.find(session, person, *name, now) if person else None
        if person is None or told is None:
            return
        opened = Opened(session, context, person, told, name, now)
        is_asked = ((person.asking or {}).get("id"), (person.asking or {}).get("nominal")) == name
        screen = _asked(opened, (person.asking or {}).get("step", "")) if is_asked else None
        if screen is None:
            screen = (await opened.shown()).screen
    await send(update, context, screen)


def _asked(opened: Opened, step: str) -> Screen | None:
    """Return the question of this step again; None where there is none."""
    told = opened.told
    if step == "note":
        return view.note(opened.library, told, opened.name)
    if isinstance(told, CheckIn):
        return history_check_in.asked(opened, told, step)
    return history_checklist.asked(opened, told, step)
