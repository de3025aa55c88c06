"""What people type under a question is read as the answer they mean, in their own words."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from content.reading.replies import Meaning, Question, ReplyRules, read_by_rules
from tests.content.samples import CONTENT, DATA, EVAL, lines, takes_less, words_file

RULES = ReplyRules.from_toml(words_file("replies.toml"))
_PARTS = (("both", RULES.both), ("checklist", RULES.checklist), ("check_in", RULES.check_in))


@pytest.mark.parametrize(
    ("path", "floor"), [(DATA / "replies.jsonl", 0.98), (EVAL / "replies.jsonl", 0.97)], ids=["own", "samples"]
)
def test_sample_replies_are_read_as_expected(path: Path, floor: float) -> None:
    if not path.exists():
        pytest.skip(f"no {path.name} here")
    samples = lines(path)

    answers = [(line, read_by_rules(line["text"], line["question"], RULES)) for line in samples]

    wrong = [(line["question"], line["text"], got, line["means"]) for line, got in answers if got != line["means"]]
    assert len(samples) - len(wrong) >= floor * len(samples), wrong


@pytest.mark.parametrize("text", ["👍", "👍🏽", "✅", "✔️", "👎", "❌", "yes", "No!", "yess", "nope"])
def test_a_bare_yes_or_no_says_nothing_about_a_change(text: str) -> None:
    got = read_by_rules(text, "check-in", RULES)

    assert got == "other"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it opens as wide as ever", "no"),
        ("yeah it leaks", "yes"),
        ("it won't stop bleeding", "yes"),
        ("it has stopped bleeding", "no"),
        ("painless", "no"),
        ("not painless", "yes"),
        ("I can't open my mouth fully", "yes"),
        ("no pain at all", "no"),
    ],
)
def test_a_reply_in_the_words_of_the_sign_counts(text: str, expected: str) -> None:
    got = read_by_rules(text, "checklist", RULES)

    assert got == expected


@pytest.mark.parametrize("text", ["smaller but it hurts now", "better, but a new one came"])
def test_a_new_sign_outweighs_a_change_for_the_better(text: str) -> None:
    got = read_by_rules(text, "check-in", RULES)

    assert got == "worse"


def test_what_is_still_there_is_no_new_sign() -> None:
    assert read_by_rules("still sore", "check-in", RULES) == "same"
    assert read_by_rules("sore", "check-in", RULES) == "worse"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I had seven at Easter and it's four now", "better"),
        ("from two to four", "worse"),
        ("was 9mm, now 6mm", "better"),
        ("three then, three now", "same"),
    ],
)
def test_two_counts_or_sizes_are_compared(text: str, expected: str) -> None:
    got = read_by_rules(text, "check-in", RULES)

    assert got == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("it did in spring but that's cleared up", "no"),
        ("I never make a fuss, but since you ask it does hurt", "yes"),
        ("I say no, my wife says yes", "unsure"),
        ("hard to say, I was tired all week, so yes", "yes"),
    ],
)
def test_a_story_says_its_point_at_the_end(text: str, expected: str) -> None:
    got = read_by_rules(text, "checklist", RULES)

    assert got == expected


def test_what_somebody_else_has_is_no_answer() -> None:
    assert read_by_rules("my neighbour's one leaked", "checklist", RULES) == "other"
    assert read_by_rules("my cousin's one leaked, mine never has", "checklist", RULES) == "no"


def test_a_reason_for_a_question_is_no_answer() -> None:
    got = read_by_rules("is that with the plaster on, because I've only just changed it", "checklist", RULES)

    assert got == "other"


def test_a_denial_reaches_over_or() -> None:
    assert read_by_rules("hasn't moved or grown", "check-in", RULES) == "same"
    assert read_by_rules("hasn't moved, has grown", "check-in", RULES) == "worse"


@pytest.mark.parametrize("phrase", ["go <nowhere>", ".. away", "a (b", "a* b) c", "so*me"])
def test_a_phrase_against_the_rules_of_phrases_is_refused(phrase: str) -> None:
    mapping = words_file("replies.toml")
    mapping["both"]["stop"].append(phrase)

    with pytest.raises(ValidationError, match="cannot read the phrase"):
        ReplyRules.from_toml(mapping)


def test_the_file_is_read_in_a_moment_and_has_short_lines() -> None:
    mapping = words_file("replies.toml")

    # It took 0.12 s when every phrase was a regular expression of its own; a slow machine gets room.
    is_quick = takes_less(0.1, lambda: ReplyRules.from_toml(mapping), tries=9)
    longest = max(map(len, (CONTENT / "replies.toml").read_text(encoding="utf-8").splitlines()))

    assert is_quick
    assert longest <= 160


def test_no_phrase_stands_twice_in_a_list() -> None:
    lists = [(name, kind, getattr(part, kind)) for name, part in _PARTS for kind in type(part).model_fields]

    twice = [(name, kind, phrase) for name, kind, row in lists for phrase in set(row) if row.count(phrase) > 1]

    assert not twice


def test_a_phrase_that_cannot_be_read_is_named() -> None:
    mapping = words_file("replies.toml")
    mapping["both"]["stop"].append("(broken")

    with pytest.raises(ValidationError, match="cannot read the phrase '\\(broken' of stop"):
        ReplyRules.from_toml(mapping)


def test_rules_without_denials_are_refused() -> None:
    mapping = words_file("replies.toml")
    mapping["negation"]["words"] = []

    with pytest.raises(ValidationError, match=r"negation\.words"):
        ReplyRules.from_toml(mapping)


_WORDS = sorted(
    word
    for phrases in (RULES.both, RULES.checklist, RULES.check_in)
    for kind in type(phrases).model_fields
    for word in getattr(phrases, kind)
)
_REPLIES = st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join)


@given(st.one_of(st.text(max_size=300), _REPLIES), st.sampled_from(get_args(Question)))
@example("\ud800\x00‮", "checklist")
@example("some " * 1000, "check-in")
@example("qwertyuiop " * 400, "checklist")
@example("👍" * 4096, "checklist")
def test_any_text_has_a_meaning_of_its_question_quickly(text: str, question: Question) -> None:
    got = read_by_rules(text, question, RULES)

    assert takes_less(0.05, lambda: read_by_rules(text, question, RULES))
    assert got in get_args(Meaning)
    assert got not in ({"better", "same", "worse"} if question == "checklist" else {"yes", "no"})
