"""Write on the sheets of a PDF: text in every script at a place of our choosing, lines and boxes. Lengths are mm."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from fpdf import FPDF
from fpdf.enums import Align, MethodReturnValue, XPos, YPos

from bot.views import fonts, ink
from bot.views.ink import Style
from content.markup import clean

WIDTH, HEIGHT, MARGIN = 210.0, 297.0, 16.0
INNER = WIDTH - 2 * MARGIN

# More than this fits into no place on a sheet; measuring it all would take long.
MOST_CHARACTERS = 600


class Sheet:
    """Hold one document. Nothing flows by itself: whoever writes measures first, and adds pages.

    `sample` holds all texts that may be written, so that fonts for them can be found.
    """

    def __init__(self, title: str, language: str, made: date, sample: Iterable[str]) -> None:
        self._cover = fonts.cover("".join(sample))
        self._pdf = FPDF(unit="mm", format="A4")
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        self._pdf.c_margin = 0
        self._pdf.set_title(title)
        self._pdf.set_lang(language)
        # The time of making would tell more than the day, and give other bytes each time.
        self._pdf.set_creation_date(datetime.combine(made, time(), UTC))
        self._pdf.add_font("text", "", fonts.regular())
        self._pdf.add_font("text", "B", fonts.bold())
        names = [f"fallback{number}" for number in range(len(self._cover.fallbacks))]
        for name, path in zip(names, self._cover.fallbacks, strict=True):
            self._pdf.add_font(name, "", path)
        self._pdf.set_fallback_fonts(names, exact_match=False)
        self._pdf.set_text_shaping(True)

    def add_page(self) -> None:
        """Go on, on a new sheet."""
        self._pdf.add_page()

    def height(self, text: str, width: float, style: Style) -> float:
        """Return how high the text would stand in this width."""
        return self._write(text, 0, 0, width, style, dry=True)

    def fit(self, text: str, width: float, style: Style, lines: int) -> str:
        """Return the text, cut between words and with "…" where it would take more lines than these."""
        whole = fitting = clean(text)[:MOST_CHARACTERS]
        most = len(whole)
        while most > lines and (height := self.height(fitting, width, style)) > (lines + 0.5) * style.line:
            # As much as the lines that it took let hope for, and a little more: letters are not all as wide.
            most = min(most * 6 // 7, int(1.3 * most * lines * style.line / height))
            fitting = _cut(whole, most)
        return fitting

    def text(self, text: str, x: float, y: float, width: float, style: Style, align: Align = Align.L) -> float:
        """Write text with its top at `y`, and return the `y` below it. Right-to-left text keeps to the right."""
        return y + self._write(text, x, y, width, style, align)

    def line(self, x: float, y: float, width: float, colour: str = ink.LINE, thickness: float = 0.2) -> None:
        """Draw a line from left to right."""
        self._pdf.set_draw_color(colour)
        self._pdf.set_line_width(thickness)
        self._pdf.line(x, y, x + width, y)

    def upright(self, x: float, y: float, height: float) -> None:
        """Draw a line from top to bottom."""
        self._pdf.set_draw_color(ink.LINE)
        self._pdf.set_line_width(0.2)
        self._pdf.line(x, y, x, y + height)

    def box(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        """Fill a rectangle."""
        self._pdf.set_fill_color(fill)
        self._pdf.rect(x, y, width, height, style="F")

    def outline(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Draw the edge of a rectangle."""
        self._pdf.set_draw_color(colour)
        self._pdf.set_line_width(0.3)
        self._pdf.rect(x, y, width, height, style="D")

    def diamond(self, x: float, y: float, radius: float, fill: str) -> None:
        """Fill a square that stands on its corner, around a middle."""
        self._pdf.set_fill_color(fill)
        self._pdf.polygon(((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)), style="F")

    def circle(self, x: float, y: float, radius: float, colour: str, *, filled: bool) -> None:
        """Draw a circle around a middle; what lies below does not show through."""
        self._pdf.set_fill_color(colour if filled else ink.PAPER)
        self._pdf.set_draw_color(colour)
        self._pdf.set_line_width(0.5)
        self._pdf.circle(x, y, radius, style="DF")

    def output(self) -> bytes:
        """Return the finished PDF."""
        return bytes(self._pdf.output())

    def _write(
        self, text: str, x: float, y: float, width: float, style: Style, align: Align = Align.L, *, dry: bool = False
    ) -> float:
        drawable = self._cover.drawable(text)
        if not drawable:
            return 0
        self._pdf.set_font("text", "B" if style.bold else "", style.size)
        self._pdf.set_text_color(style.colour)
        self._pdf.set_xy(x, y)
        height = self._pdf.multi_cell(
            width,
            style.line,
            drawable,
            align=Align.R if align is Align.L and _reads_leftwards(drawable) else align,
            new_x=XPos.LEFT,
            new_y=YPos.NEXT,
            dry_run=dry,
            output=MethodReturnValue.HEIGHT,
        )
        assert isinstance(height, int | float)
        return float(height)


def _cut(text: str, most: int) -> str:
    cut = text[:most]
    words = cut.rpartition(" ")[0]
    # A script without spaces, or one endless word, is cut anywhere.
    return (words if len(words) > most // 2 else cut).rstrip() + "…"


def _reads_leftwards(text: str) -> bool:
    """Return whether the first letter with a direction belongs to a right-to-left script."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False
