"""Show what was answered."""

from __future__ import annotations

from telegram import Update

from bot.context import Context
from bot.talk import change, send, toast
from bot.views import history as view
from bot.views.screen import Screen
from scheduler.db import answers, people


async def show(update: Update, context: Context) -> None:
    """Send the first page."""
    await send(update, context, await _page(update, context, 1))


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Turn to another page, in place."""
    await toast(update)
    number = int(parts[0][:6]) if parts and parts[0].isdecimal() else 1
    await change(update, context, await _page(update, context, max(1, number)))


async def _page(update: Update, context: Context, number: int) -> Screen:
    assert update.effective_chat is not None
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
        rows = await answers.history(session, person) if person else []
    return view.page(context.library, rows, number)
