"""Build records: what a person told over a period, with defaults."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from bot.views.record import Check, Entry, Record, Visit

LAST = date(2026, 11, 15)
SIGNS = (
    "rapid-growth",
    "pain-inflammation-ulceration",
    "chalky-discharge",
    "restricted-movement",
    "systemic-symptoms",
    "not-healed",
    "kidney",
    "eye",
    "child",
)


def record(**fields: Any) -> Record:
    """Build a record of one check-in with nothing new, unless told otherwise."""
    defaults: dict[str, Any] = {
        "entries": (Entry(LAST, "same"),),
        "checks": (),
        "visits": (),
        "since": date(2025, 9, 1),
        "period": "3 months",
        "place": None,
        "content_version": "7",
    }
    return Record(**defaults | fields)


def diary(number: int, *, every: int = 7, notes: tuple[str, ...] = ("",)) -> Record:
    """Build so many check-ins, a third of them with changes, with a checklist and a visit now and then."""
    days = [LAST - timedelta(days=every * back) for back in range(number)]
    entries = tuple(
        Entry(day, "changed", ("size", "pain"), "pea", notes[place % len(notes)], ("pain-inflammation-ulceration",))
        if place % 3 == 0
        else Entry(day, "better" if place % 3 == 1 else "same")
        for place, day in enumerate(days)
    )
    checks = tuple(Check(day, "soon", ("it hurts",), notes[0]) for day in days[::6])
    visits = tuple(Visit(day, "seen", "They took a sample.") for day in days[4::6])
    return record(entries=entries, checks=checks, visits=visits, since=days[-1], place="left cheek")


def flood() -> Record:
    """Build more than anybody tells: every sign and change on each of 60 days, with texts without end."""
    days = [LAST - timedelta(days=back) for back in range(60)]
    what = ("size", "number", "pain", "opened", "other")
    return record(
        entries=tuple(
            Entry(day, "changed", what, "dont_know", ("W" if place % 2 else "漢字") * 900, SIGNS)
            for place, day in enumerate(days)
        ),
        checks=tuple(Check(day, "emergency", ("the skin is hot and hurts",) * 12, "W" * 900) for day in days),
        visits=tuple(Visit(day, "decided-not", "M" * 900) for day in days),
        place="W" * 900,
    )
