"""Show past answers and saved checklists, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from bot.views import when
from bot.views.check_ins import said
from bot.views.screen import Button, Screen, pack
from content.model import Library
from scheduler.db.models import CheckIn, Run

PAGE_SIZE = 6


def page(library: Library, rows: Sequence[CheckIn | Run], number: int) -> Screen:
    """Show one page of all rows, with a way to the newer and the older ones."""
    phrases = library.phrases
    if not rows:
        return Screen(phrases.say("history.none"))
    pages = -(-len(rows) // PAGE_SIZE)
    number = min(number, pages)
    lines: list[str] = [phrases.say("history.title", page=number, pages=pages)]
    lines += [_line(library, row) for row in rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]]
    turns = []
    if number > 1:
        turns.append(Button(phrases.plain("button.newer"), pack("h", number - 1)))
    if number < pages:
        turns.append(Button(phrases.plain("button.older"), pack("h", number + 1)))
    more = (
        Button(phrases.plain("history.picture"), pack("f", "picture", "all")),
        Button(phrases.plain("history.page"), pack("f", "preview", "all")),
    )
    return Screen("\n\n".join(lines), (tuple(turns), more) if turns else (more,), protected=True)


def _line(library: Library, row: CheckIn | Run) -> str:
    phrases = library.phrases
    if isinstance(row, Run):
        outcome = phrases.plain(f"outcome.{row.outcome}")
        return phrases.say("history.run", when=when.day(phrases, row.started_at.date()), outcome=outcome)
    answer = said(phrases, row.answer or "", row.details)
    line = phrases.say("history.check_in", when=when.nominal_day(phrases, row.nominal), answer=answer)
    if note := (row.details or {}).get("note"):
        return f"{line}\n{phrases.say('history.note', note=note)}"
    return line
