"""Show what was answered."""

from __future__ import annotations

from telegram import Update

from bot.context import Context
from bot.handlers import history_entry
from bot.handlers.history_opened import leave
from bot.talk import change, send, toast
from bot.views import history as view
from bot.views.screen import Screen
from scheduler.db import history, people


async def show(update: Update, context: Context) -> None:
    """Send the first page."""
    await send(update, context, await _page(update, context, 1))


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Turn to another page, in place; or do what a button of one entry says."""
    if len(parts) > 1:
        await history_entry.pressed(update, context, parts)
        return
    await toast(update)
    number = int(parts[0][:6]) if parts and parts[0].isdecimal() else 1
    await change(update, context, await _page(update, context, max(1, number)))


async def _page(update: Update, context: Context, number: int) -> Screen:
    """Return a page. Whoever looks at it does not write a note any more."""
    assert update.effective_chat is not None
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        if person is None:
            return view.page(context.library, [], {}, number)
        leave(person)
        rows, names = await history.entries(session, person), await history.names(session, person)
    return view.page(context.library, rows, names, number)
