"""Answer an emergency first: before everything else, and without the database."""

from __future__ import annotations

import structlog
from sqlalchemy.exc import SQLAlchemyError
from telegram import Update

from bot.context import Context
from bot.talk import change, send, toast
from bot.views import emergency, topics
from bot.views.screen import Screen
from content.reading.signs import read_signs
from scheduler.db import people

log = structlog.get_logger(__name__)


def is_emergency(text: str, context: Context) -> bool:
    """Return whether a text speaks of an emergency that is happening now."""
    if context.library.choices.is_plain_reply(text):
        # "In an hour", "I couldn't": what a button says is no emergency, whatever a fitted reading takes it for.
        return False
    return read_signs(text, context.library.signs).emergency


async def answer(update: Update, context: Context) -> None:
    """Send the emergency text, and only then remember to stay with it."""
    await send(update, context, emergency.full(context.library))
    context.house.metrics.answered("emergency")
    await remember(update, context)


async def remember(update: Update, context: Context) -> None:
    """Repeat the emergency line from now on, until the person says that help is on the way."""
    assert update.effective_chat is not None
    now = context.now()
    try:
        async with context.database.write() as session:
            person = await people.ensure(session, update.effective_chat.id, now)
            person.emergency_since = now
    except SQLAlchemyError:
        # The text went out, which is what counts.
        log.exception("an emergency cannot be remembered")


async def repeat(update: Update, context: Context) -> None:
    """Send the short line."""
    await send(update, context, emergency.short(context.library))


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Handle the buttons under an emergency text."""
    what = parts[0] if parts else ""
    await toast(update)
    if what == "again":
        await send(update, context, emergency.full(context.library))
        return
    assert update.effective_chat is not None
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        if person is not None:
            person.emergency_since = None
    phrases = context.library.phrases
    if what == "help":
        await change(update, context, Screen(phrases.say("emergency.help")))
    else:
        rows = tuple(topics.start_rows(context.library))
        await change(update, context, Screen(phrases.say("emergency.misread"), rows))
