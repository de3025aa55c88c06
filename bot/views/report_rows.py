"""Turn the entries of a record into the lines of the doctor's table, the newest first."""

from __future__ import annotations

from dataclasses import dataclass

from bot.views.record import Entry, Record, changes, newest, short_day, sign
from content.markup import clean
from content.phrases import Phrases


@dataclass(frozen=True, slots=True)
class Row:
    """Hold one line: its day, what changed, the signs named, the note."""

    day: str
    what: str
    signs: str
    note: str


def rows(record: Record, phrases: Phrases) -> list[Row]:
    """Return a line for each entry with something to read beyond "nothing new" or "better"."""
    told = [entry for entry in newest(record.entries) if entry.answer == "changed" or clean(entry.note) or entry.flags]
    return [_row(entry, phrases) for entry in told]


def _row(entry: Entry, phrases: Phrases) -> Row:
    what = ", ".join(changes(phrases, entry)) or phrases.plain(f"said.{entry.answer}")
    signs = ", ".join(sign(phrases, flag) for flag in entry.flags)
    named = phrases.plain("report.sign_in_row", sign=signs) if signs else ""
    return Row(short_day(phrases, entry.day), what, named, clean(entry.note))
