"""Replies in words that nobody listed are read too, by a model fitted to replies."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from content.fit_replies import fit_reply_model, look_at
from content.hashes import hash_reply_content
from content.model import Library
from content.reading.fitted import StaleIndex
from content.reading.replies import Meaning, Question
from content.reading.reply_model import load_reply_model
from content.reading.reply_reader import read_reply
from content.reply_examples import read_no_replies, read_reply_examples
from tests.content.samples import CONTENT, DATA, EVAL, lines, one_in


@pytest.mark.parametrize(
    ("path", "spread", "floor"),
    [(DATA / "replies.jsonl", 5, 0.98), (EVAL / "replies.jsonl", 1, 0.98)],
    ids=["own", "samples"],
)
def test_sample_replies_are_read_as_expected(path: Path, spread: int, floor: float, library: Library) -> None:
    samples = one_in(spread, lines(path))

    answers = [(line, read_reply(line["text"], line["question"], library.replies)) for line in samples]

    wrong = [(line["question"], line["text"], got, line["means"]) for line, got in answers if got != line["means"]]
    assert len(samples) - len(wrong) >= floor * len(samples), wrong


def test_an_author_who_was_left_out_is_read_better_with_the_model_than_by_rules(library: Library) -> None:
    examples = read_reply_examples() + read_no_replies()
    unseen = one_in(2, [example for example in examples if example.author == "night"])
    seen = one_in(4, [example for example in examples if example.author != "night"])
    found_unseen, found_seen = (look_at(some, library.replies.rules, library.replies.signs) for some in (unseen, seen))

    model = fit_reply_model(seen, found_seen)

    pairs = list(zip(unseen, found_unseen, strict=True))
    by_rules = sum(one.meaning == example.meaning for example, one in pairs) / len(pairs)
    by_both = sum(model.choose(one) == example.meaning for example, one in pairs) / len(pairs)
    assert by_both >= 0.93
    assert by_both > by_rules + 0.03


@pytest.mark.parametrize("text", ["👍", "👍🏽", "✅", "✔️", "👎", "❌", "yes", "No!", "yess", "nope"])
def test_a_bare_yes_or_no_says_nothing_about_a_change(text: str, library: Library) -> None:
    assert read_reply(text, "check-in", library.replies) == "other"


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("yes", "yes"),
        ("no", "no"),
        ("not sure", "unsure"),
        ("stop", "stop"),
        ("later", "snooze"),
        ("👍", "yes"),
        ("👎", "no"),
    ],
)
def test_a_plain_answer_to_the_checklist_is_itself(text: str, meaning: Meaning, library: Library) -> None:
    assert read_reply(text, "checklist", library.replies) == meaning


@pytest.mark.parametrize("question", get_args(Question))
@pytest.mark.parametrize(
    "text",
    [
        "{0.__class__} {text} %s %(text)s",
        "*_`[x](tg://user?id=1)",
        "tg user id 1",
        "'; DROP TABLE people; --",
        "<b>bold</b> <script>alert(1)</script> &lt;",
        "git commit -m 'fix'",
        "lorem ipsum dolor sit amet",
        "xkcd flurb wozzle",
        "blah blah blah",
        "kcolb",
        "9" * 4096,
    ],
)
def test_what_means_nothing_is_no_reply(text: str, question: Question, library: Library) -> None:
    assert read_reply(text, question, library.replies) == "other"


@given(st.text(max_size=300), st.sampled_from(get_args(Question)))
@example("\ud800\x00‮", "checklist")
@example("some " * 800, "check-in")
@example("👍" * 4096, "checklist")
@example("", "check-in")
@example("❶ ② 3² ٤", "checklist")
def test_any_text_has_a_meaning_of_its_question(library: Library, text: str, question: Question) -> None:
    got = read_reply(text, question, library.replies)

    assert got in get_args(Meaning)
    assert got not in ({"better", "same", "worse"} if question == "checklist" else {"yes", "no"})


def test_a_fault_in_the_examples_is_named_with_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "en" / "replies"
    folder.mkdir(parents=True)

    (folder / "me.txt").write_text("# Me.\n\n## check-in: fine\nit is fine\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"me\.txt, line 3: 'check-in: fine'"):
        read_reply_examples(root=tmp_path)

    (folder / "me.txt").write_text("it is fine\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"me\.txt, line 1"):
        read_reply_examples(root=tmp_path)


def test_a_model_of_other_content_is_refused(tmp_path: Path) -> None:
    built = tmp_path / "replies.npz"
    shutil.copy(CONTENT / "built" / "replies.npz", built)

    assert load_reply_model(built, hash_reply_content()).labels
    with pytest.raises(StaleIndex, match=r"reply model .*other content files.*calcibot content build"):
        load_reply_model(built, "something else")
