"""Name the colours and the kinds of text on the doctor's page."""

from __future__ import annotations

from dataclasses import dataclass

# Each reads on paper printed without colours too.
INK, QUIET, LINE, TINT, PAPER = "#17212B", "#4A5866", "#B9C3CD", "#EEF2F6", "#FFFFFF"
BLUE, ORANGE, GREEN, GREY = "#0B5C8E", "#B84400", "#007A5A", "#74818F"

_POINT = 25.4 / 72


@dataclass(frozen=True, slots=True)
class Style:
    """Say how text looks. `size` is in points; lines stand `leading` times the size apart."""

    size: float
    colour: str = INK
    bold: bool = False
    leading: float = 1.32

    @property
    def line(self) -> float:
        """Return the height of one line."""
        return self.size * self.leading * _POINT


TITLE = Style(21, INK, bold=True, leading=1.1)
SUBTITLE = Style(10.5, QUIET)
HEADING = Style(11, BLUE, bold=True)
LABEL = Style(8.5, QUIET)
STRONG = Style(10, INK, bold=True)
BODY = Style(9.5)
SMALL = Style(8.5, QUIET)
WARNING = Style(10, ORANGE, bold=True)
NAMED = Style(9, ORANGE, bold=True)
