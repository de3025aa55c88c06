"""Greet, explain, leave what is open, and stop."""

from __future__ import annotations

from telegram import Update

from bot.context import Context
from bot.handlers import checklist, plans
from bot.talk import send
from bot.views import topics
from bot.views.screen import Screen
from scheduler.db import people
from scheduler.db import plans as plan_rows


async def start(update: Update, context: Context) -> None:
    """Greet, or follow a deep link: "check", "checkin" or "q_" and a topic."""
    target = context.args[0] if context.args else ""
    if target == "check":
        await checklist.start(update, context)
        return
    if target == "checkin":
        await plans.start(update, context)
        return
    if target.startswith("q_") and target[2:] in context.library.topics:
        await send(update, context, topics.answer(context.library, target[2:]))
        return
    rows = tuple(topics.start_rows(context.library))
    await send(update, context, Screen(context.library.phrases.say("start.hello"), rows))


async def help_(update: Update, context: Context) -> None:
    """Say what can be done here, and whether a clinician has checked the texts."""
    phrases = context.library.phrases
    reviewed = all(topic.reviewer for topic in context.library.topics.values())
    note = phrases.say("help.reviewed" if reviewed else "help.not_reviewed")
    await send(
        update, context, Screen(phrases.say("help.text", reviewed=note), tuple(topics.start_rows(context.library)))
    )


async def cancel(update: Update, context: Context) -> None:
    """Leave whatever is open."""
    assert update.effective_chat is not None
    phrases = context.library.phrases
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        was_open = person is not None and person.asking is not None
        if person is not None:
            was_open |= await checklist.leave_open(session, person, context.now())
            people.ask(person, None)
    await send(update, context, Screen(phrases.say("cancel.done" if was_open else "cancel.nothing")))


async def stop(update: Update, context: Context) -> None:
    """Stop every check-in."""
    assert update.effective_chat is not None
    now = context.now()
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        active = await plan_rows.active(session, person, lock=True) if person else []
        for plan in active:
            await plan_rows.stop(session, plan, now, "asked")
        if person is not None:
            await checklist.leave_open(session, person, now)
            people.ask(person, None)
            # Nothing new is kept from now on; what is there goes with /delete.
            person.consent_version = person.consent_language = person.consented_at = None
    key = "plan.stopped_all" if active else "plan.nothing_to_stop"
    await send(update, context, Screen(context.library.phrases.say(key)))


async def unknown_command(update: Update, context: Context) -> None:
    """Point to the commands there are."""
    await send(update, context, Screen(context.library.phrases.say("unknown.command")))


async def in_group(update: Update, context: Context) -> None:
    """Ask to write in private; nothing about health is said in a group."""
    if update.callback_query is not None:
        await update.callback_query.answer(context.library.phrases.plain("group.private"))
    elif update.effective_message is not None and update.effective_chat is not None:
        await send(update, context, Screen(context.library.phrases.say("group.private")))


async def old_button(update: Update, context: Context) -> None:
    """Explain a button from before an upgrade, or of nobody."""
    await send(
        update, context, Screen(context.library.phrases.say("old.unknown"), tuple(topics.start_rows(context.library)))
    )
