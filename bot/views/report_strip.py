"""Draw the small timeline of the doctor's page: one line each for changes, signs, the checklist and visits."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date

from fpdf.enums import Align

from bot.views import ink
from bot.views.ink import Style
from bot.views.lanes import ticks
from bot.views.record import Record
from bot.views.sheet import INNER, MARGIN, Sheet
from content.phrases import Phrases

LABELS = 30.0
ROW = 4.6
BAR = 1.1

_LABEL = Style(8.5, ink.INK)
_AXIS = Style(8, ink.QUIET)


def strip(sheet: Sheet, record: Record, phrases: Phrases, y: float) -> float:
    """Draw it with its top at `y`, and return the `y` below it."""
    days = record.days
    left, width = MARGIN + LABELS, INNER - LABELS - 3
    per_day = width / max(1, (days[-1] - days[0]).days)

    def at(day: date) -> float:
        return left + (width / 2 if len(days) == 1 else (day - days[0]).days * per_day)

    def bars(colour: str, height: float) -> Callable[[float, float], None]:
        return lambda x, middle: sheet.box(x - BAR / 2, middle - height / 2, BAR, height, colour)

    def diamond(x: float, middle: float) -> None:
        sheet.diamond(x, middle, 1.5, ink.ORANGE)

    def ring(x: float, middle: float) -> None:
        sheet.circle(x, middle, 1.1, ink.INK, filled=False)

    def dot(x: float, middle: float) -> None:
        sheet.circle(x, middle, 1.1, ink.GREEN, filled=True)

    answers = {name: {entry.day for entry in record.entries if entry.answer == name} for name in ("changed", "better")}
    same = {entry.day for entry in record.entries if entry.answer == "same"}
    lines: tuple[tuple[str, Iterable[date], Callable[[float, float], None]], ...] = (
        ("change", answers["changed"], bars(ink.BLUE, 3.4)),
        ("better", answers["better"], bars(ink.GREEN, 3.4)),
        ("same", same, bars(ink.GREY, 2.2)),
        ("signs", {entry.day for entry in record.entries if entry.flags}, diamond),
        ("checks", {check.day for check in record.checks}, ring),
        ("visits", {visit.day for visit in record.visits if visit.seen == "seen"}, dot),
    )
    shown = [line for line in lines if line[1]]
    bottom = y + len(shown) * ROW
    marked = ticks(days, phrases)
    for tick in marked:
        sheet.upright(at(tick.day), y, bottom + 1 - y)
    for row, (name, named, draw) in enumerate(shown):
        middle = y + row * ROW + ROW / 2
        sheet.text(phrases.plain(f"report.row_{name}"), MARGIN, middle - _LABEL.line / 2, LABELS, _LABEL)
        sheet.line(left - 2, middle, width + 4)
        for day in sorted(named):
            draw(at(day), middle)
    for tick in marked:
        sheet.text(f"{tick.label} {tick.year}".strip(), at(tick.day) - 12, bottom + 1.2, 24, _AXIS, Align.C)
    return bottom + 1.2 + _AXIS.line
