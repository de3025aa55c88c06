"""Read the content files of one language once, and report everything that is wrong with them at once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from content import checklist, structure, wording
from content.examples import hash_content
from content.hashes import hash_reply_content, hash_sign_content
from content.model import TOPIC_IDS, Fact, Library, Source, Topic
from content.phrases import Phrases
from content.problem import Problem, explain
from content.reading.choices import Choices
from content.reading.index import load_index
from content.reading.replies_rules import ReplyRules
from content.reading.reply_model import load_reply_model
from content.reading.reply_reader import ReplyReader
from content.reading.schedule import parse_words
from content.reading.sign_model import load_sign_model
from content.reading.sign_rules import parse_sign_rules

CONTENT = Path(__file__).parent

_HEAD = "+++"
_MORE = "<!-- more -->"
# Strict values turn text into no number and no date; TOML has both, but only lists where the values are tuples.
_facts = TypeAdapter(dict[str, Fact])
_sources = TypeAdapter(dict[str, Source])


@dataclass(frozen=True, slots=True)
class _Part:
    """Tell which file a part of the library is read from, and how. `file` is below the content folder."""

    file: str
    parse: Callable[[Mapping[str, Any]], object]


# One line a file: the name is the field of `Library`. Parsers raise ValueError; pydantic's errors are ValueErrors.
_PARTS: dict[str, _Part] = {
    "facts": _Part("facts.toml", lambda tables: _facts.validate_python(tables, strict=False)),
    "sources": _Part("sources.toml", lambda tables: _sources.validate_python(tables, strict=False)),
    "phrases": _Part("{language}/phrases.toml", Phrases.from_toml),
    "checklist": _Part("{language}/checklist.toml", checklist.parse),
    "words": _Part("{language}/words.toml", parse_words),
    "replies": _Part("{language}/replies.toml", ReplyRules.from_toml),
    "choices": _Part("{language}/choices.toml", Choices.from_toml),
}

# The rules, and the English words that no slip of the finger in them may be taken for.
_SIGNS = ("signs.toml", "real_words.txt")


class ContentError(Exception):
    """The content files have errors."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(["The content files have errors:", *(f"  {problem}" for problem in problems)]))
        self.problems = problems


def load_library(language: str = "en", root: Path = CONTENT) -> Library:
    """Return the library of one language. Raises ContentError that lists every structural error.

    Dates and reading grades are left to `find_problems`: a text that is overdue for review must not keep a bot down.
    """
    parts, problems = _read(language, root)
    problems += structure.find_problems(parts, language)
    if problems:
        raise ContentError(problems)
    parts["index"] = load_index(root / language / "built" / "topics.npz", hash_content(language, root))
    model = load_sign_model(root / language / "built" / "signs.npz", hash_sign_content(language, root))
    parts["signs"] = parts["signs"].with_model(model)
    replies = load_reply_model(root / language / "built" / "replies.npz", hash_reply_content(language, root))
    parts["replies"] = ReplyReader(parts["replies"], parts["signs"], replies)
    return Library(language=language, **{part.name: parts[part.name] for part in fields(Library) if part.name in parts})


def find_problems(language: str, today: date, root: Path = CONTENT) -> list[Problem]:
    """Return everything that is wrong with a language's files: structure, review dates, wording, reading grade.

    Raises ImportError where the `dev` extra, which measures the reading grade, is not installed.
    """
    parts, problems = _read(language, root)
    problems += structure.find_problems(parts, language)
    problems += structure.find_overdue(parts["topics"].values(), language, today)
    problems += wording.find_problems(parts["topics"].values(), root / language)
    if "phrases" in parts:
        problems += wording.find_unshown(parts["phrases"], f"{language}/phrases.toml")
    return sorted(problems)


def _read(language: str, root: Path) -> tuple[dict[str, Any], list[Problem]]:
    """Return the parts that could be read by name, and what is wrong with the others."""
    topics, problems = _read_topics(root / language / "topics", language)
    parts: dict[str, Any] = {"topics": topics}
    for name, part in _PARTS.items():
        file = part.file.format(language=language)
        try:
            parts[name] = part.parse(tomllib.loads((root / file).read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            problems += explain(file, error)
    try:
        parts["signs"] = parse_sign_rules(*((root / language / name).read_text(encoding="utf-8") for name in _SIGNS))
    except (OSError, ValueError) as error:
        problems += explain(f"{language}/{_SIGNS[0]}", error)
    return parts, problems


def _read_topics(folder: Path, language: str) -> tuple[dict[str, Topic], list[Problem]]:
    """Return the readable topics by id, in the fixed order, and what is wrong with the others."""
    found: dict[str, Topic] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.md")):
        file = f"{language}/topics/{path.name}"
        try:
            topic = parse_topic(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            problems += explain(file, error)
            continue
        if topic.id != path.stem:
            problems.append(Problem(file, "id", f"is {topic.id!r}, the file is called {path.stem!r}"))
        if topic.id in found:
            problems.append(Problem(file, "id", f"{topic.id!r} is there twice"))
        found[topic.id] = topic
    return {topic_id: found[topic_id] for topic_id in [*TOPIC_IDS, *found] if topic_id in found}, problems


def parse_topic(text: str) -> Topic:
    """Return the topic in `text`: a TOML head between `+++` lines, the body, and more after `<!-- more -->`.

    Raises ValueError, which pydantic's and TOML's errors are too.
    """
    opening, _, rest = text.partition(f"{_HEAD}\n")
    head, closing, prose = rest.partition(f"\n{_HEAD}\n")
    if opening.strip() or not closing:
        raise ValueError("does not begin with a head between two +++ lines")
    body, _, more = prose.partition(f"\n{_MORE}\n")
    return Topic.model_validate({**tomllib.loads(head), "body": body.strip(), "more": more.strip()}, strict=False)
