"""Walk through the checklist: what is asked next follows from the answers given, which are all that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update

from bot.context import Context
from bot.handlers import emergencies
from bot.handlers.outcomes import answers_of, count_calm
from bot.talk import change, send, take_buttons, toast
from bot.views import checklist as view
from bot.views.screen import Screen
from content.checklist import back, find_questions, next_question, outcome
from content.model import Answer, Library, Question
from content.reading.replies import read_reply
from scheduler.db import people, runs
from scheduler.db.models import Person, Run

REPLIES: Mapping[str, Answer] = {"yes": "yes", "no": "no", "unsure": "unsure"}


async def start(update: Update, context: Context, flag: str | None = None) -> None:
    """Begin a checklist, or go on with the open one. The questions about a `flag` told of before come first."""
    assert update.effective_chat is not None
    library, now = context.library, context.now()
    async with context.database.write() as session:
        person = await people.ensure(session, update.effective_chat.id, now)
        run = await runs.find_open(session, person, now)
        goes_on = run is not None and flag is None
        if run is None or flag is not None:
            run = await runs.start(session, person, context.house.new_id(), library.checklist.version, flag, now)
        people.ask(person, {"kind": "run", "id": run.public_id})
        screen = _current(library, run)
    if goes_on:
        screen = Screen(f"{library.phrases.say('check.goes_on')}\n\n{screen.text}", screen.rows)
    await _show_new(update, context, run.public_id, screen)


async def _show_new(update: Update, context: Context, run_id: str, screen: Screen) -> None:
    """Show the run in a new message; the buttons of the one before go."""
    assert update.effective_chat is not None
    message = await send(update, context, screen)
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        run = await runs.find(session, person, run_id) if person else None
        if run is None:
            return
        old, run.message_id = run.message_id, message.message_id
    if old != message.message_id:
        await take_buttons(update, context, old)


def _asked(library: Library, run: Run) -> Question | None:
    """Return the question that the run stands at; None after the last."""
    first = find_questions(library.checklist, run.flag) if run.flag else ()
    return next_question(library.checklist, answers_of(run), first)


def _current(library: Library, run: Run, extra: str = "", *, calm: bool = False) -> Screen:
    """Return the screen that the run stands at."""
    if not run.screened and not run.emergency_sign:
        return view.screen(library, run.public_id, extra)
    asked = None if run.emergency_sign else _asked(library, run)
    if asked is not None:
        return view.question(library, run.public_id, asked, answers_of(run), extra)
    return view.outcome(
        library, run.public_id, outcome(library.checklist, answers_of(run), run.emergency_sign), calm=calm
    )


def _end_if_done(context: Context, person: Person, run: Run, now: datetime) -> bool:
    """End a run whose last question is answered. Return whether a kind word about checking so often is due."""
    library = context.library
    if run.ended_at or not (run.emergency_sign or (run.screened and _asked(library, run) is None)):
        return False
    run.ended_at = now
    run.outcome = outcome(library.checklist, answers_of(run), run.emergency_sign).level
    people.ask(person, None)
    context.house.metrics.checklist_ended(run.outcome)
    return count_calm(person, run.outcome, now)


async def leave_open(session: AsyncSession, person: Person) -> None:
    """Drop the walk that is open, if there is one; nothing of it is kept."""
    asking = person.asking or {}
    run = await runs.find(session, person, asking.get("id", "")) if asking.get("kind") == "run" else None
    if run is not None and run.ended_at is None:
        await session.delete(run)


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Handle a button of the checklist. One that is not of the current question only shows that question."""
    match parts:
        case ("start",):
            await toast(update)
            await start(update, context)
        case ("flag", flag):
            await toast(update)
            await start(update, context, flag)
        case (action, run_id, *rest) if action in {"s", "a", "why", "what", "back", "leave"}:
            await _pressed_in_run(update, context, action, run_id, rest)
        case _:
            await toast(update, context.library.phrases.plain("old.unknown"))


async def _pressed_in_run(update: Update, context: Context, action: str, run_id: str, rest: list[str]) -> None:
    assert update.effective_chat is not None
    library, now = context.library, context.now()
    note, extra = "", ""
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        run = await runs.find(session, person, run_id) if person else None
        if person is None or run is None or run.checklist_version != library.checklist.version:
            screen = Screen(library.phrases.say("check.ended"))
        elif runs.expired(run, now):
            await session.delete(run)
            people.ask(person, None)
            screen = Screen(library.phrases.say("check.expired"))
        elif action == "leave":
            if run.ended_at is None:
                await session.delete(run)
                people.ask(person, None)
            screen = Screen(library.phrases.say("check.left" if run.ended_at is None else "check.ended"))
        else:
            moved, extra = _apply(library, run, action, rest)
            if not moved:
                note = library.phrases.plain("old.button")
            calm = _end_if_done(context, person, run, now)
            screen = _current(library, run, extra, calm=calm)
    await toast(update, note)
    message_id = await change(update, context, screen)
    if run is not None and run.emergency_sign:
        await emergencies.remember(update, context)
    elif run is not None and run.message_id not in {None, message_id}:
        # Pressed on an older message: the question now stands where it was pressed.
        await _move_to(update, context, run_id, message_id)


async def _move_to(update: Update, context: Context, run_id: str, message_id: int) -> None:
    assert update.effective_chat is not None
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        run = await runs.find(session, person, run_id) if person else None
        if run is None:
            return
        old, run.message_id = run.message_id, message_id
    if old != message_id:
        await take_buttons(update, context, old)


def _apply(library: Library, run: Run, action: str, rest: list[str]) -> tuple[bool, str]:
    """Change the run as the button says. Return whether it fits the current question, and what to show under it."""
    if run.ended_at is not None:
        return False, ""
    if action == "s":
        return _apply_sign(library, run, rest), ""
    if action == "what" and rest == ["screen"] and not run.screened:
        return True, "meaning"
    asked = _asked(library, run) if run.screened else None
    if asked is None or not rest or rest[0] != asked.id:
        return False, ""
    if action == "a" and len(rest) > 1 and rest[1] in REPLIES:
        run.answers = {**run.answers, asked.id: rest[1]}
    elif action == "back":
        run.screened = bool(run.answers)
        run.answers = dict(back(answers_of(run)))
    return True, {"why": "why", "what": "meaning"}.get(action, "")


def _apply_sign(library: Library, run: Run, rest: list[str]) -> bool:
    if run.screened or not rest:
        return False
    if rest[0] == "none":
        run.screened = True
        return True
    if rest[0] in {sign.id for sign in library.checklist.screen.signs}:
        run.emergency_sign = rest[0]
        return True
    return False


async def take_text(update: Update, context: Context, text: str, asking: Mapping[str, Any]) -> bool:
    """Read a typed text as the answer to the open question. Return False when it is something else."""
    assert update.effective_chat is not None
    library, now = context.library, context.now()
    means = read_reply(text, "checklist", library.replies)
    if means not in {"yes", "no", "unsure", "none", "stop"}:
        return False
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        run = await runs.find(session, person, asking["id"]) if person else None
        if person is None or run is None or run.ended_at is not None:
            return False
        old = run.message_id
        if runs.expired(run, now):
            await session.delete(run)
            people.ask(person, None)
            screen = Screen(library.phrases.say("check.expired"))
        elif means == "stop":
            await session.delete(run)
            people.ask(person, None)
            screen = Screen(library.phrases.say("check.left"))
        elif not _apply_text(library, run, means, person, update.update_id):
            return False
        else:
            calm = _end_if_done(context, person, run, now)
            screen = _current(library, run, calm=calm)
    if means == "stop" or run.ended_at is not None:
        await take_buttons(update, context, old)
        await send(update, context, screen)
    else:
        await _show_new(update, context, run.public_id, screen)
    return True


def _apply_text(library: Library, run: Run, means: str, person: Person, update_id: int) -> bool:
    """Put a typed answer in, once for each update. Return False when it answers nothing here."""
    if not run.screened:
        # On the emergency screen only a clear "none of these" goes on; anything else is asked again.
        if means not in {"none", "no"}:
            return False
        if people.apply_once(person, update_id):
            run.screened = True
        return True
    asked = _asked(library, run)
    if asked is None or means not in {*REPLIES, "none"}:
        return False
    if people.apply_once(person, update_id):
        run.answers = {**run.answers, asked.id: REPLIES.get(means, "no")}
    return True


async def show_again(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Show the open question again, under the answer to something else."""
    assert update.effective_chat is not None
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        run = await runs.find(session, person, asking["id"]) if person else None
        if run is None or run.ended_at is not None or runs.expired(run, context.now()):
            return
        screen = _current(context.library, run)
    await _show_new(update, context, asking["id"], screen)
