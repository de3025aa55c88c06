"""Show the answers of a saved checklist, to be corrected one by one."""

from __future__ import annotations

from collections.abc import Mapping

from bot.views.checklist import ANSWERS
from bot.views.checklist import outcome as ended
from bot.views.history import Name, data, line, step
from bot.views.screen import Button, Screen, pack
from content.checklist import Result
from content.markup import Html, to_html
from content.model import Answer, Library, Question
from scheduler.db.models import Run

NUMBERS_IN_A_ROW = 6


def can_be_corrected(library: Library, run: Run) -> bool:
    """Return whether its questions are known: those of another version may mean something else."""
    return run.checklist_version == library.checklist.version and run.emergency_sign is None


def which(library: Library, run: Run, answers: Mapping[str, Answer], name: Name) -> Screen:
    """Show all answers, and ask which of them is not right."""
    phrases, questions = library.phrases, library.checklist.questions
    said = Html(
        "\n".join(
            phrases.say("history.checklist_item", n=n, ask=question.ask, answer=_answer(library, answers, question))
            for n, question in enumerate(questions, 1)
        )
    )
    buttons = [Button(str(n), data("which", *name, question.id)) for n, question in enumerate(questions, 1)]
    rows = [tuple(buttons[at : at + NUMBERS_IN_A_ROW]) for at in range(0, len(buttons), NUMBERS_IN_A_ROW)]
    text = phrases.say("history.checklist_which", entry=line(library, run), answers=said)
    return step(library, name, text, rows)


def question(library: Library, asked: Question, answers: Mapping[str, Answer], name: Name) -> Screen:
    """Ask one question again, with what was said and what the question means."""
    phrases = library.phrases
    said = _answer(library, answers, asked)
    text = "\n\n".join(
        (
            f"<b>{to_html(asked.ask)}</b>",
            phrases.say("check.meaning", text=asked.meaning),
            phrases.say("history.checklist_said", answer=said),
        )
    )
    row = tuple(Button(phrases.plain(f"button.{one}"), data("set", *name, asked.id, one)) for one in ANSWERS)
    return step(library, name, text, [row], back="correct")


def outcome(library: Library, run: Run, result: Result, asks_on: str | None) -> Screen:
    """Show what the corrected answers call for, and when the person will be asked if they were seen.

    The entry is saved already, so nothing offers to save it.
    """
    screen = ended(library, run.public_id, result)
    save = pack("o", "save", run.public_id)
    rows = tuple(tuple(button for button in row if button.data != save) for row in screen.rows)
    parts = [library.phrases.say("history.checklist_outcome"), screen.text]
    if asks_on:
        parts.append(library.phrases.say("history.checklist_asks", when=asks_on))
    return Screen("\n\n".join(parts), rows, protected=True)


def doctor(library: Library, run: Run) -> Button:
    """Return the way to the text for a visit."""
    return Button(library.phrases.plain("outcome.doctor"), pack("o", "doctor", run.public_id))


def _answer(library: Library, answers: Mapping[str, Answer], asked: Question) -> str:
    answer = answers.get(asked.id)
    return library.phrases.plain(f"button.{answer}" if answer else "history.no_answer")
