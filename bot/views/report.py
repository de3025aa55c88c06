"""Write the page that a person takes to the doctor: one sheet, two where a lot has changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from fpdf.enums import Align

from bot.views import ink
from bot.views.ink import Style
from bot.views.record import Record, count, newest, short_day, sign, span
from bot.views.report_rows import Row, rows
from bot.views.report_strip import strip
from bot.views.sheet import HEIGHT, INNER, MARGIN, Sheet
from content.phrases import Phrases

LANGUAGE = "en"
# The phrases that may stand on the page: fonts are chosen by what they need.
WORDS = ("report.", "timeline.", "said.", "bot.name")

# Of each kind the newest are named, the others counted, so that the first sheet always has room for what is below.
CHECKS, VISITS, SIGN_DAYS, BETTER_DAYS = 3, 3, 4, 6
QUESTIONS = 8
URGENT = ("emergency", "today")
# What somebody typed may take so many lines.
NOTE_LINES, SAID_LINES, PLACE_LINES = 4, 2, 2

GAP = 3.6
HALF = (INNER - 8) / 2
RIGHT_HALF = MARGIN + HALF + 8
FOOT = HEIGHT - 23
DAY, WHAT = 20.0, 60.0
NOTE = INNER - DAY - WHAT - 6
WRITING_LINE, FEWEST_LINES = 8.0, 4
# Room for a few lines of the table above the questions, or the questions go to the second sheet.
FEWEST_ROWS = 24.0


def report(record: Record, phrases: Phrases, today: date) -> bytes:
    """Write the page as PDF, the same bytes for the same input. Raises ValueError for an empty record."""
    record.refuse_empty()
    typed = [record.period, record.place or "", record.content_version]
    typed += [*record.notes, *(visit.said for visit in record.visits)]
    typed += [reason for check in record.checks for reason in check.because]
    keys = phrases.keys()
    words = [phrases.markdown(key) for key in keys if key.startswith(WORDS)]
    sheet = Sheet(phrases.plain("report.title"), LANGUAGE, today, [*typed, *words])
    _Report(sheet, record, phrases).write(today)
    return sheet.output()


class _Report:
    """Write from top to bottom; each part takes the `y` of its top and returns the one below it."""

    def __init__(self, sheet: Sheet, record: Record, phrases: Phrases) -> None:
        self.sheet = sheet
        self.record = record
        self.phrases = phrases

    def write(self, today: date) -> None:
        self.sheet.add_page()
        y = self._head(today)
        y = self._glance(y) + GAP
        y = self._blanks(y) + GAP
        y = self._signs(y) + GAP
        y = strip(self.sheet, self.record, self.phrases, self._heading("overview", MARGIN, y, INNER)) + GAP
        y = max(self._checks(y), self._visits(y)) + GAP
        y = self._heading("changes", MARGIN, y, INNER)
        table = rows(self.record, self.phrases)
        if not table:
            y = self.sheet.text(self._say("changes_none"), MARGIN, y, INNER, ink.BODY)
        better = [
            short_day(self.phrases, entry.day) for entry in newest(self.record.entries) if entry.answer == "better"
        ]
        if better:
            line = self._say("better", days=", ".join(self._some(better, BETTER_DAYS)))
            y = self.sheet.text(line, MARGIN, y, INNER, ink.BODY) + 1
        below = self._below_height() + GAP
        if y + below + (FEWEST_ROWS if table else 0) <= FOOT:
            y, left = self._table(table, y, FOOT - below, "goes_on")
            self._below(y + GAP)
            self._foot(1, 2 if left else 1)
            if left:
                self._second(left, FOOT)
        else:  # so much was named that the questions go on the second sheet
            y, left = self._table(table, y, FOOT, "goes_on")
            self._foot(1, 2)
            self._below(self._second(left, FOOT - below) + GAP)

    def _second(self, left: Sequence[Row], end: float) -> float:
        self.sheet.add_page()
        y = MARGIN
        if left:
            y = self._heading("changes_goes_on", MARGIN, y, INNER)
            y, _ = self._table(left, y, end, "left_out")
        self._foot(2, 2)
        return y

    def _say(self, key: str, **values: object) -> str:
        return self.phrases.plain(f"report.{key}", **values)

    def _heading(self, key: str, x: float, y: float, width: float) -> float:
        below = self.sheet.text(self._say(key), x, y, width, ink.HEADING)
        self.sheet.line(x, below + 0.6, width)
        return below + 2.2

    def _head(self, today: date) -> float:
        made = self._say("made", day=short_day(self.phrases, today), bot=self.phrases.plain("bot.name"))
        self.sheet.text(made, MARGIN, MARGIN + 2, INNER, ink.LABEL, Align.R)
        y = self.sheet.text(self._say("title"), MARGIN, MARGIN - 2, INNER * 0.6, ink.TITLE)
        return self.sheet.text(self._say("subtitle"), MARGIN, y + 0.8, INNER, ink.SUBTITLE) + 3.5

    def _glance(self, y: float) -> float:
        entries = newest(self.record.entries)
        changed = sum(entry.answer == "changed" for entry in entries)
        last = self._say("last_none")
        if entries:
            answer = self.phrases.plain(f"said.{entries[0].answer}")
            last = self._say("last", day=short_day(self.phrases, entries[0].day), answer=answer)
        told = self._say(
            "told",
            answers=count(self.phrases, "timeline.answers", len(entries)),
            changes=count(self.phrases, "timeline.changes", changed),
        )
        cells = {
            "period": f"{self.record.period}: {span(self.phrases, self.record)}",
            "since": short_day(self.phrases, self.record.since),
            "answers": told,
            "last": last,
        }
        width = (INNER - 8) / len(cells)
        high = max(self.sheet.height(text, width - 4, ink.STRONG) for text in cells.values()) + ink.LABEL.line + 6
        self.sheet.box(MARGIN, y, INNER, high, ink.TINT)
        for place, (name, text) in enumerate(cells.items()):
            x = MARGIN + 4 + place * width
            below = self.sheet.text(self._say(f"glance_{name}"), x, y + 2.5, width - 4, ink.LABEL)
            self.sheet.text(text, x, below + 0.5, width - 4, ink.STRONG)
        return y + high

    def _blanks(self, y: float) -> float:
        """Name the place, and leave a line to write on for what is not known."""
        place = self.sheet.fit(self.record.place or "", HALF, ink.STRONG, PLACE_LINES)
        return max(self._blank("where", place, MARGIN, y), self._blank("began", "", RIGHT_HALF, y))

    def _blank(self, key: str, text: str, x: float, y: float) -> float:
        below = self.sheet.text(self._say(key), x, y, HALF, ink.LABEL)
        if text:
            return self.sheet.text(text, x, below + 0.5, HALF, ink.STRONG)
        self.sheet.line(x, below + 5.5, HALF)
        return below + 5.5

    def _signs(self, y: float) -> float:
        named = self.record.signs()
        top = y
        x, width = MARGIN + 5, INNER - 5
        style = ink.STRONG if named else ink.BODY
        y = self.sheet.text(self._say("signs" if named else "signs_none"), x, y + 0.5, width, style) + 0.5
        for sign_id, days in named.items():
            shown = self._some([short_day(self.phrases, day) for day in days], SIGN_DAYS)
            line = self._say("sign_days", sign=sign(self.phrases, sign_id), days=", ".join(shown))
            y = self.sheet.text(line, x, y, width, ink.WARNING)
        self.sheet.box(MARGIN, top, 1.6, y - top + 0.5, ink.ORANGE if named else ink.QUIET)
        return y + 0.5

    def _checks(self, y: float) -> float:
        y = self._heading("checks", MARGIN, y, HALF)
        checks = sorted(self.record.checks, key=lambda check: check.day, reverse=True)
        for check in checks[:CHECKS]:
            more = [self._say("checks_because", reasons="; ".join(check.because))] if check.because else []
            more += [self._say("checks_note", note=check.note)] if check.note.strip() else []
            style = ink.WARNING if check.level in URGENT else ink.STRONG
            y = self._item(check.day, f"timeline.{check.level}", more, MARGIN, y, style)
        return self._rest(len(checks), CHECKS, "checks_none", MARGIN, y)

    def _visits(self, y: float) -> float:
        y = self._heading("visits", RIGHT_HALF, y, HALF)
        visits = sorted(self.record.visits, key=lambda visit: visit.day, reverse=True)
        for visit in visits[:VISITS]:
            noted = [self._say("visit_said", said=visit.said)] if visit.said.strip() else []
            y = self._item(visit.day, f"timeline.{visit.seen}", noted, RIGHT_HALF, y)
        return self._rest(len(visits), VISITS, "visits_none", RIGHT_HALF, y)

    def _item(self, day: date, key: str, more: Sequence[str], x: float, y: float, style: Style = ink.STRONG) -> float:
        line = self._say("item", day=short_day(self.phrases, day), what=self.phrases.plain(key))
        y = self.sheet.text(line, x, y, HALF, style)
        for text in more:
            y = self.sheet.text(self.sheet.fit(text, HALF, ink.SMALL, SAID_LINES), x, y, HALF, ink.SMALL)
        return y + 1

    def _rest(self, found: int, named: int, none: str, x: float, y: float) -> float:
        if not found:
            return self.sheet.text(self._say(none), x, y, HALF, ink.BODY)
        return self.sheet.text(self._say("earlier", n=found - named), x, y, HALF, ink.SMALL) if found > named else y

    def _table(self, lines: Sequence[Row], y: float, end: float, rest: str) -> tuple[float, Sequence[Row]]:
        """Write the lines that end above `end`, and how many are left; return the `y` below, and those left."""
        columns = (MARGIN, MARGIN + DAY + 3, MARGIN + DAY + WHAT + 6)
        if lines:
            for x, name in zip(columns, ("day", "what", "note"), strict=True):
                self.sheet.text(self._say(f"column_{name}"), x, y, WHAT, ink.LABEL)
            y += ink.LABEL.line + 1
        for number, row in enumerate(lines):
            note = self.sheet.fit(row.note, NOTE, ink.BODY, NOTE_LINES)
            height = max(
                ink.BODY.line,
                self.sheet.height(row.what, WHAT, ink.BODY) + self.sheet.height(row.signs, WHAT, ink.NAMED),
                self.sheet.height(note, NOTE, ink.BODY),
            )
            if y + height + 2 + ink.SMALL.line > end:
                return self.sheet.text(self._say(rest, n=len(lines) - number), MARGIN, y, INNER, ink.SMALL), lines[
                    number:
                ]
            self.sheet.text(row.day, columns[0], y + 0.3, DAY, ink.SMALL)
            below = self.sheet.text(row.what, columns[1], y, WHAT, ink.BODY)
            self.sheet.text(row.signs, columns[1], below, WHAT, ink.NAMED)
            self.sheet.text(note, columns[2], y, NOTE, ink.BODY)
            y += height + 1
            self.sheet.line(MARGIN, y, INNER)
            y += 1
        return y, ()

    def _below_height(self) -> float:
        questions = sum(self.sheet.height(text, HALF - 6, ink.BODY) + 0.6 for text in self._questions())
        return ink.HEADING.line + 2.2 + max(questions, ink.LABEL.line + FEWEST_LINES * WRITING_LINE)

    def _below(self, y: float) -> None:
        """Write the questions and the medicines, with lines to write on as far as the sheet goes."""
        below = self._heading("questions", MARGIN, y, HALF)
        for text in self._questions():
            self.sheet.outline(MARGIN + 0.3, below + 0.7, 2.8, 2.8, ink.QUIET)
            below = self.sheet.text(text, MARGIN + 6, below, HALF - 6, ink.BODY) + 0.6
        self._writing_lines(MARGIN, below)
        below = self._heading("medicines", RIGHT_HALF, y, HALF)
        below = self.sheet.text(self._say("medicines_hint"), RIGHT_HALF, below, HALF, ink.LABEL)
        self._writing_lines(RIGHT_HALF, below)

    def _writing_lines(self, x: float, y: float) -> None:
        for number in range(1, int((FOOT - y + 1) / WRITING_LINE) + 1):
            self.sheet.line(x, y + number * WRITING_LINE - 1, HALF)

    def _questions(self) -> list[str]:
        return [self._say(f"ask_{number}") for number in range(1, QUESTIONS + 1)]

    def _some(self, items: list[str], named: int) -> list[str]:
        left = len(items) - named
        return items[:named] + ([self._say("earlier", n=left)] if left > 0 else [])

    def _foot(self, page: int, pages: int) -> None:
        self.sheet.line(MARGIN, FOOT + 3, INNER)
        y = self.sheet.text(self._say("not_this"), MARGIN, FOOT + 4.5, INNER, ink.SMALL)
        version = self._say("version", version=self.record.content_version, page=page, pages=pages)
        self.sheet.text(version, MARGIN, y, INNER, ink.SMALL)
