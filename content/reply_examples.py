"""Read the labelled replies that the reply model is fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from content.examples import CONTENT, read_examples
from content.reading.index import NONE
from content.reading.replies import Meaning, Question

# Some of what is typed without a meaning is enough to know what is no reply; more of it would drown the replies.
EVERY_SIXTH = 6
_MEANINGLESS = f"{NONE}gibberish"

_HEADER = "## "
_COMMENT = "# "


@dataclass(frozen=True, slots=True)
class ReplyExample:
    """Hold one reply as typed, what was asked, what it means, and its author (the file)."""

    text: str
    question: Question
    meaning: Meaning
    author: str


def read_reply_examples(language: str = "en", root: Path = CONTENT) -> tuple[ReplyExample, ...]:
    """Return the replies of every author. Raises ValueError that names file and line of the first fault."""
    examples: list[ReplyExample] = []
    for path in reply_files(language, root):
        label: tuple[Question, Meaning] | None = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            text = line.strip()
            if text.startswith(_HEADER):
                label = _read_header(text.removeprefix(_HEADER), f"{path.name}, line {number}")
            elif text and not text.startswith(_COMMENT):
                if label is None:
                    raise ValueError(f"{path.name}, line {number}: stands before the first header")
                examples.append(ReplyExample(text, *label, path.stem))
    if not examples:
        raise ValueError(f"{root / language / 'replies'} has no examples")
    return tuple(examples)


def read_no_replies(language: str = "en", root: Path = CONTENT) -> tuple[ReplyExample, ...]:
    """Return what is no reply to any question: texts without a meaning, of no author.

    Raises ValueError that names file and line of the first fault.
    """
    texts = [example.text for example in read_examples(language, root) if example.label == _MEANINGLESS]
    return tuple(
        ReplyExample(text, question, "other", "") for text in texts[::EVERY_SIXTH] for question in get_args(Question)
    )


def _read_header(header: str, place: str) -> tuple[Question, Meaning]:
    question, _, meaning = (part.strip() for part in header.partition(":"))
    if question not in get_args(Question) or meaning not in get_args(Meaning):
        raise ValueError(f"{place}: {header!r} is no question and meaning, such as 'check-in: better'")
    return cast(Question, question), cast(Meaning, meaning)


def reply_files(language: str, root: Path) -> list[Path]:
    """Return the files of replies, one an author, in a fixed order."""
    return sorted((root / language / "replies").glob("*.txt"))
