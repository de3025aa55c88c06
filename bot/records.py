"""Turn what is kept about a person into the record that is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import cast

from bot.handlers.outcomes import answers_of
from bot.views.record import Answer, Check, Entry, Record, Seen, Visit
from content.checklist import outcome
from content.model import Level, Library
from scheduler.cadence import Nominal
from scheduler.db.models import CheckIn, Run

# The answers to "were you seen?" as they are stored, and as they are drawn.
VISITS: dict[str, Seen] = {
    "seen": "seen",
    "booked": "booked",
    "could_not": "could-not",
    "decided_not": "decided-not",
}


def record_of(library: Library, rows: Iterable[CheckIn | Run], first_day: date | None, period: str) -> Record | None:
    """Return what was told on or after `first_day` (None: ever); None when that is nothing."""
    entries: list[Entry] = []
    checks: list[Check] = []
    visits: list[Visit] = []
    days: list[date] = []
    for row in rows:
        day = row.started_at.date() if isinstance(row, Run) else Nominal.parse(row.nominal).day
        days.append(day)
        if first_day is not None and day < first_day:
            continue
        if isinstance(row, Run):
            checks.append(_check(library, row, day))
        elif row.answer in VISITS:
            visits.append(Visit(day, VISITS[row.answer], (row.details or {}).get("note", "")))
        else:
            entries.append(_entry(row, day))
    if not entries and not checks and not visits:
        return None
    return Record(tuple(entries), tuple(checks), tuple(visits), min(days), period, None, _version(library))


def _entry(row: CheckIn, day: date) -> Entry:
    details = row.details or {}
    return Entry(
        day,
        cast(Answer, row.answer),
        what=tuple(details.get("what", ())),
        size=details.get("size"),
        note=details.get("note", ""),
        flags=tuple(details.get("flags", ())),
    )


def _check(library: Library, run: Run, day: date) -> Check:
    if run.checklist_version != library.checklist.version:
        # Its questions may mean something else today; the outcome stands.
        return Check(day, cast(Level, run.outcome), note=run.note or "")
    result = outcome(library.checklist, answers_of(run), run.emergency_sign)
    return Check(day, result.level, result.because, run.note or "")


def _version(library: Library) -> str:
    reviewed = max(topic.reviewed for topic in library.topics.values())
    return f"{reviewed.isoformat()}, {library.checklist.version}"
