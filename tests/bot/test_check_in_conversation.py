"""Check-ins as a conversation: set up in words or by tapping, answered, put off, moved, paused and stopped."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.beginnings import held_once
from tests.chat import Talker


@held_once
async def set_up(talker: Talker, words: str = "every month on the 22nd at 7pm", city: str = "Berlin") -> None:
    await talker.says("/checkin")
    await talker.says(words)
    await talker.says(city)
    await talker.taps(next(label for label in talker.buttons() if label.startswith(f"{city}, ")))
    await talker.taps("Confirm")
    if "Yes, keep my answers" in talker.buttons():
        await talker.taps("Yes, keep my answers")


async def test_a_whole_schedule_is_understood_from_one_line_and_echoed_with_two_dates(alice: Talker) -> None:
    await alice.says("/checkin")
    await alice.says("every other tuesday 7pm")
    await alice.says("Berlin")
    await alice.taps("Berlin, Germany: 11:00")

    assert "Every 2 weeks on Tuesday, at 19:00, Berlin time." in alice.reads()
    assert "Tuesday, 24 November 2026, 19:00" in alice.reads()
    assert "Tuesday, 8 December 2026, 19:00" in alice.reads()
    assert [entity["type"] for entity in alice.answers()[-1].entities if entity["type"] == "date_time"]


@pytest.mark.case(103)
@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("every day at 27:30", "That time does not exist."),
        ("three times a week", "Please name the days"),
        ("yesterday at 5pm", "That time is already over."),
        ("2/3 at 5pm", "I can read that date in two ways."),
    ],
)
async def test_what_is_unclear_is_asked_and_never_guessed(alice: Talker, words: str, hint: str) -> None:
    await alice.says("/checkin")
    await alice.says(words)

    assert hint in alice.reads()
    assert "Every week" in alice.buttons()


async def test_a_question_during_the_set_up_is_answered_and_the_step_shown_again(alice: Talker) -> None:
    await alice.says("/checkin")
    await alice.taps("Every week")

    await alice.says("is it contagious?")

    assert "At what time?" in alice.reads()


async def test_the_zone_can_be_told_by_the_time_there_or_by_a_place(alice: Talker, bob: Talker) -> None:
    for talker in (alice, bob):
        await talker.says("/checkin")
        await talker.says("every week at 7pm")
    await alice.says("18:00")
    await alice.taps(next(label for label in alice.buttons() if label.endswith("18:00")))
    bob.phone.sends_location(-36.85, 174.76)
    await bob.chats.turn()

    assert "Please check" in alice.reads()
    assert "Auckland time" in bob.reads()


async def test_a_typed_answer_counts_like_a_tap(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)

    await alice.says("no change")

    assert "Noted: nothing new." in alice.reads()


async def test_a_red_flag_in_an_answer_gets_its_card(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)

    await alice.says("it has become really painful and red")

    assert alice.reads().startswith("You mention pain, redness, swelling or a sore.")
    assert any("Noted: something changed" in seen.text for seen in alice.answers())


async def test_a_question_while_a_check_in_waits_is_answered_and_the_check_in_shown_again(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)

    await alice.says("how do doctors find out if it is calcium?")

    assert alice.reads().startswith("Time for your check-in.")


async def test_an_answer_can_be_changed_until_the_next_one_comes(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    await alice.taps("Nothing new")

    await alice.taps("Change my answer")
    await alice.taps("Something changed")
    await alice.taps("Number")
    await alice.taps("Done")
    await alice.taps("No note")

    assert "Noted: something changed: number." in alice.reads()


@pytest.mark.case(100)
async def test_the_buttons_of_an_older_check_in_are_gone_and_explained(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    old = alice.answers()[-1]
    await alice.waits(days=31)

    assert not next(seen for seen in alice.answers() if seen.message_id == old.message_id).buttons
    await alice.taps_on(old, "Nothing new")

    assert "This check-in is closed." in next(
        seen.text for seen in alice.answers() if seen.message_id == old.message_id
    )


async def test_silence_twice_offers_a_slower_rhythm_and_three_times_stops_with_a_way_back(alice: Talker) -> None:
    await set_up(alice)
    texts = []
    for year, month in ((2026, 12), (2027, 1), (2027, 2), (2027, 3)):
        alice.chats.clock.move_to(datetime(year, month, 22, 18, 1, tzinfo=UTC))
        await alice.chats.turn()
        texts.append(alice.reads())

    assert ["less often" in text for text in texts] == [False, False, True, False]
    assert "I have stopped asking" in texts[-1]
    await alice.taps("Start again")
    assert "It goes on." in alice.reads()


async def test_pausing_resuming_and_stopping_from_the_list(alice: Talker) -> None:
    await set_up(alice)
    await alice.says("/reminders")
    await alice.taps("Change 1")
    await alice.taps("Pause")
    await alice.waits(days=62)
    assert "Paused" in alice.reads()

    await alice.taps("Resume")
    assert "Next: Friday, 22 January 2027" not in alice.reads()
    assert "It goes on." in alice.reads()
    await alice.taps("Stop")

    await alice.waits(days=62)
    assert alice.reads() == "Stopped. I will not ask any more."


async def test_typing_stop_stops(alice: Talker) -> None:
    await set_up(alice)

    await alice.says("stop")

    assert "All check-ins are stopped." in alice.reads()
    await alice.waits(days=62)
    assert "All check-ins are stopped." in alice.reads()


@pytest.mark.case(36)
async def test_blocking_suspends_and_coming_back_asks_first(alice: Talker) -> None:
    await set_up(alice)
    alice.phone.blocks()
    await alice.chats.turn()
    await alice.waits(days=31)
    assert "Time for your check-in." not in [seen.text[:23] for seen in alice.answers()]

    alice.phone.unblocks()
    await alice.chats.turn()
    assert alice.reads().startswith("Welcome back.")
    await alice.taps("Yes, go on")

    assert "Your check-ins" in alice.reads()
    await alice.waits(days=31)
    assert alice.reads().startswith("Time for your check-in.")


@pytest.mark.case(85)
async def test_moving_to_another_zone_keeps_the_wall_time(alice: Talker) -> None:
    await set_up(alice)
    await alice.says("/settings")
    await alice.taps("Change time zone")
    await alice.says("Auckland")
    await alice.taps(next(label for label in alice.buttons() if label.startswith("Auckland")))

    assert "Your time zone is now Auckland. Next check-in: Tuesday, 22 December 2026, 19:00." in alice.reads()
    alice.chats.clock.move_to(datetime(2026, 12, 22, 6, 1, tzinfo=UTC))
    await alice.chats.turn()
    assert alice.reads().startswith("Time for your check-in.")


async def test_quiet_hours_hold_a_check_in_back_until_morning(alice: Talker) -> None:
    await set_up(alice, words="every month on the 22nd at 9pm")
    await alice.says("/settings")
    await alice.taps("Change quiet hours")
    await alice.says("20:00 to 09:00")

    alice.chats.clock.move_to(datetime(2026, 12, 22, 20, 30, tzinfo=UTC))
    await alice.chats.turn()
    assert "silent from 20:00 to 09:00" in alice.reads()
    alice.chats.clock.move_to(datetime(2026, 12, 23, 8, 0, tzinfo=UTC))
    await alice.chats.turn()

    assert alice.reads().startswith("Time for your check-in.")
    assert "22 December 2026, 21:00" in alice.reads()


async def test_a_late_check_in_says_when_it_was_due(alice: Talker) -> None:
    await set_up(alice)

    await alice.waits(days=30, hours=14)
    alice.chats.clock.move_to(datetime(2026, 12, 23, 9, 0, tzinfo=UTC))
    await alice.chats.turn()

    assert "This one is late. It was due Tuesday, 22 December 2026, 19:00." in alice.reads()


async def test_five_plans_are_the_most(alice: Talker) -> None:
    for _ in range(5):
        await alice.says("/checkin")
        await alice.says("every month on the 3rd at 6pm")
        if "Confirm" not in alice.buttons():
            await alice.says("Berlin")
            await alice.taps("Berlin, Germany: 11:00")
        await alice.taps("Confirm")
        if "Yes, keep my answers" in alice.buttons():
            await alice.taps("Yes, keep my answers")

    await alice.says("/checkin")

    assert "which is the most I can keep" in alice.reads()


async def test_discreet_or_open_is_a_choice(alice: Talker) -> None:
    await set_up(alice)
    await alice.says("/settings")
    await alice.taps("Change lock screen text")

    await alice.waits(days=30, hours=9)

    assert alice.reads().startswith("How is the bump since last time?")


@pytest.mark.case(84)
@pytest.mark.parametrize("words", ["last friday of the month at 7pm", "every first monday at 9", "2nd tuesday, 6pm"])
async def test_the_nth_weekday_of_a_month_is_asked_back_and_never_guessed(alice: Talker, words: str) -> None:
    await alice.says("/checkin")

    await alice.says(words)

    assert "Please check" not in alice.reads()
    assert "At what time?" not in alice.reads()
    assert "Every month" in alice.buttons()
