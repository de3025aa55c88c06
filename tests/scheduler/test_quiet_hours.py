"""Quiet hours shift, over midnight and clock changes, and never take the whole day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.cadence import Nominal, check_quiet, instant, quiet
from tests.scheduler.cadences import MINUTES, pinned_tzdata, utc

__all__ = ["pinned_tzdata"]
pytestmark = pytest.mark.usefixtures("pinned_tzdata")


@pytest.mark.case(91)
def test_quiet_hours_over_a_night_with_a_clock_change_end_at_eight() -> None:
    zone = ZoneInfo("Europe/Berlin")
    for night, ends in (("2027-03-27", "2027-03-28T06:00"), ("2027-10-30", "2027-10-31T07:00")):
        due = instant(Nominal.parse(f"{night}T23:30"), zone)

        assert quiet(due, zone, time(22), time(8)) == utc(ends)


def test_quiet_hours_let_the_rest_of_the_day_through() -> None:
    zone = ZoneInfo("UTC")

    assert quiet(utc("2027-05-01T08:00"), zone, time(22), time(8)) == utc("2027-05-01T08:00")
    assert quiet(utc("2027-05-01T21:59"), zone, time(22), time(8)) == utc("2027-05-01T21:59")
    assert quiet(utc("2027-05-01T22:00"), zone, time(22), time(8)) == utc("2027-05-02T08:00")
    assert quiet(utc("2027-05-01T13:10"), zone, time(13), time(14)) == utc("2027-05-01T14:00")
    assert quiet(utc("2027-05-01T03:00"), zone, time(3), time(3)) == utc("2027-05-01T03:00")


@pytest.mark.case(91)
def test_quiet_hours_that_end_in_an_hour_that_comes_twice_never_go_back() -> None:
    zone = ZoneInfo("America/New_York")
    first_pass, second_pass = utc("2027-11-07T05:15"), utc("2027-11-07T06:15")

    assert quiet(first_pass, zone, time(22), time(1, 30)) == utc("2027-11-07T05:30")
    assert quiet(second_pass, zone, time(22), time(1, 30)) == utc("2027-11-07T06:30")


@pytest.mark.case(91)
@pytest.mark.parametrize(
    ("begin", "end"), [("00:00", "00:00"), ("08:00", "08:00"), ("08:00", "07:59"), ("08:00", "04:01")]
)
def test_quiet_hours_all_day_are_refused(begin: str, end: str) -> None:
    with pytest.raises(ValueError, match="quiet"):
        check_quiet(time.fromisoformat(begin), time.fromisoformat(end))

    check_quiet(time(8), time(4))


@pytest.mark.case(91)
@given(
    st.sampled_from(["Antarctica/Troll", "Australia/Lord_Howe", "America/Santiago", "America/Nuuk", "Europe/Berlin"]),
    st.datetimes(datetime(2027, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - in UTC by timezones
    MINUTES,
    st.integers(0, 20 * 60),
)
def test_quiet_hours_shift_to_a_time_that_is_not_quiet(key: str, due: datetime, begin: time, minutes: int) -> None:
    zone = ZoneInfo(key)
    end = (datetime.combine(date(2027, 1, 1), begin, tzinfo=UTC) + timedelta(minutes=minutes)).time()

    allowed = quiet(due, zone, begin, end)

    assert due <= allowed <= due + timedelta(hours=24)
    assert quiet(allowed, zone, begin, end) == allowed
