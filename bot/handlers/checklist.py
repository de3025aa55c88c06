"""Walk through the checklist: what is asked next follows from the answers given, which are all that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update

from bot.context import Context
from bot.handlers import walk
from bot.handlers.outcomes import answers_of
from bot.handlers.walk import REPLIES
from bot.talk import change, send, take_buttons, toast
from bot.views.screen import Screen
from content.checklist import back
from content.model import Library
from content.reading.reply_reader import read_reply
from scheduler.db import people, runs
from scheduler.db.models import Person, Run

# The button that a typed wish stands for.
BUTTONS: Mapping[str, str] = {"why": "why", "meaning": "what", "back": "back"}


async def start(update: Update, context: Context, flag: str | None = None) -> None:
    """Begin a checklist, or go on with the open one. The questions about a `flag` told of before come first."""
    assert update.effective_chat is not None
    library, now = context.library, context.now()
    async with context.database.write() as session:
        person = await people.ensure(session, update.effective_chat.id, now)
        asked = await runs.find(session, person, (person.asking or {}).get("id", ""))
        was_over = asked is not None and asked.ended_at is None and walk.why_over(library, asked, now) is not None
        run = await runs.find_open(session, person, now)
        if run is not None and walk.why_over(library, run, now):
            run = None
        goes_on = run is not None
        if run is None:
            run = await runs.start(session, person, context.house.new_id(), library.checklist.version, flag, now)
        elif flag is not None:
            walk.turn_to(library, run, flag)
        people.ask(person, {"kind": "run", "id": run.public_id})
        screen = walk.current(library, run)
    if goes_on or was_over:
        opening = library.phrases.say("check.goes_on" if goes_on else "check.anew")
        screen = Screen(f"{opening}\n\n{screen.text}", screen.rows)
    await walk.show_new(update, context, run.public_id, screen)


async def leave_open(session: AsyncSession, person: Person, now: datetime) -> bool:
    """Drop the walk that is open; nothing of it is kept. Return whether there was one."""
    run = await runs.find_open(session, person, now)
    if run is not None:
        await _drop(session, person, run)
    return run is not None


async def _drop(session: AsyncSession, person: Person, run: Run) -> None:
    """Forget a run that did not come to its end."""
    if run.ended_at is not None:
        return
    await session.delete(run)
    asking = person.asking or {}
    if (asking.get("kind"), asking.get("id")) == ("run", run.public_id):
        people.ask(person, None)


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
        if person is None or run is None:
            screen = Screen(library.phrases.say("check.ended"))
        elif why := walk.why_over(library, run, now):
            await _drop(session, person, run)
            screen = Screen(library.phrases.say(why))
        elif action == "leave":
            screen = Screen(library.phrases.say("check.left" if run.ended_at is None else "check.ended"))
            await _drop(session, person, run)
        else:
            moved, extra = _apply(library, run, action, rest)
            if not moved:
                note = library.phrases.plain("old.button")
            calm = walk.end_if_done(context, person, run, now)
            screen = walk.current(library, run, extra, calm=calm)
    await toast(update, note)
    message_id = await change(update, context, screen)
    if run is not None and run.message_id not in {None, message_id}:
        # Pressed on an older message: the question now stands where it was pressed.
        await walk.move_to(update, context, run_id, message_id)


def _apply(library: Library, run: Run, action: str, rest: list[str]) -> tuple[bool, str]:
    """Change the run as the button says. Return whether it fits the current question, and what to show under it."""
    if run.ended_at is not None:
        return False, ""
    if action == "s":
        return _apply_sign(library, run, rest), ""
    if action == "what" and rest == ["screen"] and not run.screened:
        return True, "meaning"
    asked = walk.asked(library, run) if run.screened else None
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
    wish = library.choices.read_exactly(text, library.choices.checklist)
    means = read_reply(text, "checklist", library.replies)
    if wish is None and means not in {"yes", "no", "unsure", "none", "stop"}:
        return False
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        run = await runs.find(session, person, asking["id"]) if person else None
        if person is None or run is None or run.ended_at is not None:
            return False
        old = run.message_id
        why = walk.why_over(library, run, now) or ("check.left" if means == "stop" and wish is None else None)
        if why:
            await _drop(session, person, run)
            screen = Screen(library.phrases.say(why))
        elif wish is not None:
            asked = walk.asked(library, run) if run.screened else None
            _, extra = _apply(library, run, BUTTONS[wish], [asked.id if asked else "screen"])
            screen = walk.current(library, run, extra)
        elif _is_about_another_sign(library, run, text) or not _apply_text(library, run, means):
            return False
        else:
            calm = walk.end_if_done(context, person, run, now)
            screen = walk.current(library, run, calm=calm)
        people.apply_once(person, update.update_id, asking)
    if why or run.ended_at is not None:
        await take_buttons(update, context, old)
        await send(update, context, screen)
    else:
        await walk.show_new(update, context, run.public_id, screen)
    return True


def _is_about_another_sign(library: Library, run: Run, text: str) -> bool:
    return run.screened and walk.tells_of_another_sign(library, walk.asked(library, run), text)


def _apply_text(library: Library, run: Run, means: str) -> bool:
    """Put a typed answer in. Return False when it answers nothing here."""
    if not run.screened:
        # On the emergency screen only a clear "none of these" goes on; anything else is asked again.
        run.screened = means in {"none", "no"}
        return run.screened
    asked = walk.asked(library, run)
    if asked is None or means not in {*REPLIES, "none"}:
        return False
    run.answers = {**run.answers, asked.id: REPLIES.get(means, "no")}
    return True


async def show_again(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Show the question that the run stands at, under the answer to something else; or how the run ended."""
    assert update.effective_chat is not None
    library, run_id, is_open = context.library, asking["id"], False
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        run = await runs.find(session, person, run_id) if person else None
        if person is None:
            return
        if run is None:
            # Gone by its age while it was still asked, or left by a word.
            was_asked = (person.asking or {}).get("id") == run_id
            screen = Screen(library.phrases.say("check.expired" if was_asked else "check.left"))
            if was_asked:
                people.ask(person, None)
        elif why := walk.why_over(library, run, context.now()):
            screen = Screen(library.phrases.say(why))
            await _drop(session, person, run)
        else:
            screen, is_open = walk.current(library, run), run.ended_at is None
    if is_open:
        await walk.show_new(update, context, run_id, screen)
    else:
        await send(update, context, screen)


def is_emergency(library: Library, parts: tuple[str, ...]) -> bool:
    """Return whether a button is one of the emergency screen's signs."""
    match parts:
        case ("s", _, sign):
            return sign in {one.id for one in library.checklist.screen.signs}
    return False
