"""Read a typed message, always in the same order: stop words, being away, the open question, a wish, a question.

An emergency never comes here: it is answered before (`bot.app`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from telegram import Update

from bot.context import Context
from bot.handlers import (
    away,
    check_in_words,
    check_ins,
    checklist,
    emergencies,
    history_words,
    plan_words,
    questions,
    reminders,
    settings,
    start,
)
from content.reading.replies import read_by_rules
from content.reading.signs import read_signs
from scheduler.db import people

# Longer texts that hold a stop word are questions about stopping.
STOP_WORDS_AT_MOST = 4

# (update, context, text, what is asked) -> whether the text answered it.
TakeText = Callable[[Update, Context, str, Mapping[str, Any]], Awaitable[bool]]
ShowAgain = Callable[[Update, Context, Mapping[str, Any]], Awaitable[None]]

# How each kind of open question reads a text, and how it is shown again.
OPEN: Mapping[str, tuple[TakeText, ShowAgain]] = {
    "run": (checklist.take_text, checklist.show_again),
    "plan": (plan_words.take_text, plan_words.show_again),
    "check_in": (check_in_words.take_text, check_ins.show_again),
    "zone": (settings.take_zone, settings.zone_again),
    "quiet": (settings.take_quiet, settings.quiet_again),
    "away": (away.take_text, away.show_again),
    "entry": (history_words.take_text, history_words.show_again),
}


@dataclass(frozen=True)
class Standing:
    """Hold how things stand with a person when a message comes."""

    # What is being asked of them; None for nothing.
    asking: Mapping[str, Any] | None = None
    # What this very message answered before: its handling was cut off, and Telegram gave it again.
    applied: Mapping[str, Any] | None = None
    in_emergency: bool = False


async def standing(update: Update, context: Context) -> Standing:
    """Return how things stand with the person who writes."""
    assert update.effective_chat is not None
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
        if person is None:
            return Standing()
        asking = person.asking
        if asking is None or asking["kind"] not in OPEN:  # of a release that knew more
            asking = await check_ins.open_question(session, person, context.now())
        applied = people.applied(person, update.update_id)
        return Standing(asking, applied, person.emergency_since is not None)


async def read(update: Update, context: Context) -> None:
    """Answer one typed message."""
    message = update.effective_message
    assert message is not None
    text = message.text or message.caption or ""
    stands = await standing(update, context)
    if stands.in_emergency:
        await emergencies.repeat(update, context)
    if stands.applied is not None:
        await show_again(update, context, stands.applied)
        return
    asking = stands.asking
    if asking is None and _is_stop(text, context):
        await start.stop(update, context)
        return
    signs = read_signs(text, context.library.signs)
    is_note = asking is not None and asking.get("step") == "note"
    if not signs.flags and not is_note and await _take_about_all(update, context, text, asking):
        return
    if asking is not None and await OPEN[asking["kind"]][0](update, context, text, asking):
        return
    if asking is None and not signs.flags and await plan_words.take_wish(update, context, text):
        return
    await questions.answer(update, context, text, signs)
    if asking is not None:
        await show_again(update, context, asking)


async def _take_about_all(update: Update, context: Context, text: str, asking: Mapping[str, Any] | None) -> bool:
    """Act on what is said of all check-ins at once. Return False when it is something else."""
    if await away.take_message(update, context, text):
        if asking is not None and asking["kind"] not in {"check_in", "away"}:
            await show_again(update, context, asking)
        return True
    if asking is not None and asking["kind"] != "check_in":
        return False
    return await reminders.take_message(update, context, text, is_asked=asking is not None)


async def show_again(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Show an open question again, or what came of it."""
    await OPEN[asking["kind"]][1](update, context, asking)


def _is_stop(text: str, context: Context) -> bool:
    # In words that are listed: nobody asked, so a guess would stop what was never meant to.
    rules = context.library.replies.rules
    return len(text.split()) <= STOP_WORDS_AT_MOST and read_by_rules(text, "check-in", rules) == "stop"
