"""Take what is typed about one entry of the history: each step can be typed as well as tapped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telegram import Update

from bot.context import Context
from bot.handlers import questions
from bot.handlers.answering import TYPED, Reply
from bot.handlers.history_entry import (
    Opened,
    ask_what,
    details_of,
    keep,
    keep_change,
    keep_note,
    keep_size,
    leave,
)
from bot.talk import send
from bot.views import check_ins
from bot.views import history_entry as view
from content.reading.replies import read_by_rules
from content.reading.signs import read_signs
from scheduler.db import history, people
from scheduler.db.models import CheckIn

# Longer texts that hold a stop word are notes.
STOP_WORDS_AT_MOST = 4


async def take_text(update: Update, context: Context, text: str, asking: Mapping[str, Any]) -> bool:
    """Read a typed text as the note, or as what was right. Return False when it is neither."""
    assert update.effective_chat is not None
    library, now, name = context.library, context.now(), (asking["id"], asking["nominal"])
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        told = await history.find(session, person, *name, now) if person else None
        if person is None:
            return False
        opened = Opened(session, library, person, told, name) if told else None
        if opened is None or not isinstance(told, CheckIn) or not opened.may_keep:
            leave(person)
            return False
        reply = await _typed(opened, told, text, asking["step"])
        if reply is None:
            return False
        people.apply_once(person, update.update_id, asking)
    await send(update, context, reply.screen)
    if reply.flags:
        await send(update, context, questions.care(library, reply.flags))
    return True


async def _typed(opened: Opened, told: CheckIn, text: str, step: str) -> Reply | None:
    """Do what a typed text says; None when it says nothing here."""
    choices, means = opened.library.choices, read_by_rules(text, "check-in", opened.library.replies.rules)
    if (means == "stop" and len(text.split()) <= STOP_WORDS_AT_MOST) or (
        step == "note" and choices.read_one(text, choices.note)
    ):
        leave(opened.person)
        return await opened.shown()
    match step:
        case "note":
            leave(opened.person)
            return await keep_note(opened, told, text)
        case "what" if chosen := choices.read(text, choices.change):
            leave(opened.person)
            return await keep_change(opened, told, chosen)
        case "size" if size := choices.read_one(text, choices.size):
            leave(opened.person)
            return await keep_size(opened, told, size)
    if step != "correct" or read_signs(text, opened.library.signs).flags:
        # Who tells of a red flag gets its card, and is asked again.
        return None
    answer = choices.read_one(text, choices.visit) if told.answer in check_ins.VISITS else TYPED.get(means)
    if answer is None:
        return None
    if answer == "changed":
        return ask_what(opened, details_of(told).get("what", ()))
    leave(opened.person)
    return await keep(opened, told, answer)


async def show_again(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Show what is asked about an entry, under the answer to something else; or the entry, when nothing is."""
    assert update.effective_chat is not None
    library, now, name = context.library, context.now(), (asking["id"], asking["nominal"])
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
        told = await history.find(session, person, *name, now) if person else None
        if person is None or not isinstance(told, CheckIn):
            return
        asked = person.asking or {}
        match asked.get("step") if (asked.get("id"), asked.get("nominal")) == name else None:
            case "correct":
                screen = view.correct(library, told, name)
            case "what":
                screen = view.what(library, name, details_of(told).get("what", ()))
            case "size":
                screen = view.size(library, name)
            case "note":
                screen = view.note(library, told, name)
            case _:
                screen = (await Opened(session, library, person, told, name).shown()).screen
    await send(update, context, screen)
