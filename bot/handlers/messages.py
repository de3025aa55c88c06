"""Read a typed message, always in the same order: stop words, the open question, a question.

An emergency never comes here: it is answered before (`bot.app`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from telegram import Update

from bot.context import Context
from bot.handlers import check_ins, checklist, emergencies, plans, questions, settings, start
from content.reading.replies import read_reply
from content.reading.signs import read_signs
from scheduler.db import people

log = structlog.get_logger(__name__)

# Longer texts that hold a stop word are questions about stopping.
STOP_WORDS_AT_MOST = 4

# (update, context, text, what is asked) -> whether the text answered it.
TakeText = Callable[[Update, Context, str, Mapping[str, Any]], Awaitable[bool]]
ShowAgain = Callable[[Update, Context, Mapping[str, Any]], Awaitable[None]]

# How each kind of open question reads a text, and how it is shown again.
OPEN: Mapping[str, tuple[TakeText, ShowAgain]] = {
    "run": (checklist.take_text, checklist.show_again),
    "plan": (plans.take_text, plans.show_again),
    "check_in": (check_ins.take_text, check_ins.show_again),
    "zone": (settings.take_zone, settings.zone_again),
    "quiet": (settings.take_quiet, settings.quiet_again),
}


async def read(update: Update, context: Context) -> None:
    """Answer one typed message."""
    message, chat = update.effective_message, update.effective_chat
    assert message is not None
    assert chat is not None
    text = message.text or message.caption or ""
    signs = read_signs(text, context.library.signs)
    async with context.database.read() as session:
        person = await people.find(session, chat.id)
        asking = dict(person.asking) if person and person.asking else None
        if asking is None and person is not None:
            asking = await check_ins.open_question(session, person)
        in_emergency = person is not None and person.emergency_since is not None
    if in_emergency:
        await emergencies.repeat(update, context)
    if asking is None and _is_stop(text, context):
        await start.stop(update, context)
        return
    if asking is None:
        await questions.answer(update, context, text, signs)
        return
    take, show_again = OPEN[asking["kind"]]
    if await take(update, context, text, asking):
        return
    await questions.answer(update, context, text, signs)
    await show_again(update, context, asking)


def _is_stop(text: str, context: Context) -> bool:
    return len(text.split()) <= STOP_WORDS_AT_MOST and read_reply(text, "check-in", context.library.replies) == "stop"
