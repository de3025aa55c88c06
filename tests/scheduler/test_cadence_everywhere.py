"""Over every clock change 2026 to 2028 in every zone: one occurrence a date, at the right instant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

import pytest
import whenever
from apscheduler.triggers.cron import CronTrigger

from scheduler.cadence import Nominal, instant
from tests.conftest import EVERYTHING
from tests.scheduler.cadences import DAY, ZONES, daily, pinned_tzdata, utc, walk

__all__ = ["pinned_tzdata"]
pytestmark = pytest.mark.usefixtures("pinned_tzdata")


# Many zones are others under an old name, with the same data.
ONE_OF_EACH = {files("tzdata").joinpath("zoneinfo", key).read_bytes(): key for key in ZONES}.values()


def changes_of(zone: ZoneInfo) -> Iterator[tuple[datetime, timedelta]]:
    """Yield the instants 2026-2028 when the offset changes, and by how much."""
    moment, end = utc("2026-01-01"), utc("2029-01-01")
    while moment < end:
        later = moment + DAY
        if moment.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            low, high = moment, later
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) // 2
                if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset():
                    low = middle
                else:
                    high = middle
            change = high.replace(second=0, microsecond=0)
            offsets = [(change + n * timedelta(minutes=2)).astimezone(zone).utcoffset() for n in (-1, 1)]
            yield change, offsets[1] - offsets[0]  # type: ignore[operator]  # every zone has an offset
        moment = later


def wall_times_around(change: datetime, by: timedelta, zone: ZoneInfo) -> set[time]:
    before = (change - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None)
    steps = [timedelta(minutes=n) for n in (-61, -31, -1, 0, 1, 16, 31, 61)]
    return {(before + step).time().replace(fold=0) for step in (*steps, abs(by), abs(by) + timedelta(minutes=2))}


def broken_dates(key: str, fire_times: list[datetime], days: list[date], at: time) -> list[str]:
    """Return what is wrong with the firings for these days, judged by `whenever`: gap forward, overlap first."""
    wanted = [
        whenever.PlainDateTime(day.year, day.month, day.day, at.hour, at.minute)
        .assume_tz(key, disambiguation="compatible")
        .to_instant()
        .to_stdlib()
        for day in days
    ]
    return [f"{key} {at}: {fired} for {due}" for fired, due in zip(fire_times, wanted, strict=True) if fired != due]


@pytest.mark.case(74)
def test_in_every_zone_each_date_has_exactly_one_occurrence_over_every_clock_change() -> None:
    checked = 0
    wrong: list[str] = []
    for key in ZONES if EVERYTHING else ONE_OF_EACH:
        zone = ZoneInfo(key)
        for change, by in changes_of(zone):
            for at in wall_times_around(change, by, zone):
                days = [change.astimezone(zone).date() + n * DAY for n in range(-1, 3)]
                found = walk(daily(at.isoformat("minutes")), zone, instant(Nominal(days[0] - DAY, at), zone), 4)
                assert [each.nominal.day for each in found] == days
                wrong += broken_dates(key, [each.due_at for each in found], days, at)
                checked += 1

    assert wrong == []
    assert checked > 5_000


@pytest.mark.case(74)
@pytest.mark.parametrize(
    ("key", "at", "day"), [("America/Santiago", "00:00", "2027-09-05"), ("Europe/Berlin", "02:30", "2027-10-31")]
)
def test_control_a_cron_trigger_skips_a_gap_at_midnight_and_fires_twice_in_an_overlap(
    key: str, at: str, day: str
) -> None:
    zone, wall = ZoneInfo(key), time.fromisoformat(at)
    days = [date.fromisoformat(day) + n * DAY for n in range(-1, 2)]
    trigger = CronTrigger(hour=wall.hour, minute=wall.minute, timezone=zone)
    moment = instant(Nominal(days[0], wall), zone) - timedelta(seconds=1)
    fired: list[datetime] = []

    for _ in days:
        previous = fired[-1] if fired else None
        fired.append(trigger.get_next_fire_time(previous, moment).astimezone(UTC))
        moment = fired[-1] + timedelta(seconds=1)

    assert broken_dates(key, fired, days, wall) != []
    ours = walk(daily(at), zone, instant(Nominal(days[0], wall), zone) - timedelta(seconds=1), 3)
    assert broken_dates(key, [each.due_at for each in ours], days, wall) == []
