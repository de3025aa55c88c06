"""What is sent, missed or skipped after downtime and after a move to another zone."""

from __future__ import annotations

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.cadence import Nominal, Occurrence, after_move, catch_up, first_occurrence, instant, next_occurrence
from tests.scheduler.cadences import DAY, daily, pinned_tzdata, utc

__all__ = ["pinned_tzdata"]
pytestmark = pytest.mark.usefixtures("pinned_tzdata")


@pytest.mark.case(85)
def test_a_move_ahead_sends_the_pending_one_late_and_once() -> None:
    berlin, auckland = ZoneInfo("Europe/Berlin"), ZoneInfo("Pacific/Auckland")
    pending = Nominal.parse("2026-06-09T19:00")
    now = instant(pending, berlin) - timedelta(hours=1)

    moved = after_move(daily("19:00"), auckland, pending, now)

    assert moved.send == Occurrence(pending, utc("2026-06-09T07:00"))
    assert moved.missed == 0
    assert moved.next is not None
    assert str(moved.next.nominal) == "2026-06-10T19:00"


@pytest.mark.case(85)
def test_a_move_that_makes_it_half_a_day_late_skips_it_and_states_the_next() -> None:
    pending = Nominal.parse("2026-06-09T19:00")
    now = instant(pending, ZoneInfo("Pacific/Honolulu")) - timedelta(hours=1)

    moved = after_move(daily("19:00", unit="week", anchor="2026-06-09"), ZoneInfo("Pacific/Auckland"), pending, now)

    assert (moved.send, moved.missed) == (None, 1)
    assert moved.next is not None
    assert str(moved.next.nominal) == "2026-06-16T19:00"


@pytest.mark.case(85)
def test_a_move_back_over_the_date_line_does_not_bring_a_date_twice() -> None:
    auckland, honolulu = ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Honolulu")
    done = Nominal.parse("2026-06-09T09:00")
    now = instant(done, auckland) + timedelta(minutes=1)

    following = next_occurrence(daily(), honolulu, now, done)

    assert now.astimezone(honolulu).date() == date(2026, 6, 8)
    assert following is not None
    assert str(following.nominal) == "2026-06-10T09:00"


@pytest.mark.case(85)
@given(st.data())
def test_moving_about_neither_repeats_nor_loses_a_date(data: st.DataObject) -> None:
    keys = st.sampled_from(["Pacific/Auckland", "Pacific/Honolulu", "Europe/Berlin", "Asia/Kathmandu", "America/Nuuk"])
    cadence = daily(f"{data.draw(st.integers(0, 23)):02}:30")
    zone = ZoneInfo(data.draw(keys))
    now = utc("2027-03-25T00:00")
    pending = next_occurrence(cadence, zone, now)
    assert pending is not None
    accounted: list[date] = []

    for _ in range(8):
        now += timedelta(hours=data.draw(st.integers(1, 40)))
        first = pending.nominal.day
        zone = ZoneInfo(data.draw(keys))
        moved = after_move(cadence, zone, pending.nominal, now)
        assert moved.next is not None
        accounted += [first + n * DAY for n in range(moved.missed + (moved.send is not None))]
        assert moved.send is None or moved.send.nominal.day == accounted[-1]
        pending = moved.next

    accounted.append(pending.nominal.day)
    assert accounted == [accounted[0] + n * DAY for n in range(len(accounted))]


@pytest.mark.case(89)
@pytest.mark.parametrize(
    ("unit", "interval", "down", "sent", "missed"),
    [
        ("day", 1, timedelta(hours=2), True, 0),
        ("day", 1, timedelta(hours=26), True, 1),
        ("day", 1, timedelta(hours=13), False, 1),
        ("day", 1, timedelta(days=30, hours=2), True, 30),
        ("day", 1, timedelta(days=30, hours=14), False, 31),
        ("week", 1, timedelta(hours=2), True, 0),
        ("week", 1, timedelta(hours=26), False, 1),
        ("week", 1, timedelta(days=30), False, 5),
        ("month", 3, timedelta(hours=2), True, 0),
        ("month", 3, timedelta(hours=26), False, 1),
        ("month", 3, timedelta(days=30), False, 1),
        ("once", 1, timedelta(hours=23), True, 0),
        ("once", 1, timedelta(hours=25), False, 1),
    ],
)
def test_after_downtime_at_most_one_is_sent_and_the_rest_counted(
    unit: str, interval: int, down: timedelta, sent: bool, missed: int
) -> None:
    cadence = daily(unit=unit, interval=interval, anchor="2027-05-03")
    due = first_occurrence(cadence, ZoneInfo("Europe/Berlin"), utc("2027-05-01T00:00"))
    now = due.due_at + down

    found = catch_up(cadence, ZoneInfo("Europe/Berlin"), due, now)

    assert (found.send is not None, found.missed) == (sent, missed)
    assert found.send is None or found.send.due_at <= now
    assert found.next is None if unit == "once" else found.next is not None and found.next.due_at > now


def test_nothing_is_caught_up_before_it_is_due() -> None:
    cadence = daily()
    due = first_occurrence(cadence, ZoneInfo("UTC"), utc("2027-05-01T10:00"))

    found = catch_up(cadence, ZoneInfo("UTC"), due, due.due_at - timedelta(seconds=1))

    assert (found.send, found.missed, found.next) == (None, 0, due)


def test_one_that_waited_for_quiet_hours_to_end_is_not_late() -> None:
    cadence = daily("18:30")
    due = first_occurrence(cadence, ZoneInfo("UTC"), utc("2027-05-01T10:00"))
    morning = utc("2027-05-02T09:00")

    held_back = catch_up(cadence, ZoneInfo("UTC"), due, morning, (time(18), time(9)))
    not_held_back = catch_up(cadence, ZoneInfo("UTC"), due, morning)

    assert held_back.send == due
    assert (not_held_back.send, not_held_back.missed) == (None, 1)
