"""Being away: check-ins wait until the person is back, told by button or in words, for one plan or for all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.bot.test_check_in_conversation import set_up
from tests.chat import Talker


async def set_up_weekly(alice: Talker) -> None:
    """Set up a check-in every Tuesday at 19:00 in Berlin; the first is on 24 November 2026."""
    await set_up(alice, words="every tuesday at 7pm")


async def at(alice: Talker, month: int, day: int) -> None:
    """Let it become 18:01 UTC, just after a check-in would be due, having looked on every day before."""
    clock, goal = alice.chats.clock, datetime(2026, month, day, 18, 1, tzinfo=UTC)
    moment = clock.now.replace(hour=18, minute=1)
    while moment <= goal:
        clock.move_to(moment)
        await alice.chats.turn()
        moment += timedelta(days=1)


async def test_away_by_button_names_the_first_one_after_it_and_nothing_comes_before(alice: Talker) -> None:
    await set_up_weekly(alice)
    await alice.says("/reminders")
    await alice.taps("Change 1")
    await alice.taps("Away until…")
    assert "Until when are you away?" in alice.reads()

    await alice.taps("2 weeks: Sunday, 6 December 2026")

    assert "Nothing comes before Sunday, 6 December 2026." in alice.reads()
    assert "The next one is on Tuesday, 8 December 2026, 19:00." in alice.reads()
    await at(alice, 12, 7)
    assert "Nothing comes before" in alice.reads()
    await at(alice, 12, 8)
    assert alice.reads().startswith("Time for your check-in.")


@pytest.mark.parametrize("words", ["until 3 December", "3 December", "for 11 days", "back on the 3rd"])
async def test_the_day_can_be_typed(alice: Talker, words: str) -> None:
    await set_up_weekly(alice)
    await alice.says("/reminders")
    await alice.taps("Change 1")
    await alice.taps("Away until…")

    await alice.says(words)

    assert "Nothing comes before Thursday, 3 December 2026." in alice.reads()
    assert "Next: Tuesday, 8 December 2026, 19:00" in alice.reads()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("3/12", "I can read that date in two ways."),
        ("yesterday", "That day is not ahead of us."),
        ("3 december 2031", "That is more than a year away."),
        ("31 november", "That date does not exist."),
    ],
)
async def test_a_day_that_cannot_be_is_asked_again(alice: Talker, words: str, said: str) -> None:
    await set_up_weekly(alice)
    await alice.says("/reminders")
    await alice.taps("Change 1")
    await alice.taps("Away until…")

    await alice.says(words)

    assert alice.reads().startswith(said)
    assert "1 week: Sunday, 29 November 2026" in alice.buttons()


async def test_a_question_instead_of_a_day_is_answered_and_the_day_asked_again(alice: Talker) -> None:
    await set_up_weekly(alice)
    await alice.says("/reminders")
    await alice.taps("Change 1")
    await alice.taps("Away until…")

    await alice.says("is it contagious?")

    assert "catch" in alice.answers()[-2].text.lower()
    assert alice.reads().startswith("Until when are you away?")


async def test_away_told_in_a_message_holds_for_all_and_shows_in_the_list(alice: Talker) -> None:
    await set_up_weekly(alice)
    await alice.says("/checkin")
    await alice.says("every month on the 24th at 6pm")
    await alice.taps("Confirm")

    await alice.says("I'm away until next Friday")

    assert "Nothing comes before Friday, 27 November 2026." in alice.reads()
    await alice.says("/reminders")
    assert "Away until Friday, 27 November 2026. Next: Tuesday, 1 December 2026, 19:00" in alice.reads()
    assert "Away until Friday, 27 November 2026. Next: Thursday, 24 December 2026, 18:00" in alice.reads()


async def test_away_without_a_day_is_asked_and_a_tap_answers_for_all(alice: Talker) -> None:
    await set_up_weekly(alice)

    await alice.says("hi, I'm on holiday")
    await alice.taps("1 week: Sunday, 29 November 2026")

    assert "Nothing comes before Sunday, 29 November 2026." in alice.reads()
    assert "Next: Tuesday, 1 December 2026, 19:00" in alice.reads()


@pytest.mark.parametrize("how", ["tap", "I'm back early"])
async def test_back_early_lets_it_go_on_at_once(alice: Talker, how: str) -> None:
    await set_up_weekly(alice)
    await alice.says("I'm away until 20 December")

    if how == "tap":
        await alice.says("/reminders")
        await alice.taps("Change 1")
        await alice.taps("I'm back")
    else:
        await alice.says(how)

    assert alice.reads().startswith("Welcome back.")
    assert "Tuesday, 24 November 2026, 19:00" in alice.reads()
    await at(alice, 11, 24)
    assert alice.reads().startswith("Time for your check-in.")


async def test_the_rhythm_of_every_other_week_stays_over_the_time_away(alice: Talker) -> None:
    await set_up(alice, words="every other tuesday 7pm")

    await alice.says("no check-ins until 1 december")

    # 24 November falls into the time away; 1 December is an off week.
    assert "Next: Tuesday, 8 December 2026, 19:00" in alice.reads()


async def test_an_open_check_in_is_not_nudged_while_away(alice: Talker) -> None:
    await set_up_weekly(alice)
    await at(alice, 11, 24)

    await alice.says("I'm away until 20 December")
    await at(alice, 12, 19)

    assert "Nothing comes before Sunday, 20 December 2026." in alice.reads()
    await alice.says("no change")
    assert "Noted: nothing new." in alice.reads()


async def test_what_comes_only_once_waits_for_the_day_back(alice: Talker) -> None:
    await set_up(alice, words="next friday at 7pm")

    await alice.says("I'm away until 1 December")

    assert "Next: Tuesday, 1 December 2026, 19:00" in alice.reads()


async def test_moving_and_quiet_hours_leave_the_time_away_as_it_is(alice: Talker) -> None:
    await set_up_weekly(alice)
    await alice.says("I'm away until 5 December")

    await alice.says("I've moved")
    await alice.says("Auckland")
    await alice.taps(next(label for label in alice.buttons() if label.startswith("Auckland")))
    await alice.says("/settings")
    await alice.taps("Change quiet hours")
    await alice.says("22:00 to 07:00")

    await alice.says("/reminders")
    assert "(Auckland). Away until Saturday, 5 December 2026. Next: Tuesday, 8 December 2026, 19:00" in alice.reads()


async def test_in_the_middle_of_a_checklist_it_is_understood_and_the_question_stands(alice: Talker) -> None:
    await set_up_weekly(alice)
    await alice.says("/check")
    await alice.taps("None of these")

    await alice.says("I'm away until Friday")

    assert "Nothing comes before Friday, 27 November 2026." in alice.answers()[-2].text
    assert "Question 1 of" in alice.reads()


async def test_an_old_button_of_a_stopped_plan_brings_nothing_back(alice: Talker) -> None:
    await set_up_weekly(alice)
    await alice.says("/reminders")
    await alice.taps("Change 1")
    await alice.taps("Away until…")
    old = alice.answers()[-1]
    await alice.says("/stop")

    await alice.taps_on(old, "1 week: Sunday, 29 November 2026")

    assert "You have no check-ins." in next(s.text for s in alice.answers() if s.message_id == old.message_id)
    await at(alice, 12, 8)
    assert not any(seen.text.startswith("Time for") for seen in alice.answers())


async def test_somebody_without_check_ins_is_told_that_there_are_none(alice: Talker) -> None:
    await alice.says("/start")
    await alice.says("/check")
    await alice.says("/cancel")

    await alice.says("I'm away until Friday")

    assert "You have no check-ins." in alice.reads()


async def test_paused_plans_stay_paused_and_can_be_told_a_day_one_by_one(alice: Talker) -> None:
    await set_up_weekly(alice)
    await alice.says("pause")
    assert "All check-ins are paused." in alice.reads()

    await alice.says("/reminders")
    await alice.taps("Change 1")
    await alice.taps("Away until…")
    await alice.says("1 December")

    assert "The next one is on Tuesday, 1 December 2026, 19:00." in alice.reads()


async def test_typing_resume_lets_all_go_on(alice: Talker) -> None:
    await set_up_weekly(alice)
    await alice.says("pause my check-ins")

    await alice.says("resume")

    assert "All of them go on." in alice.reads()
    assert "Next: Tuesday, 24 November 2026, 19:00" in alice.reads()
