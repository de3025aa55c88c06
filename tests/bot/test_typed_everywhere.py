"""What can be tapped can be typed: each step of a check-in and of its set-up."""

from __future__ import annotations

import pytest

from tests.beginnings import held_once
from tests.bot.test_check_in_conversation import set_up
from tests.chat import Talker


@held_once
async def with_a_check_in(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)


async def test_a_change_is_told_in_words_step_by_step(alice: Talker) -> None:
    await with_a_check_in(alice)
    await alice.taps("Something changed")

    await alice.says("size and number")
    assert alice.reads().startswith("How big is it now?")
    await alice.says("like a lentil")
    assert alice.reads().startswith("Would you like to add a note?")
    await alice.says("no")

    assert alice.reads().startswith("Noted: something changed: size (like a lentil), number.")


async def test_a_note_is_kept_and_a_question_instead_of_it_is_answered(alice: Talker) -> None:
    await with_a_check_in(alice)
    await alice.taps("Something changed")
    await alice.says("number")

    await alice.says("is it contagious?")
    assert "catch" in alice.answers()[-2].text.lower()
    assert alice.reads().startswith("Would you like to add a note?")
    await alice.says("two more under the left eye")
    await alice.says("/history")

    assert "something changed: number" in alice.reads()


@pytest.mark.parametrize(
    ("words", "when"),
    [
        ("tomorrow please", "Wednesday, 23 December 2026, 20:00"),
        ("in an hour", "Tuesday, 22 December 2026, 21:00"),
        ("next week", "Tuesday, 29 December 2026, 20:00"),
        ("on thursday at 9am", "Thursday, 24 December 2026, 09:00"),
    ],
)
async def test_later_can_be_typed_with_its_time(alice: Talker, words: str, when: str) -> None:
    await with_a_check_in(alice)
    await alice.taps("Ask me later")

    await alice.says(words)

    assert alice.reads() == f"I will ask again {when}. Your rhythm stays as it is."


async def test_a_check_in_that_was_put_off_is_not_asked_under_every_answer_but_can_be_answered(alice: Talker) -> None:
    await with_a_check_in(alice)
    await alice.says("remind me tomorrow")

    await alice.says("is it contagious?")
    assert "catch" in alice.reads().lower()
    await alice.says("/checkin")
    assert alice.reads().startswith("Time for your check-in.")
    await alice.says("no change")

    assert alice.reads().startswith("Noted: nothing new.")


async def test_a_whole_set_up_is_typed(alice: Talker) -> None:
    await alice.says("/checkin")
    await alice.says("every month on the 22nd")
    await alice.says("7pm")
    await alice.says("Berlin")
    await alice.taps("Berlin, Germany: 11:00")
    assert "Please check" in alice.reads()

    await alice.says("ok")
    assert alice.reads().startswith("May I keep your answers?")
    await alice.says("yes")

    assert alice.reads().startswith("Done. I will ask you on Tuesday, 22 December 2026, 19:00.")


async def test_consent_is_not_taken_from_anything_but_a_plain_yes(alice: Talker) -> None:
    await alice.says("/checkin")
    await alice.says("every month on the 22nd at 7pm")
    await alice.taps("It is 10:00 for me")
    await alice.says("confirm")

    await alice.says("what do you keep?")
    assert alice.reads().startswith("May I keep your answers?")
    await alice.says("rather not")

    assert alice.reads().startswith("That is fine. I keep no answers")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("8:30", "at 08:30, Berlin time"),
        ("every 2 weeks on friday", "Every 2 weeks on Friday, at 19:00, Berlin time"),
        ("other time", "At what time?"),
        ("no", "What is not right?"),
    ],
)
async def test_at_the_last_look_anything_can_still_be_changed_in_words(alice: Talker, words: str, shown: str) -> None:
    await alice.says("/checkin")
    await alice.says("every month on the 22nd at 7pm")
    await alice.says("Berlin")
    await alice.taps("Berlin, Germany: 11:00")

    await alice.says(words)

    assert shown in alice.reads()


async def test_another_city_at_the_last_look_is_offered(alice: Talker) -> None:
    await alice.says("/checkin")
    await alice.says("every month on the 22nd at 7pm")
    await alice.taps("It is 10:00 for me")

    await alice.says("Auckland")
    await alice.taps(next(label for label in alice.buttons() if label.startswith("Auckland")))

    assert "at 19:00, Auckland time" in alice.reads()


async def test_a_plain_yes_takes_the_one_place_that_is_offered_and_none_of_several(alice: Talker) -> None:
    await alice.says("remind me monthly on the 1st at 9am")
    await alice.says("Springfield")
    assert alice.reads() == "Which of these is right for you?"
    await alice.says("yes")
    assert "Please check" not in alice.reads()

    await alice.says("Berlin")
    assert alice.reads() == "Is this where you are?"
    await alice.says("yes")

    assert "at 09:00, Berlin time" in alice.reads()
    await alice.taps("Other zone")
    assert "It is 10:00 for me" in alice.buttons(), "not the place that was wrong"


async def test_the_zone_is_never_required(alice: Talker) -> None:
    await alice.says("/checkin")
    await alice.says("every week at 7pm")
    assert "If you would rather not say, I take UTC, where it is 10:00 now." in alice.reads()

    await alice.says("ok")

    assert "at 19:00, UTC time" in alice.reads()


async def test_editing_a_plan_keeps_it_and_its_last_answer(alice: Talker) -> None:
    await with_a_check_in(alice)
    await alice.says("better")
    await alice.says("/reminders")
    await alice.taps("Change 1")
    await alice.taps("Change")
    await alice.says("every 2 weeks on tuesday at 8pm")
    await alice.says("yes")
    assert "Done. I will ask you on Tuesday, 29 December 2026, 20:00." in alice.reads()

    await alice.waits(days=7, minutes=1)

    assert "Last time (22 December 2026): better." in alice.reads()
    await alice.says("/reminders")
    assert "2." not in alice.reads()


async def test_a_weekly_rhythm_is_slowed_down_as_well(alice: Talker) -> None:
    await set_up(alice, words="every tuesday at 7pm")
    await alice.waits(days=2, hours=9)
    for _ in range(2):
        await alice.waits(days=7)

    assert "Shall I ask less often?" in alice.reads()
    await alice.taps("Every 2 weeks")
    assert "Every 2 weeks on Tuesday" in alice.reads()
