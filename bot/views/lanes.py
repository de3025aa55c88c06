"""Sort a record into the lanes of the timeline: what stands in a row of its own, and with which mark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from bot.views.record import ANSWERS, CHANGES, Record, short_day, sign
from content.model import LEVELS
from content.phrases import Phrases

# Up to so many days of a record are shown with day and month below the picture, longer ones with months.
DAYS_BY_NAME = 60
MAX_TICKS = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """Put one mark on a day. `kind` names its shape: an answer, a size, "told", "sign", a level or `Visit.seen`."""

    day: date
    kind: str


@dataclass(frozen=True, slots=True)
class Lane:
    """Hold one row of marks, in the order of drawing: the later lies on top."""

    label: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Hold lanes that belong together, under a heading."""

    heading: str
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """Name one day of the axis; `year` is empty where it would only repeat itself."""

    day: date
    label: str
    year: str


def groups(record: Record, phrases: Phrases) -> tuple[Group, ...]:
    """Return the groups with something in them, from top to bottom."""
    entries = sorted(record.entries, key=lambda entry: entry.day)
    answers = [
        Lane(
            phrases.plain(f"timeline.lane_{answer}"),
            tuple(Mark(entry.day, answer) for entry in entries if entry.answer == answer),
        )
        for answer in ANSWERS
    ]
    changes = [
        Lane(
            phrases.plain(f"timeline.lane_{change}"),
            tuple(
                Mark(entry.day, entry.size or "dont_know" if change == "size" else "told")
                for entry in entries
                if change in entry.what
            ),
        )
        for change in CHANGES
    ]
    signs = [
        Lane(sign(phrases, sign_id), tuple(Mark(day, "sign") for day in days))
        for sign_id, days in record.signs().items()
    ]
    checks = sorted(record.checks, key=lambda check: (check.day, LEVELS.index(check.level)))
    visits = sorted(record.visits, key=lambda visit: visit.day)
    care = [
        Lane(phrases.plain("timeline.lane_check"), tuple(Mark(check.day, check.level) for check in checks)),
        Lane(phrases.plain("timeline.lane_visit"), tuple(Mark(visit.day, visit.seen) for visit in visits)),
    ]
    named = {"answers": answers, "changes": changes, "signs": signs, "care": care}
    found = {name: tuple(lane for lane in lanes if lane.marks) for name, lanes in named.items()}
    return tuple(Group(phrases.plain(f"timeline.group_{name}"), lanes) for name, lanes in found.items() if lanes)


def ticks(days: tuple[date, ...], phrases: Phrases) -> tuple[Tick, ...]:
    """Return which days to name below the marks, in order: at most `MAX_TICKS`."""
    first, last = days[0], days[-1]
    if (last - first).days <= DAYS_BY_NAME:
        chosen = list(dict.fromkeys((first, last)))
        labels = [short_day(phrases, day, year=False) for day in chosen]
    else:
        chosen = list(_months(first, last))
        step = next(step for step in (1, 2, 3, 6, 12, 24, 60, 120, 1200) if len(chosen[::step]) <= MAX_TICKS)
        aligned = [day for day in chosen if (day.year * 12 + day.month - 1) % step == 0]
        chosen = aligned or chosen[::step]
        labels = [phrases.plain(f"timeline.month_{day.month}") for day in chosen]
    years = [str(day.year) for day in chosen]
    shown = [year if year != before else "" for year, before in zip(years, ["", *years], strict=False)]
    return tuple(Tick(day, label, year) for day, label, year in zip(chosen, labels, shown, strict=True))


def _months(first: date, last: date) -> Iterator[date]:
    """Yield the first of each month from the one after `first` to the one of `last`."""
    month = first
    while (month := (month.replace(day=1) + timedelta(days=32)).replace(day=1)) <= last:
        yield month
