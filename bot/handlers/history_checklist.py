"""Correct the answers of a saved checklist, and note on it, tapped or typed alike. Its outcome follows from them."""

from __future__ import annotations

from bot.handlers import outcomes, walk
from bot.handlers.answering import NOTE_LENGTH, Reply
from bot.handlers.history_opened import Opened, leave
from bot.handlers.outcomes import answers_of
from bot.views import history_checklist as view
from bot.views.screen import Screen
from content.checklist import is_more_urgent
from content.model import Answer, Question
from content.reading.reply_reader import read_reply
from content.reading.signs import read_signs
from scheduler.db.models import Run

# The step that asks which answer is not right; the one that asks a question again is named by its id.
WHICH = "correct"


async def step(opened: Opened, run: Run, action: str, question_id: str, answer: str) -> Reply:
    """Do what a button says, and return what to show."""
    question = _find(opened, question_id)
    if action == "unnote":
        return await keep_note(opened, run, "")
    if view.can_be_corrected(opened.library, run):
        match action:
            case "correct":
                return _ask(opened, run, WHICH)
            case "which" if question is not None:
                return _ask(opened, run, question.id)
            case "set" if question is not None and answer in walk.REPLIES:
                return await _keep(opened, run, question, walk.REPLIES[answer])
    return await opened.shown()


async def take(opened: Opened, run: Run, text: str, step: str) -> Reply | None:
    """Do what a typed text says at this step; None when it says nothing here."""
    if not view.can_be_corrected(opened.library, run):
        leave(opened.person)
        return None
    if step == WHICH:
        number, questions = text.strip(" .#"), opened.library.checklist.questions
        # A longer one is no number of a question, and may be too long to be a number at all.
        if number.isdecimal() and len(number) <= len(str(len(questions))) and 1 <= int(number) <= len(questions):
            return _ask(opened, run, questions[int(number) - 1].id)
        return None
    question = _find(opened, step)
    if question is None or walk.tells_of_another_sign(opened.library, question, text):
        return None
    answer = walk.REPLIES.get(read_reply(text, "checklist", opened.library.replies))
    if answer is None:
        return None
    leave(opened.person)
    return await _keep(opened, run, question, answer)


def asked(opened: Opened, run: Run, step: str) -> Screen | None:
    """Return the question of this step again; None where there is none."""
    library, answers = opened.library, answers_of(run)
    if not view.can_be_corrected(library, run):
        return None
    if step == WHICH:
        return view.which(library, run, answers, opened.name)
    question = _find(opened, step)
    return view.question(library, question, answers, opened.name) if question else None


async def keep_note(opened: Opened, run: Run, note: str) -> Reply:
    """Keep a note in place of the one before; an empty one takes it away. Signs that it tells of get their card."""
    run.note = note[:NOTE_LENGTH] or None
    flags = read_signs(run.note or "", opened.library.signs).flags
    return await opened.shown("history.noted" if note else "history.corrected", tuple(flags))


def _find(opened: Opened, question_id: str) -> Question | None:
    questions = opened.library.checklist.questions
    return next((question for question in questions if question.id == question_id), None)


def _ask(opened: Opened, run: Run, step: str) -> Reply:
    opened.ask(step)
    screen = asked(opened, run, step)
    assert screen is not None  # asked of a checklist that can be corrected
    return Reply(screen)


async def _keep(opened: Opened, run: Run, question: Question, answer: Answer) -> Reply:
    """Keep the corrected answer. Where it calls for something else than before, that is shown whole."""
    before = run.outcome
    run.answers = {**run.answers, question.id: answer}
    result = walk.settle(opened.library, opened.person, run, opened.now)
    shown = await opened.shown("history.corrected")
    if result.level == before:
        return shown
    asks_on = None
    if before is None or is_more_urgent(result.level, than=before):
        asks_on = await outcomes.ask_later(opened.session, opened.context, opened.person, run, opened.now)
    return Reply(shown.screen, below=view.outcome(opened.library, run, result, asks_on))
