"""Make the people of a year: where they live, when they want to be asked, and what they do about it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from scheduler.rule import Cadence, Unit
from tests.conftest import EVERYTHING

BEGIN = datetime(2027, 1, 1, tzinfo=UTC)
END = datetime(2028, 1, 1, tzinfo=UTC)

# Some seconds of one core; more by this setting.
PEOPLE = int(os.environ.get("YEAR_PEOPLE") or ("1000" if EVERYTHING else "120"))

# Midnight changes, half hours, two hours, none at all, and changes that were given up in 2026.
ZONES = (  # noqa: SIM905  # as a list it would be forty lines
    "Europe/Berlin Europe/London Europe/Dublin Europe/Chisinau Europe/Lisbon Atlantic/Azores Africa/Casablanca "
    "Africa/Cairo Africa/Lagos Africa/Johannesburg Asia/Beirut Asia/Jerusalem Asia/Gaza Asia/Tehran Asia/Dubai "
    "Asia/Kolkata Asia/Kathmandu Asia/Almaty Asia/Shanghai Asia/Tokyo Australia/Lord_Howe Australia/Adelaide "
    "Australia/Sydney Pacific/Auckland Antarctica/Troll "
    "America/New_York America/Chicago America/Phoenix America/Los_Angeles America/Vancouver America/St_Johns "
    "America/Havana America/Mexico_City America/Bogota America/Sao_Paulo America/Santiago America/Asuncion "
    "America/Nuuk America/Anchorage Pacific/Honolulu"
).split()

# Hours of the day, UTC, that fall into everybody's day: together the crowd needs few distinct instants.
EASTERN, WESTERN = 8, 20

MONDAY = date(2027, 1, 4)

NIGHT = (time(22), time(8))
NO_NIGHT = (time(0), time(0))

Habit = Literal["answers", "ignores", "slows down", "answers the nudge"]


@dataclass(frozen=True)
class Deed:
    """Hold what somebody does of their own accord, and when. `zone` is for "moves" only."""

    at: datetime
    what: Literal["pauses", "resumes", "blocks", "blocks unheard", "returns", "moves"]
    zone: str = ""


@dataclass(frozen=True)
class Character:
    """Hold one person with one plan."""

    chat_id: int
    zone: str
    cadence: Cadence
    habit: Habit = "answers"
    deeds: tuple[Deed, ...] = ()
    night: tuple[time, time] = NIGHT


def make_cast(people: int = PEOPLE) -> list[Character]:
    """Return so many people, the same ones each time; those who are asked in the hours of clock changes first."""
    chat_ids = itertools.count(1)
    cast = [
        Character(next(chat_ids), zone, cadence, night=NO_NIGHT)
        for zone in ZONES
        for cadence in _in_changed_hours(zone)
    ]
    # With few people there are few of these; with a thousand the rest is five times as many.
    cast = cast[:: max(1, len(cast) * 5 // people)]
    for number in range(people - len(cast)):
        cast.append(_one_of_the_crowd(next(chat_ids), number))
    return cast


def _one_of_the_crowd(chat_id: int, number: int) -> Character:
    zone = ZONES[number % len(ZONES)]
    match number // len(ZONES) % 10, number % 5:
        case 0 | 5, 0:
            # By day, and in the hours of the night that clocks are changed in.
            return Character(
                chat_id, zone, _at_the_usual_hour(zone, "day", 1, date(2027, 3, 8)), deeds=_for_three_weeks()
            )
        case 0 | 5, _:
            return Character(
                chat_id, zone, _at_the_usual_hour(zone, "month", 3, date(2027, 1, 15)), "answers the nudge"
            )
        case 1 | 6, 0:
            return Character(chat_id, zone, _at_the_usual_hour(zone, "week", 1), "slows down")
        case 1 | 6, 1 | 2:
            return Character(chat_id, zone, _at_the_usual_hour(zone, "week", 1), "ignores")
        case 1 | 6, _:
            return Character(chat_id, zone, _at_the_usual_hour(zone, "month", 1, date(2027, 1, 31)))
        case (2 | 7, kind):
            return Character(chat_id, zone, _at_the_usual_hour(zone, "week", 2), deeds=_deeds(kind, zone))
        case (3, 0 | 1):
            # Held back to eight in the morning, which is one of the usual hours there.
            at = Cadence(unit="week", interval=2, at=time(23, 30), anchor=MONDAY - timedelta(days=1))
            return Character(chat_id, "Europe/London", at)
    return Character(chat_id, zone, _at_the_usual_hour(zone, "week", 2))


def _deeds(kind: int, zone: str) -> tuple[Deed, ...]:
    """Return what makes a year restless. These Mondays are days of the two-week plans."""
    spring, autumn = datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 9, 13, tzinfo=UTC)
    summer = spring + timedelta(weeks=16)
    before, between, after = (timedelta(hours=hour) for hour in (EASTERN - 3, EASTERN + 4, WESTERN + 3))
    match kind:
        case 0:
            return Deed(spring + before, "pauses"), Deed(spring + timedelta(weeks=7), "resumes")
        case 1:
            return Deed(spring + before, "blocks"), Deed(autumn + after, "returns")
        case 2:
            return Deed(spring + after, "blocks unheard"), Deed(autumn + before, "returns")
        case 3:
            # An hour or more before it is due, to where the day is nearly over; and back when it came.
            if _usual_hour(zone) == EASTERN:
                return Deed(spring + before, "moves", "Pacific/Auckland"), Deed(summer + after, "moves", zone)
            # So far that it is too late for this one.
            return Deed(spring + timedelta(hours=WESTERN - 2), "moves", "Pacific/Kiritimati"), Deed(
                summer + after, "moves", zone
            )
    # After it came, to where that wall time is still to come.
    return Deed(spring + between, "moves", "Pacific/Honolulu"), Deed(summer + before, "moves", zone)


def _for_three_weeks() -> tuple[Deed, ...]:
    return (Deed(datetime(2027, 4, 2, 5, tzinfo=UTC), "pauses"),)


def _at_the_usual_hour(zone: str, unit: Unit, interval: int, anchor: date = MONDAY) -> Cadence:
    """Return a rule for the wall time that, in winter, is one of the two hours that the crowd shares."""
    local = datetime.combine(MONDAY, time(_usual_hour(zone)), tzinfo=UTC).astimezone(ZoneInfo(zone))
    return Cadence(unit=unit, interval=interval, at=time(local.hour, local.minute), anchor=anchor)


def _usual_hour(zone: str) -> int:
    return (
        EASTERN
        if 8 <= datetime.combine(MONDAY, time(EASTERN), tzinfo=UTC).astimezone(ZoneInfo(zone)).hour < 22
        else WESTERN
    )


def _in_changed_hours(zone: str) -> Iterator[Cadence]:
    """Yield rules for a wall time that the zone's clocks leave out, or show twice, on the days that they do so.

    Each rule comes on the days of both changes, and on the day after the first.
    """
    changes = _changes(zone)
    for first, second in itertools.pairwise(changes):
        for day, wall in (first, second):
            interval = abs((second[0] - first[0]).days)
            yield Cadence(unit="day", interval=interval, at=wall, anchor=first[0])
            yield Cadence(unit="once", at=wall, anchor=day + timedelta(days=1))


def _changes(zone: str) -> Sequence[tuple[date, time]]:
    """Return the wall times of the year that come twice or not at all, one for each change."""
    found = []
    tz, quarter = ZoneInfo(zone), timedelta(minutes=15)
    noon, end = BEGIN.replace(tzinfo=None, hour=12), END.replace(tzinfo=None)
    while noon < end:
        following = noon + timedelta(days=1)
        if noon.replace(tzinfo=tz).utcoffset() != following.replace(tzinfo=tz).utcoffset():
            quarters = (noon + n * quarter for n in range(96))
            changed = [at for at in quarters if len({at.replace(tzinfo=tz, fold=n).utcoffset() for n in (0, 1)}) > 1]
            # Not the very first minute, which a rounding could hide.
            found.append((changed[1].date(), changed[1].time()))
        noon = following
    return found
