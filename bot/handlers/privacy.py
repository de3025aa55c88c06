"""Say what is kept and for how long, give it out, and delete it."""

from __future__ import annotations

import json

import structlog
from telegram import Update

from bot.context import Context
from bot.talk import change, send, toast
from bot.views.screen import Button, Screen, pack
from scheduler.db import people
from scheduler.db.models import Person
from scheduler.db.retention import CHOICES

log = structlog.get_logger(__name__)

# Names the shape of the exported file, described in docs/my-data.md. A change of shape is a new number.
FORMAT = "calcibot-my-data-1"


async def privacy(update: Update, context: Context) -> None:
    """Say in short what is kept, and for how long."""
    assert update.effective_chat is not None
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
    await send(update, context, _screen(context, person))


def _screen(context: Context, person: Person | None) -> Screen:
    phrases, terms = context.library.phrases, context.house.terms
    months = min(terms.answers_months, (person and person.keep_months) or terms.answers_months)
    text = phrases.say("privacy.text", months=months, days=terms.blocked_days)
    if person is None or person.consent_version is None:
        return Screen(text)
    choices = [number for number in CHOICES if number <= terms.answers_months and number != months]
    rows = tuple(
        (Button(phrases.plain("privacy.keep", months=number), pack("d", "keep", number)),) for number in choices
    )
    return Screen(text, rows)


async def my_data(update: Update, context: Context) -> None:
    """Send everything that is kept, as one JSON file that is made in memory."""
    assert update.effective_chat is not None
    phrases = context.library.phrases
    async with context.database.read() as session:
        data = await people.everything(session, update.effective_chat.id)
    if data is None:
        await send(update, context, Screen(phrases.say("mydata.nothing")))
        return
    written = {"format": FORMAT, "made_at": context.now().isoformat(), **data}
    await context.bot.send_document(
        update.effective_chat.id,
        # Half of a character, as some phones send it, is written as its number.
        json.dumps(written, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace"),
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
    """Delete everything at once, or leave it; or keep answers for another time."""
    await toast(update)
    match parts:
        case ("yes",):
            screen = await _forget(update, context)
        case ("keep", number) if number in map(str, CHOICES):
            screen = await _keep(update, context, int(number))
        case _:
            screen = Screen(context.library.phrases.say("delete.kept"))
    await change(update, context, screen)


async def _keep(update: Update, context: Context, months: int) -> Screen:
    assert update.effective_chat is not None
    phrases = context.library.phrases
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        if person is None:
            return Screen(phrases.say("mydata.nothing"))
        person.keep_months = months
    return Screen(phrases.say("privacy.kept", months=min(months, context.house.terms.answers_months)))


async def _forget(update: Update, context: Context) -> Screen:
    assert update.effective_chat is not None
    phrases = context.library.phrases
    async with context.database.write() as session:
        counts = await people.forget(session, update.effective_chat.id)
    if counts is None:
        return Screen(phrases.say("delete.nothing"))
    if not await context.database.wipe():
        # Somebody was just reading. The nightly clean-up wipes again.
        log.info("deleted pages stay in the database's log for now")
    gone = phrases.plain("delete.counts", **{name: counts.get(name, 0) for name in ("plans", "check_ins", "runs")})
    return Screen(phrases.say("delete.done", counts=gone))
