"""Walk through the red-flag checklist: what to ask next, and what the answers call for. All functions are pure.

The only state is the answers: question id -> answer, in the order given. Whoever stores them must keep that order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from content.model import LEVELS, Answer, Checklist, Level, Outcome, Question

MAX_QUESTIONS = 15
SIGNS = range(6, 9)
# A longer label is cut off on the button of a small phone.
MAX_LABEL = 40
# Ids travel in button data, where Telegram has room for 64 bytes in all.
_ID = re.compile(r"[a-z][a-z0-9-]{0,19}")

_URGENCY = {level: rank for rank, level in enumerate(LEVELS)}
_STRENGTH: Mapping[Answer, int] = {"no": 0, "unsure": 1, "yes": 2}


@dataclass(frozen=True, slots=True)
class Result:
    """Say what the answers call for. `because` holds the reasons for this level, each the end of "you said ..."."""

    level: Level
    because: tuple[str, ...]
    outcome: Outcome


def parse(table: Mapping[str, Any]) -> Checklist:
    """Build from the tables of `checklist.toml`. Raises ValueError that names every field in error."""
    # TOML knows only lists where the values are tuples.
    return Checklist.model_validate(table, strict=False)


def next_question(checklist: Checklist, answers: Mapping[str, Answer], first: Iterable[str] = ()) -> Question | None:
    """Return the question to ask now: of those not answered, one of `first`, else the first in the file's order.

    None means that the walk is over: all is answered, or the answers already call for emergency help.
    """
    unanswered = [question for question in checklist.questions if question.id not in answers]
    if not unanswered or _highest(_reasons(checklist, answers)) == "emergency":
        return None
    early = set(first)
    return next((question for question in unanswered if question.id in early), unanswered[0])


def outcome(checklist: Checklist, answers: Mapping[str, Answer], emergency_sign: str | None = None) -> Result:
    """Return what the answers call for: the highest level of any reason. An unanswered question counts as "unsure".

    Raises KeyError for an `emergency_sign` that is not on the screen.
    """
    if emergency_sign is not None:
        because = {sign.id: sign.because for sign in checklist.screen.signs}[emergency_sign]
        return Result("emergency", (because,), checklist.outcomes["emergency"])
    given = list(_reasons(checklist, answers))
    level = _highest(given)
    # Once an answer calls for emergency help nothing more is asked, so what is left out is not a gap.
    if level != "emergency" and any(question.id not in answers for question in checklist.questions):
        supposed: dict[str, Answer] = {question.id: "unsure" for question in checklist.questions}
        level = _highest(_reasons(checklist, supposed | dict(answers)))
    reasons = dict.fromkeys(text for called, text in given if called == level)
    if not reasons and level != "routine":
        reasons = {checklist.because_open: None}
    return Result(level, tuple(reasons), checklist.outcomes[level])


def is_more_urgent(level: str, *, than: str) -> bool:
    """Return whether one level calls for help sooner than another. Raises ValueError for what is no level."""
    ranks: Sequence[str] = LEVELS
    return ranks.index(level) > ranks.index(than)


def progress(checklist: Checklist, answers: Mapping[str, Answer]) -> tuple[int, int]:
    """Return the number of the question now open, from 1, and how many there are; the last number when none is."""
    total = len(checklist.questions)
    answered = sum(question.id in answers for question in checklist.questions)
    return min(answered + 1, total), total


def back(answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return the answers without the one given last."""
    return dict(list(answers.items())[:-1])


def find_questions(checklist: Checklist, flag: str) -> tuple[str, ...]:
    """Return the ids of the questions that ask about a red flag: what `first` is when a walk begins with that flag."""
    return tuple(question.id for question in checklist.questions if question.flag == flag)


def find_problems(checklist: Checklist) -> list[str]:
    """Return what is wrong with a checklist that could be parsed, as "field: message"."""
    return [
        *_name_problems(checklist),
        *_text_problems(checklist),
        *_level_problems(checklist),
        *_combination_problems(checklist),
    ]


def cited_facts(checklist: Checklist) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each field that cites facts, with their codes."""
    yield from ((f"screen.signs.{sign.id}.facts", sign.facts) for sign in checklist.screen.signs)
    yield from ((f"questions.{question.id}.facts", question.facts) for question in checklist.questions)
    yield from ((f"combinations.{combined.id}.facts", combined.facts) for combined in checklist.combinations)
    for level, card in checklist.outcomes.items():
        yield f"outcomes.{level}.facts", card.facts


def _reasons(checklist: Checklist, answers: Mapping[str, Answer]) -> Iterator[tuple[Level, str]]:
    """Yield each level that the answers call for, with its reason; what was not answered yields nothing."""
    for combination in checklist.combinations:
        if _meets(answers, combination.when):
            yield combination.level, combination.because
    for question in checklist.questions:
        answer = answers.get(question.id)
        if answer == "yes":
            yield question.yes, question.because
        elif answer == "unsure":
            yield question.unsure, question.because_unsure


def _meets(answers: Mapping[str, Answer], when: Mapping[str, Answer]) -> bool:
    # Plain loops here and in _highest: the proof walks half a million paths through them.
    for question_id, least in when.items():  # noqa: SIM110
        if _STRENGTH[answers.get(question_id, "no")] < _STRENGTH[least]:
            return False
    return True


def _highest(reasons: Iterable[tuple[Level, str]]) -> Level:
    highest = LEVELS[0]
    for level, _ in reasons:
        if _URGENCY[level] > _URGENCY[highest]:
            highest = level
    return highest


def _name_problems(checklist: Checklist) -> Iterator[str]:
    if checklist.version < 1:
        yield "version: must be 1 or more"
    if len(checklist.screen.signs) not in SIGNS:
        yield f"screen.signs: has {len(checklist.screen.signs)} signs, {SIGNS.start} to {SIGNS.stop - 1} are needed"
    if not 1 <= len(checklist.questions) <= MAX_QUESTIONS:
        yield f"questions: has {len(checklist.questions)} questions, 1 to {MAX_QUESTIONS} are needed"
    groups = {
        "screen.signs": [sign.id for sign in checklist.screen.signs],
        "questions": [question.id for question in checklist.questions],
        "combinations": [combination.id for combination in checklist.combinations],
    }
    for field, ids in groups.items():
        yield from (f"{field}: {name!r} is there twice" for name, count in Counter(ids).items() if count > 1)
        for name in ids:
            if not _ID.fullmatch(name):
                yield f"{field}: {name!r} must be at most 20 small letters, digits and hyphens"
    for sign in checklist.screen.signs:
        if len(sign.label) > MAX_LABEL:
            yield f"screen.signs.{sign.id}.label: has {len(sign.label)} characters, at most {MAX_LABEL} are allowed"


def _text_problems(checklist: Checklist) -> Iterator[str]:
    for field, value in _walk("", checklist.model_dump()):
        if isinstance(value, str) and not value.strip():
            yield f"{field}: is empty"
        elif field.split(".")[-1].startswith("because") and str(value).rstrip().endswith("."):
            yield f"{field}: ends a sentence, so it takes no full stop"
    yield from (f"{field}: is empty" for field, codes in cited_facts(checklist) if not codes)


def _walk(field: str, value: object) -> Iterator[tuple[str, object]]:
    """Yield each single value with its dotted field; a list's entries go by their id."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _walk(f"{field}.{key}" if field else str(key), inner)
    elif isinstance(value, tuple | list):
        for number, inner in enumerate(value):
            name = inner["id"] if isinstance(inner, Mapping) else number
            yield from _walk(f"{field}.{name}", inner)
    else:
        yield field, value


def _level_problems(checklist: Checklist) -> Iterator[str]:
    for level in get_args(Level):
        if level not in checklist.outcomes:
            yield f"outcomes.{level}: is missing"
    for question in checklist.questions:
        if _URGENCY[question.yes] < _URGENCY["soon"]:
            yield f"questions.{question.id}.yes: a red flag alone calls for soon or more, not {question.yes}"
        if _URGENCY[question.unsure] > _URGENCY[question.yes]:
            yield f"questions.{question.id}.unsure: is more urgent than yes, so a clear answer would lower the level"


def _combination_problems(checklist: Checklist) -> Iterator[str]:
    questions = {question.id: question for question in checklist.questions}
    for combination in checklist.combinations:
        field = f"combinations.{combination.id}"
        if len(combination.when) < 2:
            yield f"{field}.when: needs two answers or more; for one, change the question's own level"
        for name in combination.when:
            if name not in questions:
                yield f"{field}.when: {name!r} is no question"
        alone = [
            _URGENCY[questions[name].yes if answer == "yes" else questions[name].unsure]
            for name, answer in combination.when.items()
            if name in questions
        ]
        if alone and _URGENCY[combination.level] <= max(alone):
            yield f"{field}.level: {combination.level} is not above what one of its answers calls for alone"
