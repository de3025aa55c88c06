"""Name what a typed schedule can come to: a plan for check-ins, or a reason to ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

Frequency = Literal["daily", "weekly", "monthly", "once"]
WEEK: tuple[str, ...] = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Schedule:
    """Hold what the person said and no more. `time` and `first` are local; None and () mean "not said"."""

    freq: Frequency
    interval: int = 1
    weekdays: tuple[str, ...] = ()
    monthday: int | None = None
    time: time | None = None
    first: date | None = None


@dataclass(frozen=True)
class Ask:
    """Say why the text cannot become a plan yet.

    too-long: over the length cap. unclear: words the grammar does not know, or nothing to go by.
    vague: a soft word ("few", "soon", "biweekly"). alternatives: "or". event: a moment with no clock time.
    until: an end or a window, which plans do not have. past: that moment is over. too-far: over five years off.
    ambiguous-date: day and month could be swapped. impossible-date, impossible-time: no such thing.
    contradiction: two parts of the text disagree. which-time: more than one time a day.
    too-often: anything under a day apart. which-days: "twice a week" without the days.
    month-end: days 29 to 31 or the end of the month. nth-weekday: "second thursday of the month".
    two-month-days: more than one day a month. how-often: only a time. once-or-repeat: one weekday or day, no more.
    """

    why: str


@dataclass(frozen=True)
class When:
    """Hold the one reading of the clock that a text is read against. `local` is aware, in the person's zone."""

    local: datetime

    @property
    def today(self) -> date:
        """Return the local date."""
        return self.local.date()
