"""What was asked and answered in words: its buttons go, and a step that was opened by mistake has a way back."""

from __future__ import annotations

import pytest

from tests.bot.test_check_in_conversation import set_up
from tests.chat import Talker


def with_buttons(talker: Talker) -> list[str]:
    """Return the first words of every message that still has buttons."""
    return [seen.text[:20] for seen in talker.answers() if seen.buttons]


async def test_a_typed_note_takes_the_buttons_off_the_question_and_is_shown(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    await alice.taps("Something changed")
    await alice.taps("Number")
    await alice.taps("Done")

    await alice.says("I wear my <old> glasses")

    assert alice.reads().startswith("Noted: something changed: number.\nYour note: I wear my <old> glasses\n")
    assert with_buttons(alice) == ["Noted: something cha"]


async def test_a_typed_answer_takes_the_buttons_off_the_check_in_and_can_be_changed(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)

    await alice.says("no change")

    assert with_buttons(alice) == ["Noted: nothing new.\n"]
    await alice.taps("Change my answer")
    await alice.taps("Something changed")
    assert with_buttons(alice) == ["What changed? Tap al"]


async def test_a_set_up_in_words_leaves_no_buttons_behind(alice: Talker) -> None:
    await alice.says("/checkin")
    await alice.says("every week")
    assert with_buttons(alice) == ["At what time? Tap on"]

    await alice.says("7pm")
    await alice.says("Berlin")
    assert with_buttons(alice) == ["Is this where you ar"]

    await alice.taps("Berlin, Germany: 11:00")
    await alice.says("yes")
    await alice.says("yes")

    assert alice.reads().startswith("Done. I will ask you on")
    assert with_buttons(alice) == []


async def test_a_question_in_a_set_up_moves_its_buttons_down(alice: Talker) -> None:
    await alice.says("/checkin")

    await alice.says("what can you do?")

    assert alice.reads().startswith("I can ask you from time to time")
    assert [text for text in with_buttons(alice) if text.startswith("I can ask")] == ["I can ask you from t"]


async def test_ask_me_later_by_mistake_has_a_way_back(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    await alice.taps("Ask me later")

    await alice.taps("Back")

    assert alice.reads().startswith("Time for your check-in.")
    await alice.taps("Nothing new")
    assert "Noted: nothing new." in alice.reads()


async def test_ive_moved_by_mistake_has_a_way_back(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    await alice.taps("I've moved")

    await alice.taps("Back")

    assert alice.reads().startswith("Time for your check-in.")
    await alice.says("no change")
    assert "Noted: nothing new." in alice.reads()


@pytest.mark.parametrize("by", ["city", "place"])
async def test_after_a_move_the_check_in_waits_for_its_answer_again(alice: Talker, by: str) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    await alice.taps("I've moved")

    if by == "city":
        await alice.says("Tokyo")
        await alice.taps(alice.buttons()[0])
    else:
        alice.phone.sends_location(-36.85, 174.76)
        await alice.chats.turn()

    assert "Your time zone is now" in alice.answers()[-2].text
    assert alice.reads().startswith("Time for your check-in.")
    await alice.taps("Nothing new")
    assert "Noted: nothing new." in alice.reads()


async def test_a_move_from_the_settings_shows_no_check_in(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    await alice.says("/settings")
    await alice.taps("Change time zone")
    await alice.says("Tokyo")

    await alice.taps(alice.buttons()[0])

    assert alice.reads().startswith("Your time zone is now Tokyo.")


async def test_a_move_by_words_leaves_the_question_open_when_something_else_is_asked(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    await alice.taps("I've moved")

    await alice.says("is it contagious?")

    assert alice.reads().startswith("Where are you?")
    assert alice.buttons() == ["Back"]
