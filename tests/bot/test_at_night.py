"""What falls into the quiet hours is said to come after them, and does."""

from __future__ import annotations

from tests.bot.histories import save_a_checklist
from tests.bot.test_check_in_conversation import set_up
from tests.chat import Talker


async def test_a_time_at_night_is_confirmed_with_the_time_when_it_comes(alice: Talker) -> None:
    await alice.says("/checkin")
    await alice.says("every day at 23:30")
    await alice.says("Berlin")
    await alice.taps(next(label for label in alice.buttons() if label.startswith("Berlin, ")))
    assert "at 23:30, Berlin time." in alice.reads()
    assert "Your quiet hours are 22:00 to 08:00, so it comes when they are over." in alice.reads()
    assert "Tuesday, 24 November 2026, 08:00" in alice.reads()
    await alice.taps("Confirm")
    await alice.taps("Yes, keep my answers")

    assert "Tuesday, 24 November 2026, 08:00" in alice.reads()
    await alice.says("/reminders")
    assert "Tuesday, 24 November 2026, 08:00" in alice.reads()
    said = len(alice.answers())
    await alice.waits(hours=37, minutes=45)  # 23:45 on the day after
    assert len(alice.answers()) == said
    await alice.waits(hours=8, minutes=15)
    assert "Nothing new" in alice.buttons()


async def test_a_time_by_day_says_nothing_of_the_night(alice: Talker) -> None:
    await alice.says("/checkin")
    await alice.says("every day at 21:30")
    await alice.says("Berlin")
    await alice.taps(next(label for label in alice.buttons() if label.startswith("Berlin, ")))

    assert "quiet hours" not in alice.reads()
    assert "Monday, 23 November 2026, 21:30" in alice.reads()


async def test_the_night_of_the_settings_counts(alice: Talker) -> None:
    await set_up(alice)
    await alice.says("/settings")
    await alice.taps("Change quiet hours")
    await alice.says("18:00 to 09:00")
    await alice.says("/reminders")
    assert "23 December 2026, 09:00" in alice.reads()

    await alice.says("/checkin")
    await alice.says("every day at 20:00")

    assert "Your quiet hours are 18:00 to 09:00" in alice.reads()


async def test_the_question_about_a_visit_is_planned_by_day(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(hours=12)  # 23:00 in Berlin
    await save_a_checklist(alice, "Yes")

    assert "Wednesday, 25 November 2026, 08:00" in alice.reads()
    await alice.waits(days=2, hours=9)
    assert "Were you seen by a doctor?" in alice.reads()
