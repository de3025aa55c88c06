"""The rule against python-dateutil and against a slow walk, over all kinds of rules."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import DAILY, MO, MONTHLY, WEEKLY, rrule
from hypothesis import given
from hypothesis import strategies as st

from scheduler.cadence import Cadence, Nominal, Occurrence, catch_up, instant, next_occurrence, nominal_times
from scheduler.rule import LAST_DAY, MAX_INTERVAL
from tests.scheduler.cadences import DAY, MINUTES, ZONES, daily, pinned_tzdata, utc, walk

__all__ = ["pinned_tzdata"]
pytestmark = pytest.mark.usefixtures("pinned_tzdata")


ANCHORS = st.dates(date(2020, 1, 1), date(2060, 12, 31))
WEEKDAYS = st.sets(st.integers(0, 6)).map(tuple)


@st.composite
def cadences(draw: st.DrawFn) -> Cadence:
    unit = draw(st.sampled_from(["day", "week", "month", "once"]))
    changes: dict[str, object] = {"unit": unit}
    if unit != "once":
        changes["interval"] = draw(st.integers(1, MAX_INTERVAL[unit]) | st.integers(1, 4))
    if unit == "week":
        changes["weekdays"] = draw(WEEKDAYS)
    if unit == "month":
        changes["month_day"] = draw(st.none() | st.integers(1, 31))
    return daily(draw(MINUTES).isoformat("minutes"), draw(ANCHORS).isoformat(), **changes)


def fits(cadence: Cadence, day: date, first: date) -> bool:
    """Judge one date by itself; `first` is the first fitting date."""
    if cadence.unit == "once":
        return day == cadence.anchor
    if cadence.unit == "day":
        return (day - cadence.anchor).days % cadence.interval == 0
    if cadence.unit == "week":
        weeks = ((day - day.weekday() * DAY) - (first - first.weekday() * DAY)).days // 7
        return weeks % cadence.interval == 0 and day.weekday() in (cadence.weekdays or (cadence.anchor.weekday(),))
    months = day.year * 12 + day.month - first.year * 12 - first.month
    wanted = cadence.month_day or cadence.anchor.day
    return months % cadence.interval == 0 and day.day == min(wanted, monthrange(day.year, day.month)[1])


def first_fitting(cadence: Cadence) -> date:
    days = (cadence.anchor + n * DAY for n in range(32))
    return next(day for day in days if fits(cadence, day, day))


@given(cadences())
def test_the_rule_gives_the_same_dates_as_walking_day_by_day(cadence: Cadence) -> None:
    first = first_fitting(cadence)
    walked = (cadence.anchor + n * DAY for n in range(800))

    expected = [day for day in walked if day <= LAST_DAY and fits(cadence, day, first)]

    assert [nominal.day for nominal in islice(nominal_times(cadence), len(expected))] == expected


@given(cadences())
def test_the_rule_gives_the_same_dates_as_dateutil(cadence: Cadence) -> None:
    start = datetime.combine(first_fitting(cadence), cadence.at, tzinfo=UTC)
    weekdays = cadence.weekdays or (cadence.anchor.weekday(),)
    last_day_up_to_wanted = range(28, max(28, cadence.month_day or cadence.anchor.day) + 1)
    wanted = cadence.month_day or cadence.anchor.day
    by_month_day = last_day_up_to_wanted if wanted > 28 else [wanted]
    until = datetime.combine(min(LAST_DAY, start.date() + timedelta(days=9000)), cadence.at, tzinfo=UTC)
    oracle = {
        "once": lambda: rrule(DAILY, dtstart=start, count=1),
        "day": lambda: rrule(DAILY, dtstart=start, interval=cadence.interval, until=until),
        "week": lambda: rrule(
            WEEKLY, dtstart=start, interval=cadence.interval, byweekday=weekdays, wkst=MO, until=until
        ),
        "month": lambda: rrule(
            MONTHLY, dtstart=start, interval=cadence.interval, bymonthday=by_month_day, bysetpos=-1, until=until
        ),
    }[cadence.unit]()

    expected = [Nominal(moment.date(), cadence.at) for moment in islice(oracle, 40)]

    assert list(islice(nominal_times(cadence), len(expected))) == expected


@given(cadences(), st.dates(date(2020, 1, 1), LAST_DAY), MINUTES)
def test_jumping_to_a_far_date_is_the_same_as_going_there(cadence: Cadence, day: date, at: time) -> None:
    after = Nominal(day, at)

    jumped = next(nominal_times(cadence, after), None)

    assert jumped == next((nominal for nominal in nominal_times(cadence) if nominal > after), None)


@given(
    cadences(),
    st.sampled_from(ZONES),
    st.datetimes(datetime(2019, 6, 1), datetime(2101, 6, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - in UTC by timezones
)
def test_the_next_occurrence_is_the_first_one_later(cadence: Cadence, key: str, after: datetime) -> None:
    zone = ZoneInfo(key)
    days_before = min(LAST_DAY, after.date() - 5 * DAY)
    around = Nominal(days_before, time(0)) if days_before.year >= 2020 else None

    found = next_occurrence(cadence, zone, after)

    candidates = (Occurrence(each, instant(each, zone)) for each in nominal_times(cadence, around))
    assert found == next((each for each in candidates if each.due_at > after), None)


@given(cadences(), st.sampled_from(ZONES))
def test_occurrences_rise_and_no_date_comes_twice(cadence: Cadence, key: str) -> None:
    found = walk(cadence, ZoneInfo(key), utc("2020-01-01") - DAY, 20)

    assert all(before.due_at < after.due_at for before, after in pairwise(found))
    assert len({each.nominal.day for each in found}) == len(found)


@given(cadences(), st.integers(0, 30), st.integers(0, 30 * 24 * 60))
def test_the_count_of_missed_ones_is_what_a_walk_counts(cadence: Cadence, start: int, minutes_down: int) -> None:
    zone = ZoneInfo("Europe/Berlin")
    due = next(islice(walk(cadence, zone, utc("2020-01-01") - DAY, start + 1), start, None), None)
    if due is None:
        return
    now = due.due_at + timedelta(minutes=minutes_down)

    found = catch_up(cadence, zone, due, now)

    walked = [due, *walk(cadence, zone, due.due_at, 40)]
    passed = [each for each in walked if each.due_at <= now]
    assert found.missed + (found.send is not None) == len(passed)
    assert found.send in (None, passed[-1])
    assert found.next == next((each for each in walked if each.due_at > now), None)
