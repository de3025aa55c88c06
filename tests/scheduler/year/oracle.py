"""Say what has to come, and when, by other means than the program: day by day, with the zones of `whenever`."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

import whenever

from scheduler.rule import Cadence
from tests.scheduler.year.cast import BEGIN, END, Character, Deed

DAY = timedelta(days=1)

# As promised: silence after so many ends a plan; and how late one may come after a downtime, and after a move.
SILENT_AFTER = 3
LATE, LATE_AFTER_MOVE = timedelta(hours=24), timedelta(hours=12)


@dataclass(frozen=True)
class Downtime:
    """Say when no program ran."""

    begin: datetime
    end: datetime


@dataclass
class Course:
    """Hold what has to come to one person: each nominal time with its instant; and how many come too late."""

    letters: list[tuple[str, datetime]] = field(default_factory=list)
    missed: int = 0
    # Nominal times that are tried and find the bot blocked.
    refused: list[str] = field(default_factory=list)


def expect(character: Character, downtimes: Sequence[Downtime]) -> Course:
    """Return what has to come to this person in the year."""
    return _Walk(character, downtimes).course


class _Walk:
    """Go through one person's year."""

    def __init__(self, character: Character, downtimes: Sequence[Downtime]) -> None:
        self.course = Course()
        self._who, self._downtimes = character, downtimes
        self._zone, self._interval = character.zone, character.cadence.interval
        self._goes_on, self._is_deaf = True, False
        self._unanswered = 0
        self._taken = date.min
        # The next one to come, and how it is counted from the anchor.
        self._number = self._first_after(BEGIN)
        deeds = list(character.deeds)
        while True:
            due = self._open_at(self._number) if self._goes_on else None
            if deeds and (due is None or deeds[0].at <= due):
                self._do(deeds.pop(0))
            elif due is None or due >= END:
                return
            else:
                self._come_due(self._up_again(due))

    def _come_due(self, now: datetime) -> None:
        latest = self._passed(now)
        at = self._open_at(latest)
        assert at is not None  # it is due
        self._number = latest + 1
        if now - at >= self._longest(latest, LATE):
            self.course.missed += 1
        else:
            # A program that comes up again by night waits for the morning.
            self._send(latest, after_night(now, self._zone, *self._who.night))

    def _passed(self, now: datetime) -> int:
        """Count those as missed after which another one came due by now, and return that last one."""
        latest = self._number
        while (following := self._due_at(latest + 1)) is not None and following <= now:
            self.course.missed += 1
            latest += 1
        return latest

    def _send(self, number: int, now: datetime) -> None:
        self._taken = self._day(number)
        nominal = f"{self._taken}T{self._who.cadence.at:%H:%M}"
        if self._is_deaf:
            self.course.refused.append(nominal)
            self._goes_on = False
            return
        self.course.letters.append((nominal, now))
        if self._unanswered == SILENT_AFTER:
            self._goes_on = False
            if self._who.habit == "slows down" and self._interval == self._who.cadence.interval:
                self._interval *= 2
                self._start_again(now)
        self._unanswered += self._who.habit in {"ignores", "slows down"}

    def _do(self, deed: Deed) -> None:
        now = self._up_again(deed.at)
        match deed.what:
            case "pauses" | "blocks":
                self._goes_on = False
            case "blocks unheard":
                self._is_deaf = True
            case "resumes" | "returns":
                self._is_deaf = False
                self._start_again(now)
            case "moves":
                self._zone = deed.zone
                due_at = self._due_at(self._number)
                if not self._goes_on or due_at is None or due_at > now:
                    return
                latest = self._passed(now)
                at = self._open_at(latest)
                assert at is not None  # its wall time is over there
                self._number = latest + 1
                if now - at < self._longest(latest, LATE_AFTER_MOVE):
                    self._send(latest, max(now, at))
                else:
                    self.course.missed += 1

    def _start_again(self, now: datetime) -> None:
        self._goes_on, self._unanswered = True, 0
        self._number = self._first_after(now)

    def _first_after(self, now: datetime) -> int:
        number = 0
        while (due := self._due_at(number)) is not None and (due <= now or self._day(number) <= self._taken):
            number += 1
        return number

    def _day(self, number: int) -> date:
        return self._date(number) or date.max

    def _date(self, number: int) -> date | None:
        return nth(self._who.cadence, self._interval, number)

    def _due_at(self, number: int) -> datetime | None:
        day = self._date(number)
        return None if day is None else utc(day, self._who.cadence.at, self._zone)

    def _open_at(self, number: int) -> datetime | None:
        due = self._due_at(number)
        return None if due is None else after_night(due, self._zone, *self._who.night)

    def _longest(self, number: int, most: timedelta) -> timedelta:
        following = self._date(number + 1)
        return most if following is None else min(most, (following - self._day(number)) / 2)

    def _up_again(self, at: datetime) -> datetime:
        return next((down.end for down in self._downtimes if down.begin <= at < down.end), at)


def nth(cadence: Cadence, interval: int, number: int) -> date | None:
    """Return the date of a rule whose anchor is its first date."""
    if cadence.unit == "once":
        return cadence.anchor if number == 0 else None
    if cadence.unit != "month":
        return cadence.anchor + number * interval * (DAY if cadence.unit == "day" else 7 * DAY)
    years, month = divmod(cadence.anchor.month - 1 + number * interval, 12)
    year = cadence.anchor.year + years
    return date(year, month + 1, min(cadence.anchor.day, calendar.monthrange(year, month + 1)[1]))


def utc(day: date, wall: time, zone: str) -> datetime:
    """Return the instant of a wall time: over a gap forward, in an overlap the first."""
    plain = whenever.PlainDateTime(day.year, day.month, day.day, wall.hour, wall.minute)
    return plain.assume_tz(zone, disambiguation="compatible").to_instant().to_stdlib().astimezone(UTC)


def after_night(at: datetime, zone: str, night_from: time, night_to: time) -> datetime:
    """Return the instant, or the end of the night that it falls into. These nights go over midnight."""
    local = whenever.Instant(at).to_tz(zone).to_stdlib()
    wall = local.time()
    if night_from == night_to or night_to <= wall < night_from:
        return at
    return utc(local.date() + DAY * (wall >= night_from), night_to, zone)
