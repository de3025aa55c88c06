"""Say what is kept, give it out, and delete it."""

from __future__ import annotations

import json

from telegram import Update

from bot.context import Context
from bot.talk import change, send, toast
from bot.views.screen import Button, Screen, pack
from scheduler.db import people


async def privacy(update: Update, context: Context) -> None:
    """Say in short what is kept."""
    await send(update, context, Screen(context.library.phrases.say("privacy.text")))


async def my_data(update: Update, context: Context) -> None:
    """Send everything that is kept, as one JSON file that is made in memory."""
    assert update.effective_chat is not None
    phrases = context.library.phrases
    async with context.database.read() as session:
        data = await people.everything(session, update.effective_chat.id)
    if data is None:
        await send(update, context, Screen(phrases.say("mydata.nothing")))
        return
    await context.bot.send_document(
        update.effective_chat.id,
        json.dumps(data, indent=2, ensure_ascii=False).encode(),
        filename="calcibot-my-data.json",
        caption=phrases.plain("mydata.caption"),
    )


async def delete(update: Update, context: Context) -> None:
    """Ask once more before deleting."""
    plain = context.library.phrases.plain
    rows = (
        (Button(plain("button.delete_yes"), pack("d", "yes"), "danger"),),
        (Button(plain("button.delete_no"), pack("d", "no")),),
    )
    await send(update, context, Screen(context.library.phrases.say("delete.ask"), rows))


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Delete everything at once, or leave it."""
    assert update.effective_chat is not None
    phrases = context.library.phrases
    await toast(update)
    if parts != ("yes",):
        await change(update, context, Screen(phrases.say("delete.kept")))
        return
    async with context.database.write() as session:
        counts = await people.forget(session, update.effective_chat.id)
    if counts is None:
        await change(update, context, Screen(phrases.say("delete.nothing")))
        return
    gone = phrases.plain("delete.counts", **{name: counts.get(name, 0) for name in ("plans", "check_ins", "runs")})
    await change(update, context, Screen(phrases.say("delete.done", counts=gone)))
