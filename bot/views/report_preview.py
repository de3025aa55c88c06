"""Say what will be on the doctor's page, before it is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from bot.views.record import Record, Seen, count, short_day, sign, span
from bot.views.screen import Screen
from content.model import Level
from content.phrases import Phrases

# A sign's days beyond these are only counted, on a phone's screen.
DAYS_NAMED = 3


def preview(record: Record, phrases: Phrases) -> Screen:
    """Show what the page will hold; the buttons are the caller's. Raises ValueError for an empty record."""
    record.refuse_empty()
    signs = [
        phrases.plain("report.preview_sign", sign=sign(phrases, sign_id), days=_days(phrases, record, sign_id))
        for sign_id in record.signs()
    ]
    checks = Counter(check.level for check in record.checks)
    visits = Counter(visit.seen for visit in record.visits)
    text = phrases.say(
        "report.preview",
        period=record.period,
        span=span(phrases, record),
        answers=count(phrases, "timeline.answers", len(record.entries)),
        changes=count(phrases, "timeline.changes", sum(entry.answer == "changed" for entry in record.entries)),
        signs=", ".join(signs) or phrases.plain("report.no_signs"),
        checks=_counts(phrases, checks),
        visits=_counts(phrases, visits),
        notes=sum(bool(note.strip()) for note in record.notes),
    )
    return Screen(text, protected=True)


def _days(phrases: Phrases, record: Record, sign_id: str) -> str:
    days = record.signs()[sign_id]
    shown = [short_day(phrases, day) for day in days[:DAYS_NAMED]]
    if left := len(days) - len(shown):
        shown.append(phrases.plain("report.earlier", n=left))
    return ", ".join(shown)


def _counts(phrases: Phrases, counted: Mapping[Level, int] | Mapping[Seen, int]) -> str:
    times = [
        phrases.plain("timeline.caption_times", n=number, what=phrases.plain(f"timeline.{name}"))
        for name, number in counted.items()
    ]
    return ", ".join(times) or phrases.plain("report.last_none")
