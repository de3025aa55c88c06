"""Hold a check-in plan while it is being set up: a value that is written out between any two messages."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, time, timedelta
from typing import Any, cast

from content.reading.schedule_model import WEEK, Schedule
from scheduler.cadence import QuietHours
from scheduler.rule import Cadence, Unit

# Where it is written out there are no tuples.
_LISTS = ("weekdays", "night", "offered")
_UNITS: Mapping[str, Unit] = {"daily": "day", "weekly": "week", "monthly": "month", "once": "once"}


@dataclass(frozen=True)
class Draft:
    """Hold what is known so far; None is not asked yet. Dates, times and zones are written as text."""

    id: str
    unit: str | None = None
    interval: int = 1
    weekdays: tuple[int, ...] = ()
    month_day: int | None = None
    first: str | None = None
    at: str | None = None
    zone: str | None = None
    # "check_in", or "recheck": a reminder to go through the checklist again.
    purpose: str = "check_in"
    # The plan that this one takes the place of.
    instead_of: str | None = None
    # The zone that is offered before one is known.
    guess: str = "UTC"
    # The zones of the places that are offered now, as what was typed may mean: a plain yes takes one that is alone.
    offered: tuple[str, ...] = ()
    # The person's quiet hours: from, to.
    night: tuple[str, str] = ("22:00", "08:00")
    # All of it was confirmed; only the consent is missing.
    confirmed: bool = False
    # The message that shows the open step.
    message_id: int | None = None

    @classmethod
    def parse(cls, asking: Mapping[str, Any]) -> Draft:
        """Read what `asking` wrote."""
        values = {name: value for name, value in asking.items() if name != "kind"}
        values |= {name: tuple(values[name]) for name in _LISTS if name in values}
        return cls(**values)

    def asking(self) -> dict[str, Any]:
        """Return this draft as what the person is being asked."""
        return {"kind": "plan", **asdict(self)} | {name: list(getattr(self, name)) for name in _LISTS}

    @property
    def is_whole(self) -> bool:
        """Return whether nothing is left to ask but for a last look."""
        return None not in {self.unit, self.first, self.at, self.zone}

    @property
    def quiet_hours(self) -> QuietHours:
        """Return the quiet hours as wall times."""
        quiet_from, quiet_to = map(time.fromisoformat, self.night)
        return quiet_from, quiet_to

    def with_rhythm(self, unit: str, interval: int, today: date) -> Draft:
        """Return the draft with a rhythm chosen by button: it begins one interval from today."""
        return replace(
            self,
            unit=unit,
            interval=interval,
            weekdays=(),
            month_day=today.day if unit == "month" else None,
            first=_after(today, unit, interval).isoformat(),
        )

    def with_schedule(self, schedule: Schedule, today: date) -> Draft:
        """Return the draft with what was typed; what was not said stays open, or begins one interval from today."""
        unit = _UNITS[schedule.freq]
        weekdays = tuple(sorted(WEEK.index(name) for name in schedule.weekdays))
        if schedule.first is not None:
            first = schedule.first
        elif weekdays or schedule.monthday:
            first = today + timedelta(days=1)
        else:
            first = _after(today, unit, schedule.interval)
        return replace(
            self,
            unit=unit,
            interval=schedule.interval,
            weekdays=weekdays,
            month_day=schedule.monthday or (today.day if unit == "month" and schedule.first is None else None),
            first=first.isoformat(),
            at=schedule.time.isoformat("minutes") if schedule.time else self.at,
        )

    def cadence(self) -> Cadence:
        """Return the rule. Call it when everything is known; raises ValueError as Cadence does."""
        assert self.unit is not None
        assert self.first is not None
        assert self.at is not None
        return Cadence(
            unit=cast(Unit, self.unit),
            at=time.fromisoformat(self.at),
            anchor=date.fromisoformat(self.first),
            interval=self.interval,
            weekdays=self.weekdays,
            month_day=self.month_day,
        )


def _after(today: date, unit: str, interval: int) -> date:
    if unit == "month":
        year, month = divmod(today.year * 12 + today.month - 1 + interval, 12)
        return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))
    return today + timedelta(days=interval * {"day": 1, "week": 7}.get(unit, 1))
