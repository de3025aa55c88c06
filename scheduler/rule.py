"""Hold a rule for coming back, and count its dates: the wall calendar alone, without zones or instants.

A date is found by its number and a number by its date, both without walking: nothing is counted from what happened
last, so no short month and no late check-in can make a rule drift.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Literal

Unit = Literal["day", "week", "month", "once"]

# Before the first release there was nothing to plan, and nobody plans for the next century.
FIRST_DAY = date(2020, 1, 1)
LAST_DAY = date(2100, 12, 31)

# A check-in further ahead than this is more likely a slip of the finger than a wish.
YEARS_AHEAD = 5
MAX_INTERVAL: dict[Unit, int] = {
    "day": 366 * YEARS_AHEAD,
    "week": 53 * YEARS_AHEAD,
    "month": 12 * YEARS_AHEAD,
    "once": 1,
}

_DAY = timedelta(days=1)
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """Hold a rule. A year is 12 months; occurrences are at least one day apart.

    `weekdays` (0 is Monday; empty: the anchor's) are for "week" only. `month_day` is for "month" only (None: the
    anchor's; 29 to 31 mean the last day of a shorter month). `at` is a wall time in whole minutes. `anchor` is the
    first date that may occur: intervals are counted from the first fitting date on or after it.
    The nth or last weekday of a month is not a rule here: who wants it is asked for a month day instead.
    Raises ValueError "unit", "interval", "weekdays", "month-day", "at" or "year".
    """

    unit: Unit
    at: time
    anchor: date
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    month_day: int | None = None

    def __post_init__(self) -> None:
        if self.unit not in MAX_INTERVAL:
            raise ValueError("unit")
        if not 1 <= self.interval <= MAX_INTERVAL[self.unit]:
            raise ValueError("interval")
        if self.weekdays and (self.unit != "week" or not set(self.weekdays) <= set(range(_WEEK))):
            raise ValueError("weekdays")
        if self.month_day is not None and (self.unit != "month" or not 1 <= self.month_day <= 31):
            raise ValueError("month-day")
        if not FIRST_DAY <= self.anchor <= LAST_DAY:
            raise ValueError("year")
        check_wall_time(self.at)
        object.__setattr__(self, "weekdays", tuple(sorted(set(self.weekdays))))


def nth_date(cadence: Cadence, index: int) -> date | None:
    """Return the date with this number, from 0, or None after the last: LAST_DAY at the latest."""
    if cadence.unit == "once":
        day = cadence.anchor if index == 0 else None
    elif cadence.unit == "day":
        day = cadence.anchor + index * cadence.interval * _DAY
    elif cadence.unit == "week":
        monday, weekdays, skipped = _first_week(cadence)
        weeks, nth = divmod(index + skipped, len(weekdays))
        day = monday + (weeks * cadence.interval * _WEEK + weekdays[nth]) * _DAY
    else:
        day = _month_date(cadence, _first_month(cadence) + index * cadence.interval)
    return day if day is not None and day <= LAST_DAY else None


def count_before(cadence: Cadence, day: date) -> int:
    """Count the dates of the rule before `day`."""
    if cadence.unit == "once":
        return int(cadence.anchor < day)
    if cadence.unit == "day":
        return max(0, -((cadence.anchor - day).days // cadence.interval))
    if cadence.unit == "week":
        monday, weekdays, skipped = _first_week(cadence)
        rounds, rest = divmod((day - monday).days, cadence.interval * _WEEK)
        return max(0, rounds * len(weekdays) + sum(weekday < rest for weekday in weekdays) - skipped)
    month = _month_number(day)
    rounds, rest = divmod(month - _first_month(cadence), cadence.interval)
    has_passed = rest > 0 or _month_date(cadence, month) < day
    return max(0, rounds + has_passed)


def _first_week(cadence: Cadence) -> tuple[date, tuple[int, ...], int]:
    """Return the Monday that weeks are counted from, the weekdays, and how many of them lie before the anchor."""
    weekdays = cadence.weekdays or (cadence.anchor.weekday(),)
    first = cadence.anchor + min((weekday - cadence.anchor.weekday()) % _WEEK for weekday in weekdays) * _DAY
    return first - first.weekday() * _DAY, weekdays, weekdays.index(first.weekday())


def _first_month(cadence: Cadence) -> int:
    month = _month_number(cadence.anchor)
    return month if _month_date(cadence, month) >= cadence.anchor else month + 1


def _month_number(day: date) -> int:
    return day.year * 12 + day.month - 1


def _month_date(cadence: Cadence, month: int) -> date:
    year, month_index = divmod(month, 12)
    last = monthrange(year, month_index + 1)[1]
    return date(year, month_index + 1, min(cadence.month_day or cadence.anchor.day, last))


def check_wall_time(wall: time) -> None:
    """Refuse anything but whole minutes without a zone. Raises ValueError "at"."""
    if wall.second or wall.microsecond or wall.tzinfo is not None:
        raise ValueError("at")
