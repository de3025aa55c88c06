"""From a rule to instants: the tabled clock changes, month ends, years, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from scheduler.cadence import Cadence, Nominal, Occurrence, first_occurrence, instant, next_occurrence, nominal_times
from scheduler.rule import MAX_INTERVAL
from tests.scheduler.cadences import DAY, daily, dates, pinned_tzdata, utc, walk

__all__ = ["pinned_tzdata"]
pytestmark = pytest.mark.usefixtures("pinned_tzdata")


# Zone, nominal local time, UTC, shown locally. 2026f; where the older 2025b differs the instant here is the new one.
INSTANTS = [
    ("Europe/Berlin", "2027-03-28T02:30", "2027-03-28T01:30", "2027-03-28T03:30+02:00"),
    ("Europe/Berlin", "2027-03-29T02:30", "2027-03-29T00:30", "2027-03-29T02:30+02:00"),
    ("Europe/Berlin", "2027-10-31T02:30", "2027-10-31T00:30", "2027-10-31T02:30+02:00"),
    ("America/New_York", "2027-03-14T02:30", "2027-03-14T07:30", "2027-03-14T03:30-04:00"),
    ("America/New_York", "2027-11-07T01:30", "2027-11-07T05:30", "2027-11-07T01:30-04:00"),
    ("America/St_Johns", "2027-03-14T02:30", "2027-03-14T06:00", "2027-03-14T03:30-02:30"),
    ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:45", "2026-10-04T02:45+11:00"),
    ("Australia/Lord_Howe", "2027-04-04T01:45", "2027-04-03T14:45", "2027-04-04T01:45+11:00"),
    ("America/Santiago", "2027-09-05T00:00", "2027-09-05T04:00", "2027-09-05T01:00-03:00"),
    ("Africa/Cairo", "2027-04-30T00:30", "2027-04-29T22:30", "2027-04-30T01:30+03:00"),
    ("America/Havana", "2026-11-01T00:30", "2026-11-01T04:30", "2026-11-01T00:30-04:00"),
    ("America/Nuuk", "2027-03-27T23:30", "2027-03-28T01:30", "2027-03-28T00:30-01:00"),
    ("Antarctica/Troll", "2027-03-28T01:30", "2027-03-28T01:30", "2027-03-28T03:30+02:00"),
    ("Pacific/Chatham", "2027-09-26T03:00", "2027-09-25T14:15", "2027-09-26T04:00+13:45"),
    ("Asia/Kathmandu", "2027-05-01T09:00", "2027-05-01T03:15", "2027-05-01T09:00+05:45"),
    ("Pacific/Kiritimati", "2027-01-01T00:30", "2026-12-31T10:30", "2027-01-01T00:30+14:00"),
    ("Africa/Casablanca", "2027-04-01T09:00", "2027-04-01T09:00", "2027-04-01T09:00+00:00"),
    ("America/Vancouver", "2026-12-01T09:00", "2026-12-01T16:00", "2026-12-01T09:00-07:00"),
    ("America/Edmonton", "2026-12-01T09:00", "2026-12-01T15:00", "2026-12-01T09:00-06:00"),
    ("America/Winnipeg", "2026-12-01T09:00", "2026-12-01T14:00", "2026-12-01T09:00-05:00"),
    ("Europe/Chisinau", "2027-03-28T03:30", "2027-03-28T01:30", "2027-03-28T04:30+03:00"),
]


@pytest.mark.case(73)
@pytest.mark.case(79)
@pytest.mark.parametrize(("key", "nominal", "due", "shown"), INSTANTS)
def test_a_wall_time_becomes_the_tabled_instant(key: str, nominal: str, due: str, shown: str) -> None:
    zone = ZoneInfo(key)

    found = instant(Nominal.parse(nominal), zone)

    assert found == utc(due)
    assert found.astimezone(zone).isoformat(timespec="minutes") == shown


@pytest.mark.case(73)
@pytest.mark.parametrize(("key", "nominal", "due", "shown"), INSTANTS)
def test_a_daily_plan_reaches_the_tabled_instant_from_the_day_before(
    key: str, nominal: str, due: str, shown: str
) -> None:
    wanted = Nominal.parse(nominal)
    cadence = daily(str(wanted.at))

    found = next_occurrence(cadence, ZoneInfo(key), utc(due) - timedelta(hours=2), Nominal(wanted.day - DAY, wanted.at))

    assert found == Occurrence(wanted, utc(due))


@pytest.mark.case(75)
@pytest.mark.parametrize(
    ("key", "at", "day", "shown"),
    [
        ("America/Santiago", "00:00", "2027-09-05", "01:00"),
        ("Africa/Cairo", "00:30", "2027-04-30", "01:30"),
        ("Atlantic/Azores", "00:30", "2027-03-28", "01:30"),
    ],
)
def test_a_gap_at_midnight_skips_no_day(key: str, at: str, day: str, shown: str) -> None:
    zone = ZoneInfo(key)
    gap_day = date.fromisoformat(day)

    found = walk(daily(at), zone, utc(day) - 3 * DAY, 5)

    assert [each.nominal.day for each in found] == [found[0].nominal.day + n * DAY for n in range(5)]
    on_gap_day = next(each for each in found if each.nominal.day == gap_day)
    assert on_gap_day.due_at.astimezone(zone).isoformat()[:16] == f"{day}T{shown}"


@pytest.mark.case(76)
def test_an_hour_that_comes_twice_is_due_once() -> None:
    found = walk(daily("01:30"), ZoneInfo("America/New_York"), utc("2027-11-06T12:00"), 2)

    assert [each.due_at for each in found] == [utc("2027-11-07T05:30"), utc("2027-11-08T06:30")]


@pytest.mark.case(77)
def test_lord_howe_moves_by_half_an_hour() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")

    gap = walk(daily("02:15"), zone, utc("2026-10-03T00:00"), 1)[0]
    fold = walk(daily("01:45"), zone, utc("2027-04-03T00:00"), 2)

    assert gap.due_at.astimezone(zone).time() == time(2, 45)
    assert [each.due_at for each in fold] == [utc("2027-04-03T14:45"), utc("2027-04-04T15:15")]


@pytest.mark.case(78)
def test_nuuk_counts_a_shifted_evening_for_the_day_it_was_meant_for() -> None:
    zone = ZoneInfo("America/Nuuk")

    found = walk(daily("23:30"), zone, utc("2027-03-27T03:00"), 2)

    assert [str(each.nominal) for each in found] == ["2027-03-27T23:30", "2027-03-28T23:30"]
    assert [each.due_at.astimezone(zone).isoformat()[:16] for each in found] == ["2027-03-28T00:30", "2027-03-28T23:30"]


@pytest.mark.case(80)
def test_the_day_after_a_gap_is_back_at_the_nominal_time() -> None:
    zone = ZoneInfo("Europe/Berlin")

    found = walk(daily("02:30"), zone, utc("2027-03-27T12:00"), 3)

    assert [each.due_at.astimezone(zone).time() for each in found] == [time(3, 30), time(2, 30), time(2, 30)]


@pytest.mark.case(81)
def test_the_31st_means_month_end_and_does_not_drift() -> None:
    of_2027 = dates(daily(unit="month", anchor="2027-01-31"), 4)
    of_2028 = dates(daily(unit="month", anchor="2028-01-31"), 3)
    asked_in_february = dates(daily(unit="month", anchor="2027-02-10", month_day=31), 3)

    assert of_2027 == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]
    assert of_2028 == ["2028-01-31", "2028-02-29", "2028-03-31"]
    assert asked_in_february == ["2027-02-28", "2027-03-31", "2027-04-30"]


@pytest.mark.case(82)
def test_a_year_from_29_february_is_28_february_until_the_next_leap_year() -> None:
    found = dates(daily(unit="month", interval=12, anchor="2028-02-29"), 5)

    assert found == ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]


@pytest.mark.case(83)
def test_every_second_tuesday_keeps_its_wall_time_over_clock_changes_and_week_53() -> None:
    zone = ZoneInfo("Europe/Berlin")
    cadence = daily("19:00", "2026-10-06", unit="week", interval=2, weekdays=(1,))

    found = walk(cadence, zone, utc("2026-10-01T00:00"), 20)

    assert all(after.nominal.day - before.nominal.day == 14 * DAY for before, after in pairwise(found))
    assert {each.due_at.astimezone(zone).strftime("%a %H:%M") for each in found} == {"Tue 19:00"}
    assert {each.due_at.hour for each in found} == {17, 18}
    assert any(each.nominal.day.isocalendar().week == 53 for each in found)


def test_weeks_are_counted_from_the_first_fitting_day() -> None:
    found = dates(daily(anchor="2027-01-06", unit="week", interval=2, weekdays=(3, 0)), 5)

    assert found == ["2027-01-07", "2027-01-18", "2027-01-21", "2027-02-01", "2027-02-04"]


@pytest.mark.case(95)
def test_a_plan_in_the_past_or_too_far_ahead_is_refused() -> None:
    now = utc("2026-11-22T10:00")
    at_now = daily("10:00", "2026-11-22", unit="once")

    for anchor, why in (("2026-11-21", "past"), ("2026-11-22", "past"), ("2032-01-01", "too-far")):
        with pytest.raises(ValueError, match=why):
            first_occurrence(daily("10:00", anchor, unit="once"), ZoneInfo("UTC"), now)

    assert first_occurrence(at_now, ZoneInfo("UTC"), now - timedelta(seconds=1)).due_at == now


@pytest.mark.case(95)
@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"anchor": date(9999, 12, 31)}, "year"),
        ({"anchor": date(2019, 12, 31)}, "year"),
        ({"interval": 0}, "interval"),
        ({"interval": MAX_INTERVAL["day"] + 1}, "interval"),
        ({"unit": "once", "interval": 2}, "interval"),
        ({"unit": "hour"}, "unit"),
        ({"weekdays": (1,)}, "weekdays"),
        ({"unit": "week", "weekdays": (7,)}, "weekdays"),
        ({"month_day": 3}, "month-day"),
        ({"unit": "month", "month_day": 32}, "month-day"),
        ({"unit": "month", "month_day": 0}, "month-day"),
        ({"at": time(9, 0, 1)}, "at"),
        ({"at": time(9, 0, tzinfo=UTC)}, "at"),
    ],
)
def test_an_impossible_rule_is_refused_by_name(changes: dict[str, object], why: str) -> None:
    rule = {"unit": "day", "at": time(9), "anchor": date(2026, 1, 1)}

    with pytest.raises(ValueError, match=f"^{why}$"):
        Cadence(**{**rule, **changes})  # type: ignore[arg-type]  # the wrong values are the point


@pytest.mark.case(95)
@pytest.mark.parametrize("after", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
@pytest.mark.parametrize("unit", ["day", "week", "month", "once"])
def test_the_ends_of_time_do_not_overflow(unit: str, after: datetime) -> None:
    cadence = daily(unit=unit, anchor="2100-12-31", interval=MAX_INTERVAL[unit])  # type: ignore[index]  # a str that is a unit

    found = next_occurrence(cadence, ZoneInfo("Pacific/Kiritimati"), after)

    assert (found is None) == (after.year == 9999)
    assert len(list(nominal_times(cadence))) == 1


@pytest.mark.case(96)
def test_leap_seconds_and_2038_are_ordinary_days() -> None:
    zone = ZoneInfo("Europe/Berlin")

    for day in ("2038-01-19", "2026-06-30", "2026-12-31"):
        found = next_occurrence(daily("04:14"), zone, utc(day))
        assert found is not None
        assert found.due_at == utc(f"{day}T0{2 if '-06-' in day else 3}:14")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2027-03-28",
        "2027-03-28 02:30",
        "20270328T0230",
        "2027-W12-7T02:30",
        "2027-03-28T02:30Z",
        "2027-03-28T02:30:01",
        "2027-02-30T02:30",
        "2019-01-01T00:00",
    ],
)
def test_only_the_written_form_is_a_nominal_time(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the reason is Python's own for half of these
        Nominal.parse(text)

    assert str(Nominal.parse("2027-03-28T02:30")) == "2027-03-28T02:30"
