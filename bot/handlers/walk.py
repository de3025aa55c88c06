"""Know where a walk through the checklist stands, and show it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from telegram import Update

from bot.context import Context
from bot.handlers.outcomes import answers_of, count_calm
from bot.talk import send, take_buttons
from bot.views import checklist as view
from bot.views.screen import Screen
from content.checklist import Result, find_questions, next_question, outcome
from content.model import Answer, Library, Question
from content.reading.replies import read_by_rules
from content.reading.signs import read_signs
from scheduler.db import people, runs
from scheduler.db.models import Person, Run

REPLIES: Mapping[str, Answer] = {"yes": "yes", "no": "no", "unsure": "unsure"}


def asked(library: Library, run: Run) -> Question | None:
    """Return the question that the run stands at; None after the last."""
    first = find_questions(library.checklist, run.flag) if run.flag else ()
    return next_question(library.checklist, answers_of(run), first)


def current(library: Library, run: Run, extra: str = "", *, calm: bool = False) -> Screen:
    """Return the screen that the run stands at."""
    if not run.screened and not run.emergency_sign:
        return view.screen(library, run.public_id, extra)
    question = None if run.emergency_sign else asked(library, run)
    if question is not None:
        return view.question(library, run.public_id, question, answers_of(run), extra)
    return view.outcome(
        library, run.public_id, outcome(library.checklist, answers_of(run), run.emergency_sign), calm=calm
    )


def turn_to(library: Library, run: Run, flag: str) -> None:
    """Ask next about a sign that was just told of, also when that was answered before: it may be new."""
    again = find_questions(library.checklist, flag)
    run.flag = flag
    run.answers = {question: answer for question, answer in run.answers.items() if question not in again}


def why_over(library: Library, run: Run, now: datetime) -> str | None:
    """Return the phrase that says why a run cannot go on: too old, or of another release; None when it can."""
    if run.checklist_version != library.checklist.version:
        return "check.ended"
    return "check.expired" if runs.expired(run, now) else None


def end_if_done(context: Context, person: Person, run: Run, now: datetime) -> bool:
    """End a run whose last question is answered. Return whether a kind word about checking so often is due."""
    library = context.library
    if run.ended_at or not (run.emergency_sign or (run.screened and asked(library, run) is None)):
        return False
    run.ended_at = now
    level = settle(library, person, run, now).level
    people.ask(person, None)
    context.house.metrics.checklist_ended(level)
    return count_calm(person, level, now)


def settle(library: Library, person: Person, run: Run, now: datetime) -> Result:
    """Keep what the answers of an ended run call for, and return it."""
    result = outcome(library.checklist, answers_of(run), run.emergency_sign)
    run.outcome = result.level
    if result.level == "emergency":
        # The short line comes again until the person says that help is on the way.
        person.emergency_since = now
    return result


def tells_of_another_sign(library: Library, asked: Question | None, text: str) -> bool:
    """Return whether a text speaks of a red flag that is not the question's: it gets its card, and answers nothing."""
    flags = read_signs(text, library.signs).flags
    if not flags or asked is None or asked.flag in flags:
        return False
    first_word, *_ = text.split()
    return read_by_rules(first_word, "checklist", library.replies.rules) not in REPLIES


async def show_new(update: Update, context: Context, run_id: str, screen: Screen) -> None:
    """Show the run in a new message; the buttons of the one before go."""
    await move_to(update, context, run_id, (await send(update, context, screen)).message_id)


async def move_to(update: Update, context: Context, run_id: str, message_id: int) -> None:
    """Remember that this message shows the run, and take the buttons off the one before."""
    assert update.effective_chat is not None
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        run = await runs.find(session, person, run_id) if person else None
        if run is None:
            return
        old, run.message_id = run.message_id, message_id
    if old != message_id:
        await take_buttons(update, context, old)
