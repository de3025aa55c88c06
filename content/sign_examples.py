"""Read the labelled messages that the sign model is fitted to: what people type with, and without, a warning sign."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from content.examples import CONTENT, read_examples
from content.reading.sign_model import EMERGENCY
from content.reading.sign_rules import FLAGS
from content.reply_examples import read_reply_examples

_HEADER = "## "
_COMMENT = "# "
_NO_EMERGENCY = "no emergency"
_NO_FLAG = "none"
# Replies with these meanings may tell of a sign.
_TELLING = ("yes", "worse")


@dataclass(frozen=True, slots=True)
class SignExample:
    """Hold one message as typed, what is known of it, and its author (the file).

    `emergency` is None where only the flags were judged, and `flags` where only the emergency was.
    """

    text: str
    emergency: bool | None
    flags: frozenset[str] | None
    author: str


def read_sign_examples(language: str = "en", root: Path = CONTENT) -> tuple[SignExample, ...]:
    """Return the messages of every author. Raises ValueError that names file and line of the first fault."""
    examples: list[SignExample] = []
    for path in sign_files(language, root):
        labels: tuple[bool | None, frozenset[str] | None] | None = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            text = line.strip()
            if text.startswith(_HEADER):
                labels = _read_header(text.removeprefix(_HEADER).strip(), f"{path.name}, line {number}")
            elif text and not text.startswith(_COMMENT):
                if labels is None:
                    raise ValueError(f"{path.name}, line {number}: stands before the first header")
                examples.append(SignExample(text, *labels, path.stem))
    if not examples:
        raise ValueError(f"{root / language / 'signs'} has no examples")
    return tuple(examples)


def _read_header(header: str, place: str) -> tuple[bool | None, frozenset[str] | None]:
    if header in (EMERGENCY, _NO_EMERGENCY):
        return header == EMERGENCY, None
    flags = frozenset() if header == _NO_FLAG else frozenset(flag.strip() for flag in header.split(","))
    if unknown := flags - set(FLAGS):
        raise ValueError(f"{place}: {', '.join(sorted(unknown))} is no flag")
    return None, flags


def read_other_messages(language: str = "en", root: Path = CONTENT) -> list[str]:
    """Return messages and replies that tell of no sign, as far as nobody has judged them."""
    # What is sent to a check-in or a checklist is short, and must raise no alarm ("in an hour").
    calm = [one.text for one in read_reply_examples(language, root) if one.meaning not in _TELLING]
    return [example.text for example in read_examples(language, root)] + calm


def sign_files(language: str, root: Path) -> list[Path]:
    """Return the files of messages, one an author, in a fixed order."""
    return sorted((root / language / "signs").glob("*.txt"))
