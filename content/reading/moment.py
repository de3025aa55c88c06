"""Read one day, and the time of day if it is said: "friday", "in two weeks", "3 December at 9am"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from content.reading.schedule import read_schedule
from content.reading.schedule_model import Ask, Schedule
from content.reading.schedule_words import ScheduleWords

# Reasons that speak of the words put before, not of what the person typed.
_OURS = frozenset({"unclear", "how-often", "once-or-repeat", "contradiction", "which-days", "too-often"})


@dataclass(frozen=True)
class Moment:
    """Hold one day, today or later, and the time of day; None when it was not said. Both are local."""

    day: date
    at: time | None


def read_moment(text: str, now: datetime, zone: ZoneInfo, words: ScheduleWords) -> Moment | Ask:
    """Read a text as one day, where that was asked for: a lone weekday is the next one. `now` is aware."""
    reasons = []
    for lead in ("", *words.away["lead"]):
        read = read_schedule(f"{lead} {text}", now, zone, words)
        if isinstance(read, Ask):
            reasons.append(read.why)
        elif day := _day(read, alone=not lead):
            return Moment(day, read.time) if day >= now.astimezone(zone).date() else Ask("past")
    return Ask(next((why for why in reasons if why not in _OURS), "unclear"))


def _day(read: Schedule, *, alone: bool) -> date | None:
    """Return the one date that was read; None for a rhythm."""
    if alone:
        return read.first if read.freq == "once" else None
    is_plain = read.freq == "daily" and read.interval == 1 and not read.weekdays and not read.monthday
    return read.first if is_plain else None
