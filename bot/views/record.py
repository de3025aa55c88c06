"""Hold what a person told over a period, and put its parts into words: for the picture and for the doctor's page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from content.model import Level
from content.phrases import Phrases

Answer = Literal["changed", "better", "same"]
ANSWERS: tuple[Answer, ...] = ("changed", "better", "same")
# What can have changed.
CHANGES = ("size", "number", "pain", "opened", "other")
# In the order of size; the last is none.
KNOWN_SIZES = ("sand", "lentil", "pea", "bigger")
SIZES = (*KNOWN_SIZES, "dont_know")
Seen = Literal["seen", "booked", "could-not", "decided-not"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold one answered check-in, on its nominal local day.

    `what` and `size` are of `CHANGES` and `SIZES`; `flags` are ids of signs.
    """

    day: date
    answer: Answer
    what: tuple[str, ...] = ()
    size: str | None = None
    note: str = ""
    flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """Hold the outcome of one finished checklist. `because` holds its reasons, each the end of "you said ..."."""

    day: date
    level: Level
    because: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """Hold one answer to "were you seen?"; `said` is what the person wrote down of the visit."""

    day: date
    seen: Seen
    said: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Hold one person's period, in any order. `since` is the first day of anything kept, also before the period.

    `period` is its name as shown, such as "3 months"; `place` is where the bump is, None where nobody said.
    """

    entries: tuple[Entry, ...]
    checks: tuple[Check, ...]
    visits: tuple[Visit, ...]
    since: date
    period: str
    place: str | None
    content_version: str

    @property
    def days(self) -> tuple[date, ...]:
        """Return every day on which something was told, in order, each once."""
        told: tuple[Entry | Check | Visit, ...] = (*self.entries, *self.checks, *self.visits)
        return tuple(sorted({one.day for one in told}))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the person noted on check-ins and checklists; empty ones too."""
        return tuple(one.note for one in self.entries) + tuple(one.note for one in self.checks)

    def refuse_empty(self) -> None:
        """Raise ValueError for a record without anything told: a picture of nothing would look like good news."""
        if not self.days:
            raise ValueError("the record of this period is empty")

    def signs(self) -> dict[str, tuple[date, ...]]:
        """Return each sign that was named with its days, the newest first; the sign named last comes first."""
        days: dict[str, dict[date, None]] = {}
        for entry in newest(self.entries):
            for flag in entry.flags:
                days.setdefault(flag, {})[entry.day] = None
        return {flag: tuple(named) for flag, named in days.items()}


def newest(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries with the newest first."""
    return sorted(entries, key=lambda entry: entry.day, reverse=True)


def short_day(phrases: Phrases, day: date, *, year: bool = True) -> str:
    """Return "3 Aug 2026", or "3 Aug" without the year."""
    month = phrases.plain(f"timeline.month_{day.month}")
    return phrases.plain("timeline.day" if year else "timeline.day_month", day=day.day, month=month, year=day.year)


def span(phrases: Phrases, record: Record) -> str:
    """Return from when to when something was told; one day alone for a single one."""
    first, last = record.days[0], record.days[-1]
    if first == last:
        return short_day(phrases, first)
    return phrases.plain("timeline.span", first=short_day(phrases, first), last=short_day(phrases, last))


def count(phrases: Phrases, key: str, number: int) -> str:
    """Return a number of things in words, by the phrases `key`_0 (where it has one), `key`_1 and `key`_n."""
    exact = f"{key}_{number}"
    return phrases.plain(exact if exact in phrases else f"{key}_n", n=number)


def changes(phrases: Phrases, entry: Entry) -> list[str]:
    """Return what changed in words, such as ["size (like a pea)", "pain"]; empty where nothing was told of."""
    size = f" ({phrases.plain(f'said.{entry.size}')})" if entry.size else ""
    return [phrases.plain(f"said.{change}") + (size if change == "size" else "") for change in entry.what]


def sign(phrases: Phrases, sign_id: str) -> str:
    """Return the short name of a sign. A sign of a newer content file than these phrases is named as "another"."""
    key = f"timeline.sign_{sign_id}"
    return phrases.plain(key if key in phrases else "timeline.sign_another")
