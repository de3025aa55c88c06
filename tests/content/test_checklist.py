import json
import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.checklist import (
    back,
    find_questions,
    next_question,
    outcome,
    parse,
    progress,
)
from content.load import CONTENT
from content.markup import plain, to_html
from content.model import LEVELS, Answer, EmergencySign, Level, Outcome
from tests.conftest import EVERYTHING

TABLE = tomllib.loads((CONTENT / "en/checklist.toml").read_text(encoding="utf-8"))
CHECKLIST = parse(TABLE)
QUESTIONS = CHECKLIST.questions
IDS = [question.id for question in QUESTIONS]
# After how many answers the walk asks what comes next: it is the next of the list unless an answer calls for emergency
# help, and that no path does the outcomes tell, which are those of all paths.
ASKED = range(len(IDS) + 1 if EVERYTHING else 9)
# From the calmest to the most urgent: a walk's levels may only rise along this.
ANSWERS: tuple[Answer, ...] = ("no", "unsure", "yes")
# What no combination looks at counts by itself: of these the walk takes the two ends, and all three in CI.
COMBINED = {question_id for combination in CHECKLIST.combinations for question_id in combination.when}
WALKED = [ANSWERS if EVERYTHING or question_id in COMBINED else ("no", "yes") for question_id in IDS]
Step = Answer | Literal["back", "leave"]
STEPS: tuple[Step, ...] = (*ANSWERS, "back", "leave")
ALL_NO: dict[str, Answer] = dict.fromkeys(IDS, "no")
ALL_UNSURE: dict[str, Answer] = dict.fromkeys(IDS, "unsure")
some_answers = st.dictionaries(st.sampled_from(IDS), st.sampled_from(ANSWERS))

CARD = ("heading", "meanwhile", "unknown", "watch", "where", "again")
MAX_CARD, MAX_EMERGENCY_CARD = 1_500, 900
# The view's own words between the parts of a card, with room to spare.
CARD_TITLES = 120


@dataclass
class Walked:
    paths: int
    longest: dict[str, tuple[str, ...]]
    levels: np.ndarray


@pytest.fixture(scope="module")
def walked() -> Walked:
    """Walk every sequence of answers as a person would; `levels` has one axis a question, in the order of WALKED."""
    levels: list[int] = []
    reasons: dict[Level, set[tuple[str, ...]]] = {level: set() for level in LEVELS}
    ranks = {level: rank for rank, level in enumerate(LEVELS)}

    def walk(answers: dict[str, Answer]) -> None:
        if len(answers) in ASKED:
            question = next_question(CHECKLIST, answers)
            assert question is (QUESTIONS[len(answers)] if len(answers) < len(IDS) else None)
        if len(answers) == len(IDS):
            result = outcome(CHECKLIST, answers)
            levels.append(ranks[result.level])
            reasons[result.level].add(result.because)
            assert result.outcome is CHECKLIST.outcomes[result.level]
            return
        question_id = IDS[len(answers)]
        for answer in WALKED[len(answers)]:
            answers[question_id] = answer
            walk(answers)
            del answers[question_id]

    walk({})
    assert all(bool(because) == (level != "routine") for level, found in reasons.items() for because in found)
    longest = {level: max(found, key=_length) for level, found in reasons.items() if found}
    return Walked(len(levels), longest, np.array(levels, dtype=np.int8).reshape([len(some) for some in WALKED]))


def _length(because: tuple[str, ...]) -> int:
    return len("; ".join(because))


def card_text(card: Outcome) -> str:
    """Return the parts of an outcome in the order in which they are shown."""
    return "\n\n".join(getattr(card, field) for field in CARD)


def test_every_path_ends_in_an_outcome_that_no_answer_nearer_to_yes_lowers_and_only_all_no_is_routine(
    walked: Walked, record_property: Callable[[str, object], None]
) -> None:
    # One test for all that the walk shows: it takes a while, and workers would each repeat it.
    record_property(
        "tally",
        f"checklist: {walked.paths:,} of {3 ** len(IDS):,} paths walked, "
        f"and {len(CHECKLIST.screen.signs)} from the screen",
    )

    assert walked.paths == math.prod(len(some) for some in WALKED) == walked.levels.size
    assert walked.levels.min() >= 0
    assert {LEVELS[rank] for rank in np.unique(walked.levels)} == {"routine", "soon", "today"}

    drops = [IDS[axis] for axis in range(len(IDS)) if (np.diff(walked.levels, axis=axis) < 0).any()]
    assert drops == []

    routine = np.argwhere(walked.levels == LEVELS.index("routine"))
    assert routine.tolist() == [[some.index("no") for some in WALKED]]

    reasons = walked.longest | {"emergency": max(((sign.because,) for sign in CHECKLIST.screen.signs), key=_length)}
    lengths = {
        level: len(plain(to_html(card_text(card)))) + _length(reasons[level]) + CARD_TITLES
        for level, card in CHECKLIST.outcomes.items()
    }
    assert {level: length for level, length in lengths.items() if length > MAX_CARD} == {}
    assert lengths["emergency"] <= MAX_EMERGENCY_CARD


@pytest.mark.parametrize("question_id", IDS)
@pytest.mark.parametrize("answer", ["yes", "unsure"])
def test_every_red_flag_alone_leads_to_soon_or_higher(question_id: str, answer: Answer) -> None:
    result = outcome(CHECKLIST, ALL_NO | {question_id: answer})

    question = CHECKLIST.question(question_id)
    assert LEVELS.index(result.level) >= LEVELS.index("soon")
    assert result.because == (question.because if answer == "yes" else question.because_unsure,)


@pytest.mark.parametrize(
    "answers",
    [
        {"heat": "yes", "pain": "yes"},
        {"heat": "yes", "pain": "unsure"},
        {"heat": "yes", "eye": "yes"},
        {"heat": "unsure", "eye": "yes"},
        {"kidney": "yes", "pain": "yes"},
        {"kidney": "yes", "mottled": "yes"},
        {"kidney": "yes", "mottled": "unsure"},
        {"kidney": "yes", "sore": "yes"},
        {"heat": "yes", "unwell": "yes"},
        {"child": "yes", "heat": "yes"},
        {"kidney": "unsure", "mottled": "yes"},
        {"child": "yes", "unwell": "yes"},
    ],
    ids=lambda answers: " ".join(f"{key}-{value}" for key, value in answers.items()),
)
def test_dangerous_combinations_are_for_today(answers: dict[str, Answer]) -> None:
    assert outcome(CHECKLIST, ALL_NO | answers).level == "today"


@pytest.mark.parametrize("sign", CHECKLIST.screen.signs, ids=lambda sign: sign.id)
def test_an_emergency_sign_decides_whatever_was_answered(sign: EmergencySign) -> None:
    result = outcome(CHECKLIST, ALL_NO, emergency_sign=sign.id)

    assert (result.level, result.because) == ("emergency", (sign.because,))


def test_an_emergency_answer_ends_the_walk_at_once() -> None:
    table = json.loads(json.dumps(TABLE))
    table["questions"][1]["yes"] = "emergency"
    checklist = parse(table)

    answers: dict[str, Answer] = {IDS[0]: "unsure", IDS[1]: "yes"}

    assert next_question(checklist, answers) is None
    assert outcome(checklist, answers).because == (checklist.questions[1].because,)


def test_an_emergency_combination_ends_the_walk_at_once() -> None:
    table = json.loads(json.dumps(TABLE))
    table["combinations"][0] |= {"when": {IDS[0]: "yes", IDS[1]: "unsure"}, "level": "emergency"}
    checklist = parse(table)

    assert next_question(checklist, {IDS[0]: "yes"}) is not None
    assert next_question(checklist, {IDS[0]: "yes", IDS[1]: "yes"}) is None


@given(some_answers)
def test_a_missing_answer_counts_as_not_sure_and_never_as_no(answers: dict[str, Answer]) -> None:
    left_now = LEVELS.index(outcome(CHECKLIST, answers).level)

    unsure = outcome(CHECKLIST, ALL_UNSURE | answers)
    no = outcome(CHECKLIST, ALL_NO | answers)
    assert left_now == LEVELS.index(unsure.level) >= LEVELS.index(no.level)


def test_a_level_that_only_open_questions_call_for_says_so() -> None:
    assert outcome(CHECKLIST, {}).because == (CHECKLIST.because_open,)
    assert outcome(CHECKLIST, {"pain": "yes"}).because == (CHECKLIST.question("pain").because,)


@given(st.lists(st.sampled_from(STEPS), max_size=60))
def test_going_back_and_leaving_at_any_step_do_not_matter(steps: list[Step]) -> None:
    answers: dict[str, Answer] = {}
    kept: list[Answer] = []
    for step in steps:
        question = next_question(CHECKLIST, answers)
        if step == "back":
            answers, kept = back(answers), kept[:-1]
        elif step == "leave":  # a stored walk is read again, perhaps by another replica
            answers = json.loads(json.dumps(answers))
        elif question is not None:
            answers, kept = answers | {question.id: step}, [*kept, step]

    straight = dict(zip(IDS, kept, strict=False))
    assert list(answers.items()) == list(straight.items())
    assert next_question(CHECKLIST, answers) is (CHECKLIST.questions[len(kept)] if len(kept) < len(IDS) else None)
    assert progress(CHECKLIST, answers) == (min(len(kept) + 1, len(IDS)), len(IDS))


@given(st.permutations(IDS), st.lists(st.sampled_from(ANSWERS), min_size=len(IDS), max_size=len(IDS)))
def test_the_order_of_answers_does_not_matter(order: list[str], given_answers: list[Answer]) -> None:
    answers = dict(zip(IDS, given_answers, strict=True))

    assert outcome(CHECKLIST, {key: answers[key] for key in order}) == outcome(CHECKLIST, answers)


@pytest.mark.parametrize("flag", sorted({question.flag for question in CHECKLIST.questions}))
def test_a_walk_can_begin_with_the_questions_of_a_red_flag(flag: str) -> None:
    first = find_questions(CHECKLIST, flag)

    answers: dict[str, Answer] = {}
    while question := next_question(CHECKLIST, answers, first):
        answers[question.id] = "no"

    assert tuple(answers)[: len(first)] == first
    assert sorted(answers) == sorted(IDS)


def test_a_red_flag_seen_elsewhere_is_not_asked_again() -> None:
    answers: dict[str, Answer] = {"chalk": "yes"}
    while question := next_question(CHECKLIST, answers):
        assert question.id != "chalk"
        answers[question.id] = "no"

    assert outcome(CHECKLIST, answers).level == "soon"
