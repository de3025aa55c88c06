"""What people type under a question is read as the answer they mean, in their own words."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from content.reading.replies import Meaning, Question, ReplyRules, read_reply
from tests.content.samples import DATA, EVAL, lines, seconds, words_file

RULES = ReplyRules.from_toml(words_file("replies.toml"))


@pytest.mark.parametrize(
    ("path", "floor"), [(DATA / "replies.jsonl", 0.98), (EVAL / "replies.jsonl", 0.97)], ids=["own", "samples"]
)
def test_sample_replies_are_read_as_expected(path: Path, floor: float) -> None:
    if not path.exists():
        pytest.skip(f"no {path.name} here")
    samples = lines(path)

    answers = [(line, read_reply(line["text"], line["question"], RULES)) for line in samples]

    wrong = [(line["question"], line["text"], got, line["means"]) for line, got in answers if got != line["means"]]
    assert len(samples) - len(wrong) >= floor * len(samples), wrong


@pytest.mark.parametrize("text", ["👍", "👍🏽", "✅", "✔️", "👎", "❌", "yes", "No!", "yess", "nope"])
def test_a_bare_yes_or_no_says_nothing_about_a_change(text: str) -> None:
    got = read_reply(text, "check-in", RULES)

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
    got = read_reply(text, "checklist", RULES)

    assert got == expected


@pytest.mark.parametrize("text", ["smaller but it hurts now", "better, but a new one came"])
def test_a_new_sign_outweighs_a_change_for_the_better(text: str) -> None:
    got = read_reply(text, "check-in", RULES)

    assert got == "worse"


def test_what_is_still_there_is_no_new_sign() -> None:
    assert read_reply("still sore", "check-in", RULES) == "same"
    assert read_reply("sore", "check-in", RULES) == "worse"


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


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=300), _REPLIES), st.sampled_from(get_args(Question)))
@example("\ud800\x00‮", "checklist")
@example("some " * 1000, "check-in")
@example("qwertyuiop " * 400, "checklist")
@example("👍" * 4096, "checklist")
def test_any_text_has_a_meaning_of_its_question_quickly(text: str, question: Question) -> None:
    got = read_reply(text, question, RULES)
    took = seconds(lambda: read_reply(text, question, RULES))

    assert took < 0.05
    assert got in get_args(Meaning)
    assert got not in ({"better", "same", "worse"} if question == "checklist" else {"yes", "no"})
