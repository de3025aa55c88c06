"""Check the words of the topics: forbidden wording, sentences that must stay, length, reading grade, Markdown."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from content.markup import find_unsupported, plain, to_html
from content.model import Frozen, Topic
from content.phrases import Phrases
from content.problem import Problem, explain
from content.prose import count_words, measure
from content.structure import topic_file

WORDS = range(60, 111)
# These say what the bot can do or just say hello: fewer words are better.
SHORT_TOPICS = frozenset({"greeting", "thanks", "about-bot", "reminders-help", "privacy"})
# More text is asked for with a button, so it may be longer, but not without end.
MAX_MORE_WORDS = 220
MAX_GRADE = 8.0
# Read in fear, perhaps by a child.
MAX_EMERGENCY_GRADE = 5.0
MAX_SENTENCE_WORDS = 25
MAX_AVERAGE_WORDS = 15
MAX_POINTS = 5
MAX_NEW_TERMS = 1

_UNSHOWN = "holds Markdown that Telegram cannot show: "


class ForbiddenWord(Frozen):
    """Name a wording that no topic may hold. `pattern` is a regular expression; case does not matter."""

    pattern: re.Pattern[str]
    reason: str
    except_topics: tuple[str, ...] = ()


class Forbidden(Frozen):
    """Hold `forbidden.toml`."""

    forbidden: tuple[ForbiddenWord, ...]


class KeptSentence(Frozen):
    """Name a sentence that must stand, word for word, in some topics."""

    id: str
    sentence: str
    topics: tuple[str, ...]


class EmergencyLine(Frozen):
    """Tell by which `words` an emergency line is known, and which `numbers` it must name."""

    words: str
    numbers: str


class Keep(Frozen):
    """Hold `keep.toml`."""

    emergency: EmergencyLine
    sentence: tuple[KeptSentence, ...]


class Glossary(Frozen):
    """Hold `glossary.toml`: the plain word for each term."""

    plain: Mapping[str, str]


Rules = TypeVar("Rules", Forbidden, Keep, Glossary)


def find_problems(topics: Iterable[Topic], folder: Path) -> list[Problem]:
    """Return what is wrong with the words of `topics` by the rules in the language's `folder`."""
    by_id = {topic.id: topic for topic in topics}
    problems: list[Problem] = []
    forbidden = _read(Forbidden, folder, problems)
    keep = _read(Keep, folder, problems)
    glossary = _read(Glossary, folder, problems)
    if keep:
        problems += _missing(keep.sentence, by_id, folder.name)
    for topic in by_id.values():
        for field in ("body", "more"):
            text: str = getattr(topic, field)
            found = [
                *(_forbidden(topic.id, text, forbidden.forbidden) if forbidden else ()),
                *_form(topic.id, field, text),
                *(_readability(text, glossary.plain) if glossary else ()),
                *(_emergency(text, keep.emergency, glossary.plain) if keep and glossary else ()),
            ]
            problems += [Problem(topic_file(topic.id, folder.name), field, message) for message in found]
    return problems


def find_unshown(phrases: Phrases, file: str) -> list[Problem]:
    """Return the phrases with Markdown that Telegram cannot show."""
    texts = ((key, phrases.markdown(key)) for key in phrases.keys())  # noqa: SIM118  (a method: phrases are no mapping)
    return [Problem(file, key, _UNSHOWN + name) for key, text in texts for name in find_unsupported(text)]


def flatten(markdown: str) -> str:
    """Return the words of `markdown` on one line, as a reader sees them."""
    return " ".join(plain(to_html(markdown)).split())


def _read(kind: type[Rules], folder: Path, problems: list[Problem]) -> Rules | None:
    path = folder / f"{kind.__name__.lower()}.toml"
    try:
        return kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")), strict=False)
    except (OSError, ValueError) as error:
        problems += explain(f"{folder.name}/{path.name}", error)
        return None


def _missing(keep: Iterable[KeptSentence], topics: Mapping[str, Topic], language: str) -> Iterator[Problem]:
    for kept in keep:
        for topic_id in kept.topics:
            topic = topics.get(topic_id)
            if topic is None:
                yield Problem(f"{language}/keep.toml", kept.id, f"{topic_id!r} is no topic")
            elif kept.sentence not in flatten(f"{topic.body}\n\n{topic.more}"):
                yield Problem(topic_file(topic_id, language), "body", f"must hold the sentence {kept.sentence!r}")


def _forbidden(topic_id: str, markdown: str, forbidden: Iterable[ForbiddenWord]) -> Iterator[str]:
    words = flatten(markdown)
    for rule in forbidden:
        hit = re.search(rule.pattern.pattern, words, re.IGNORECASE)
        if hit and topic_id not in rule.except_topics:
            yield f"holds {hit[0]!r}: {rule.reason}"


def _form(topic_id: str, field: str, markdown: str) -> Iterator[str]:
    yield from (_UNSHOWN + name for name in find_unsupported(markdown))
    count = count_words(flatten(markdown))
    fewest = 0 if topic_id in SHORT_TOPICS or field == "more" else WORDS.start
    most = WORDS.stop - 1 if field == "body" else MAX_MORE_WORDS
    if not fewest <= count <= most:
        yield f"has {count} words, {fewest} to {most} are allowed"
    run = 0
    for line in to_html(markdown).splitlines():
        run = run + 1 if re.match(r"• |\d+\. ", line) else 0
        if run == MAX_POINTS + 1:
            yield f"has a list of more than {MAX_POINTS} points"


def _readability(markdown: str, glossary: Mapping[str, str]) -> Iterator[str]:
    prose = measure(markdown, glossary)
    if prose.grade > MAX_GRADE:
        yield f"reads at grade {prose.grade:.1f}, at most {MAX_GRADE:.0f} is allowed"
    if prose.words_per_sentence > MAX_AVERAGE_WORDS:
        yield f"has {prose.words_per_sentence:.1f} words a sentence, at most {MAX_AVERAGE_WORDS} are allowed"
    for sentence in prose.sentences:
        if count_words(sentence) > MAX_SENTENCE_WORDS:
            yield f"has a sentence over {MAX_SENTENCE_WORDS} words: {sentence!r}"
    words = flatten(markdown).casefold()
    new = [term for term in glossary if f"({term})".casefold() in words]
    if len(new) > MAX_NEW_TERMS:
        yield f"explains {len(new)} new terms, at most {MAX_NEW_TERMS} is allowed: {', '.join(new)}"


def _emergency(markdown: str, line: EmergencyLine, glossary: Mapping[str, str]) -> Iterator[str]:
    """Check each paragraph that tells to call for help, together with the list that it opens."""
    paragraphs = re.split(r"\n\s*\n", markdown)
    for position, paragraph in enumerate(paragraphs):
        if line.words not in paragraph:
            continue
        if line.numbers not in paragraph:
            yield f"has an emergency line without {line.numbers!r}"
        opens_list = flatten(paragraph).endswith(":")
        whole = "\n\n".join(paragraphs[position : position + 1 + opens_list])
        grade = measure(whole, glossary).grade
        if grade > MAX_EMERGENCY_GRADE:
            yield f"has an emergency line at grade {grade:.1f}, at most {MAX_EMERGENCY_GRADE:.0f}: {flatten(whole)!r}"
