"""Check how the content files hang together: fast enough to be done at every start of the bot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from content import checklist
from content.model import TOPIC_IDS, Checklist, Fact, Source, Topic
from content.problem import Problem

# Telegram takes 4,096 in one message; the rest is room for the sources line and the review note.
MAX_BODY_CHARACTERS = 3_500
RELATED = range(2, 4)
# "Review every text at least once a year", and a few days for the calendar.
MAX_REVIEW_GAP = timedelta(days=370)


def topic_file(topic_id: str, language: str) -> str:
    """Return the name of a topic's file, as problems show it."""
    return f"{language}/topics/{topic_id}.md"


def find_problems(parts: Mapping[str, Any], language: str) -> list[Problem]:
    """Return what is wrong between the parts that could be read. Needs at least `topics`."""
    topics: Mapping[str, Topic] = parts["topics"]
    # What cites facts is checked against them only once they can be read; until then nothing could be found.
    facts: Mapping[str, Fact] | None = parts.get("facts")
    sources: Mapping[str, Source] | None = parts.get("sources")
    problems = [
        Problem(topic_file(topic_id, language), "", "is missing or could not be read")
        for topic_id in TOPIC_IDS
        if topic_id not in topics
    ]
    for topic in topics.values():
        found = [*_topic(topic), *_related(topic, topics)]
        if facts:
            found += [("facts", message) for message in _cited(topic.facts, facts)]
        if facts and sources:
            found += _sources(topic, facts, sources)
        problems += [Problem(topic_file(topic.id, language), field, message) for field, message in found]
    if facts and sources:
        problems += _register(facts, sources)
    if "checklist" in parts:
        found = [*_checklist(parts["checklist"], facts)]
        problems += [Problem(f"{language}/checklist.toml", field, message) for field, message in found]
    return problems


def find_overdue(topics: Iterable[Topic], language: str, today: date) -> list[Problem]:
    """Return the topics whose next review has passed, or whose last one is still to come."""
    problems: list[Problem] = []
    for topic in topics:
        if topic.next_review < today:
            problems.append(Problem(topic_file(topic.id, language), "next_review", f"{topic.next_review} has passed"))
        if topic.reviewed > today:
            problems.append(Problem(topic_file(topic.id, language), "reviewed", f"{topic.reviewed} is in the future"))
    return problems


def _topic(topic: Topic) -> Iterator[tuple[str, str]]:
    if topic.id not in TOPIC_IDS:
        yield "id", f"{topic.id!r} is none of the required topics"
    for field in ("title", "body"):
        if not getattr(topic, field).strip():
            yield field, "is empty"
    for field in ("body", "more"):
        length = len(getattr(topic, field))
        if length > MAX_BODY_CHARACTERS:
            yield field, f"has {length} characters, at most {MAX_BODY_CHARACTERS} are allowed"
    if not topic.reviewed < topic.next_review <= topic.reviewed + MAX_REVIEW_GAP:
        yield "next_review", "must be within a year after reviewed"


def _related(topic: Topic, topics: Mapping[str, Topic]) -> Iterator[tuple[str, str]]:
    if len(topic.related) not in RELATED:
        yield "related", f"has {len(topic.related)} topics, 2 or 3 are needed"
    for topic_id in topic.related:
        if topic_id not in topics:
            yield "related", f"{topic_id!r} is no topic"
        if topic_id == topic.id:
            yield "related", "names the topic itself"
    yield from (("related", f"{name!r} is there twice") for name in _twice(topic.related))


def _cited(codes: Iterable[str], facts: Mapping[str, Fact]) -> Iterator[str]:
    codes = tuple(codes)
    for code in codes:
        if code not in facts:
            yield f"{code!r} is not in facts.toml"
        elif facts[code].author_only:
            yield f"{code!r} is for authors only: readers must not see it"
    yield from (f"{code!r} is there twice" for code in _twice(codes))


def _sources(topic: Topic, facts: Mapping[str, Fact], sources: Mapping[str, Source]) -> Iterator[tuple[str, str]]:
    behind = {
        sources[name].shown for code in topic.facts if code in facts for name in facts[code].sources if name in sources
    }
    known = {source.shown for source in sources.values()}
    for shown in topic.sources:
        if shown not in known:
            yield "sources", f"{shown!r} is shown by no source of sources.toml"
        elif shown not in behind:
            yield "sources", f"{shown!r} stands behind none of the facts"
    if behind and not topic.sources:
        yield "sources", "is empty, but the facts have sources"
    yield from (("sources", f"{shown!r} is there twice") for shown in _twice(topic.sources))


def _register(facts: Mapping[str, Fact], sources: Mapping[str, Source]) -> Iterator[Problem]:
    for code, fact in facts.items():
        if bool(fact.says) == fact.author_only:
            needed = "must be empty" if fact.author_only else "is empty"
            yield Problem("facts.toml", f"{code}.says", needed)
        for name in fact.sources:
            if name not in sources:
                yield Problem("facts.toml", f"{code}.sources", f"{name!r} is not in sources.toml")


def _checklist(walk: Checklist, facts: Mapping[str, Fact] | None) -> Iterator[tuple[str, str]]:
    for problem in checklist.find_problems(walk):
        field, _, message = problem.partition(": ")
        yield field, message
    if facts:
        for field, codes in checklist.cited_facts(walk):
            yield from ((field, message) for message in _cited(codes, facts))


def _twice(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]
