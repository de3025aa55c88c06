"""Show past answers, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from bot.views import when
from bot.views.check_ins import said
from bot.views.screen import Button, Screen, pack
from content.model import Library
from scheduler.db.models import CheckIn

PAGE_SIZE = 6


def page(library: Library, rows: Sequence[CheckIn], number: int, total: int) -> Screen:
    """Show one page, with a way to the newer and the older ones."""
    phrases = library.phrases
    if not total:
        return Screen(phrases.say("history.none"))
    pages = -(-total // PAGE_SIZE)
    lines: list[str] = [phrases.say("history.title", page=number, pages=pages)]
    for row in rows:
        answer = said(phrases, row.answer or "", row.details)
        line: str = phrases.say("history.check_in", when=when.nominal_day(phrases, row.nominal), answer=answer)
        if note := (row.details or {}).get("note"):
            line += "\n" + phrases.say("history.note", note=note)
        lines.append(line)
    turns = []
    if number > 1:
        turns.append(Button(phrases.plain("button.newer"), pack("h", number - 1)))
    if number < pages:
        turns.append(Button(phrases.plain("button.older"), pack("h", number + 1)))
    return Screen("\n\n".join(lines), (tuple(turns),) if turns else (), protected=True)
