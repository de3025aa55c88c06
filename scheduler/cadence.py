"""Turn a rule for coming back into dates, wall times and instants: the only date arithmetic of the program.

Everything counts from the rule and its anchor, never from what happened last, so that neither a clock change nor a
short month can make a plan drift. A wall time that a clock change leaves out moves forward by the gap; one that comes
twice counts the first time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from scheduler.rule import FIRST_DAY, LAST_DAY, YEARS_AHEAD, Cadence, Unit, check_wall_time, count_before, nth_date

__all__ = [
    "Cadence",
    "CatchUp",
    "Nominal",
    "Occurrence",
    "QuietHours",
    "Unit",
    "after_move",
    "catch_up",
    "check_quiet",
    "first_occurrence",
    "instant",
    "next_occurrence",
    "nominal_times",
    "quiet",
]

# Wall times: from, to.
QuietHours = tuple[time, time]

# A late check-in is worth sending for half the way to the next one, but a day at most: then its question has grown old.
MAX_LATE = timedelta(hours=24)
# After a change of zone: half a day is the most that a person on the other side of the world still takes for today.
MAX_LATE_AFTER_MOVE = timedelta(hours=12)

# Quiet hours must leave room for the longest gap known (Troll, two hours) and for everybody's turn in a busy morning.
MIN_OPEN = timedelta(hours=4)

_DAY = timedelta(days=1)


@dataclass(frozen=True, order=True, slots=True)
class Nominal:
    """Name an occurrence by the wall time it was meant for, in no zone.

    Written "2027-03-28T02:30". Raises ValueError "year" or "at".
    """

    day: date
    at: time

    def __post_init__(self) -> None:
        if not FIRST_DAY <= self.day <= LAST_DAY:
            raise ValueError("year")
        check_wall_time(self.at)

    def __str__(self) -> str:
        return f"{self.day.isoformat()}T{self.at.isoformat('minutes')}"

    @classmethod
    def parse(cls, text: str) -> Nominal:
        """Read what `str` wrote. Raises ValueError for any other text."""
        day, _, at = text.partition("T")
        nominal = cls(date.fromisoformat(day), time.fromisoformat(at))
        if str(nominal) != text:
            raise ValueError("nominal")
        return nominal


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Pair a nominal time with its instant. `due_at` is UTC."""

    nominal: Nominal
    due_at: datetime


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Say what to do at `now`: send one occurrence or none, count those that were missed, and go on with `next`."""

    send: Occurrence | None
    missed: int
    next: Occurrence | None


def nominal_times(cadence: Cadence, after: Nominal | None = None) -> Iterator[Nominal]:
    """Yield the wall times of the rule that are later than `after`, up to LAST_DAY. No cost for a far `after`."""
    start = 0
    if after is not None:
        start = count_before(cadence, after.day + _DAY if cadence.at <= after.at else after.day)
    for index in count(start):
        day = nth_date(cadence, index)
        if day is None:
            return
        yield Nominal(day, cadence.at)


def instant(nominal: Nominal, zone: ZoneInfo) -> datetime:
    """Return the UTC instant of a wall time: over a gap moved forward by the gap, in an overlap the first."""
    # fold=0, the default, means exactly that in both cases.
    return datetime.combine(nominal.day, nominal.at, tzinfo=zone).astimezone(UTC)


def next_occurrence(
    cadence: Cadence, zone: ZoneInfo, after: datetime, done: Nominal | None = None
) -> Occurrence | None:
    """Return the first occurrence later than `after` (UTC) whose date is later than that of `done`, or None.

    `done` is the last one taken up: its date never comes again, in whatever zone or at whatever time of day.
    """
    index = _index_after(cadence, zone, after)
    if done is not None:
        index = max(index, count_before(cadence, done.day + _DAY))
    return _occurrence(cadence, zone, index)


def first_occurrence(cadence: Cadence, zone: ZoneInfo, now: datetime) -> Occurrence:
    """Return the first occurrence of a new plan.

    Raises ValueError "past" if there is none to come, "too-far" if it is more than YEARS_AHEAD away.
    """
    first = next_occurrence(cadence, zone, now)
    if first is None:
        raise ValueError("past")
    if first.due_at - now > timedelta(days=366 * YEARS_AHEAD):
        raise ValueError("too-far")
    return first


def catch_up(
    cadence: Cadence, zone: ZoneInfo, due: Occurrence, now: datetime, quiet_hours: QuietHours | None = None
) -> CatchUp:
    """Decide about `due`, the oldest occurrence not yet taken up, at `now` (UTC): after a downtime of any length.

    Of all that have come due the latest alone is sent, if it is late by less than MAX_LATE and less than half the days
    to the one after it. Those before it, and it if too late, are missed. Nothing has come due: `next` is `due`.
    An occurrence held back by quiet hours is late only from their end on; the caller holds it back.
    """
    return _take_up(cadence, zone, due.nominal, now, quiet_hours, MAX_LATE)


def after_move(
    cadence: Cadence, zone: ZoneInfo, pending: Nominal, now: datetime, quiet_hours: QuietHours | None = None
) -> CatchUp:
    """Decide as `catch_up` does about the one that was to come next, when the person's zone becomes `zone`.

    Its wall time stays. If that is past there, it is sent once when late by less than MAX_LATE_AFTER_MOVE.
    """
    return _take_up(cadence, zone, pending, now, quiet_hours, MAX_LATE_AFTER_MOVE)


def quiet(due_at: datetime, zone: ZoneInfo, quiet_from: time, quiet_to: time) -> datetime:
    """Return `due_at` (UTC), or the end of the quiet hours that it falls into. Equal times mean no quiet hours."""
    local = due_at.astimezone(zone)
    wall = local.time()
    over_midnight = quiet_to < quiet_from
    is_quiet = (wall >= quiet_from or wall < quiet_to) if over_midnight else quiet_from <= wall < quiet_to
    if not is_quiet:
        return due_at
    ends_on = local.date() if wall < quiet_to else local.date() + _DAY
    # In an hour that comes twice the quiet hours end in the same pass: never before `due_at`.
    return datetime.combine(ends_on, quiet_to.replace(fold=local.fold), tzinfo=zone).astimezone(UTC)


def check_quiet(quiet_from: time, quiet_to: time) -> None:
    """Refuse quiet hours that leave less than MIN_OPEN of the day. Raises ValueError "quiet" or "at"."""
    for wall in (quiet_from, quiet_to):
        check_wall_time(wall)
    minutes_open = ((quiet_from.hour - quiet_to.hour) * 60 + quiet_from.minute - quiet_to.minute) % (24 * 60)
    if timedelta(minutes=minutes_open) < MIN_OPEN:
        raise ValueError("quiet")


def _take_up(
    cadence: Cadence,
    zone: ZoneInfo,
    pending: Nominal,
    now: datetime,
    quiet_hours: QuietHours | None,
    max_late: timedelta,
) -> CatchUp:
    first = count_before(cadence, pending.day)
    coming = max(first, _index_after(cadence, zone, now))
    passed = coming - first
    latest = _occurrence(cadence, zone, coming - 1) if passed else None
    following = _occurrence(cadence, zone, coming)
    if latest is None:
        return CatchUp(send=None, missed=0, next=following)
    if following is not None:
        max_late = min(max_late, (following.nominal.day - latest.nominal.day) / 2)
    open_at = quiet(latest.due_at, zone, *quiet_hours) if quiet_hours else latest.due_at
    if now - open_at < max_late:
        return CatchUp(send=latest, missed=passed - 1, next=following)
    return CatchUp(send=None, missed=passed, next=following)


def _index_after(cadence: Cadence, zone: ZoneInfo, after: datetime) -> int:
    """Count the occurrences up to and including `after` (UTC)."""
    utc_day = after.astimezone(UTC).date()
    if utc_day > LAST_DAY:
        return count_before(cadence, LAST_DAY + _DAY)
    # No wall clock is more than twelve hours behind UTC, and no gap is longer than hours: what is skipped is past, and
    # at most four steps are left.
    index = count_before(cadence, max(utc_day, FIRST_DAY) - _DAY)
    while (occurrence := _occurrence(cadence, zone, index)) and occurrence.due_at <= after:
        index += 1
    return index


def _occurrence(cadence: Cadence, zone: ZoneInfo, index: int) -> Occurrence | None:
    day = nth_date(cadence, index)
    if day is None:
        return None
    nominal = Nominal(day, cadence.at)
    return Occurrence(nominal, instant(nominal, zone))
