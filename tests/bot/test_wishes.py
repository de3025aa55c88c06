"""A check-in that is asked for out of the blue is set up from what was said; a question about them is answered."""

from __future__ import annotations

import pytest

from tests.bot.test_check_in_conversation import set_up
from tests.chat import Talker


async def test_a_wish_in_one_sentence_leaves_only_the_zone_to_ask(alice: Talker) -> None:
    await alice.says("remind me every month on the 3rd at 6pm")
    assert alice.reads().startswith("I can set that up.")
    assert "Where are you?" in alice.reads()
    await alice.says("Lisbon")
    await alice.taps(next(label for label in alice.buttons() if label.startswith("Lisbon, ")))

    assert "Every month on day 3, at 18:00, Lisbon time." in alice.reads()
    await alice.taps("Confirm")
    await alice.taps("Yes, keep my answers")
    assert "Thursday, 3 December 2026" in alice.reads()


async def test_what_a_wish_leaves_open_is_asked(alice: Talker) -> None:
    await alice.says("please check in with me every two weeks")

    assert "At what time?" in alice.reads()


async def test_a_second_wish_takes_the_zone_that_is_known(alice: Talker) -> None:
    await set_up(alice)
    await alice.says("can you remind me every friday at 9?")

    assert "Every week on Friday, at 09:00, Berlin time." in alice.reads()


@pytest.mark.parametrize(
    "text",
    [
        "do reminders come every week?",
        "how often will you check in, weekly or monthly?",
        "remind me sometimes",
        "you didn't remind me on monday at 8",
    ],
)
async def test_a_question_about_check_ins_is_answered_and_begins_nothing(alice: Talker, text: str) -> None:
    await alice.says(text)

    assert "I can set that up." not in alice.reads()
    assert "Set up a check-in" in alice.buttons()


@pytest.mark.parametrize("text", ["it started on friday at 9", "is it contagious?", "my bump hurts every friday at 9"])
async def test_other_texts_with_a_time_begin_nothing(alice: Talker, text: str) -> None:
    await alice.says(text)

    assert "I can set that up." not in alice.reads()


async def test_a_check_in_that_waits_for_its_answer_comes_first(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    await alice.says("remind me every friday at 9")

    assert alice.buttons() == ["In 1 hour", "This evening", "Tomorrow", "Next week", "Back"]
