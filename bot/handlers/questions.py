"""Answer a question from the reviewed topics, or say honestly that there is no answer here."""

from __future__ import annotations

from collections.abc import Sequence

from telegram import Update

from bot.context import Context
from bot.metrics import Metrics
from bot.talk import change, send, toast
from bot.views import topics
from bot.views.screen import Button, Screen, pack
from content.markup import Html
from content.model import Library
from content.reading.signs import Signs
from content.reading.topics import Decision, find_topic


def screen_for(decision: Decision, signs: Signs, library: Library) -> Screen:
    """Return the answer to a typed question, with a care card above it when it tells of a red flag."""
    if decision.topic is not None:
        screen = topics.answer(library, decision.topic)
    elif decision.suggestions:
        screen = topics.suggest(library, decision.suggestions)
    elif signs.flags:
        # Somebody who tells of a red flag is never just turned away.
        return care(library, signs.flags)
    else:
        screen = topics.refuse(library, decision.refusal or "gibberish")
    if not signs.flags:
        return screen
    card = care(library, signs.flags)
    # The card's own way into the checklist stands for the one under the answer.
    rest = tuple(row for row in screen.rows if row[0].data != pack("k", "start"))
    return Screen(f"{card.text}\n\n{screen.text}", card.rows + rest)


def care(library: Library, flags: Sequence[str]) -> Screen:
    """Name the signs, and offer the checklist."""
    phrases = library.phrases
    names = [phrases.say(f"sign.{flag}") for flag in flags]
    row = (Button(phrases.plain("button.check"), pack("k", "flag", flags[0]), "danger"),)
    if len(names) == 1:
        return Screen(phrases.say("sign.care", sign=names[0]), (row,))
    return Screen(phrases.say("sign.care_several", signs=Html("\n".join(f"• {name}" for name in names))), (row,))


async def answer(update: Update, context: Context, text: str, signs: Signs) -> None:
    """Send the answer to a typed question."""
    decision = find_topic(text, context.library.index)
    await send(update, context, screen_for(decision, signs, context.library))
    _count(decision, signs, context.house.metrics)


def _count(decision: Decision, signs: Signs, metrics: Metrics) -> None:
    if signs.flags:
        metrics.answered("care")
    if decision.topic is not None:
        metrics.answered("topic")
    elif decision.suggestions:
        metrics.answered("suggestions")
    elif not signs.flags:
        metrics.refused(decision.refusal or "gibberish")


async def menu(update: Update, context: Context) -> None:
    """Show all topics."""
    await send(update, context, topics.menu(context.library))


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Open a topic, more of it, the menu or a group of it."""
    library = context.library
    await toast(update)
    match parts:
        case ("menu",):
            await change(update, context, topics.menu(library))
        case ("group", name):
            await change(update, context, topics.group(library, name))
        case ("none",):
            await change(update, context, topics.none_fits(library))
        case (topic_id, "more") if topic_id in library.topics:
            await change(update, context, topics.answer(library, topic_id, with_more=True))
        case (topic_id,) if topic_id in library.topics:
            await send(update, context, topics.answer(library, topic_id))
        case _:
            await send(update, context, Screen(library.phrases.say("old.unknown")))
