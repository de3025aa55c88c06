"""Draw a record as one picture for a phone, and say the same in a caption for whoever cannot see it.

This module loads matplotlib, which takes long and much memory: import it only when a picture is wanted.
"""

from __future__ import annotations

from datetime import date
from io import BytesIO
from itertools import pairwise

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle

from bot.views import fonts
from bot.views.lanes import Group, groups, ticks
from bot.views.record import ANSWERS, Record, count, span
from content.phrases import Phrases

# All lengths are pixels of a picture that is 1,080 wide: three to one on a common phone, so that 30 reads as 10.
WIDTH = 1080
MARGIN = 52
LEFT, RIGHT = 376, 1010  # of the marks
TITLE, HEADING, LANE, AXIS, KEY, FOOT = 168, 62, 66, 96, 50, 76
MARK, THINNEST_BAR = 32.0, 6.0

# A card of its own light, which reads on a light and on a dark chat; ink on it has a contrast of 7 to 1 and more.
PAPER, BAND, LINE = "#F7F8FA", "#E9EDF2", "#CBD3DC"
INK, QUIET, GREY = "#17212B", "#4A5866", "#74818F"
# Of Okabe and Ito's colours, which colour-blind people tell apart. No mark means anything by its colour alone.
BLUE, ORANGE, RED, GREEN = "#0072B2", "#B86E00", "#C24A00", "#007A5A"

# kind -> (shape, colour, filled, size relative to MARK). "bar" grows thin where marks stand close.
SHAPES: dict[str, tuple[str, str, bool, float]] = {
    "changed": ("bar", BLUE, True, 1.0),
    "better": ("bar", GREEN, True, 1.0),
    "same": ("bar", GREY, True, 1.0),
    "told": ("bar", BLUE, True, 1.0),
    "sign": ("D", RED, True, 0.78),
    "sand": ("o", BLUE, True, 0.36),
    "lentil": ("o", BLUE, True, 0.6),
    "pea": ("o", BLUE, True, 0.86),
    "bigger": ("o", BLUE, True, 1.2),
    "dont_know": ("x", BLUE, False, 0.62),
    "routine": ("o", GREEN, False, 0.84),
    "soon": ("d", ORANGE, True, 1.15),
    "today": ("^", RED, True, 1.1),
    "emergency": ("X", INK, True, 1.1),
    "seen": ("P", GREEN, True, 1.0),
    "booked": ("P", GREEN, False, 1.0),
    "could-not": ("x", RED, False, 0.8),
    "decided-not": ("s", QUIET, False, 0.7),
}
# These say by their lane what they are.
WITHOUT_KEY = (*ANSWERS, "told", "sign")


def timeline(record: Record, phrases: Phrases, width_px: int = WIDTH) -> bytes:
    """Draw the record as PNG. The height follows from what there is. Raises ValueError for an empty record."""
    record.refuse_empty()
    return _Picture(record, phrases).draw(width_px)


class _Picture:
    """Keep the pen: what is drawn goes below what was drawn before."""

    def __init__(self, record: Record, phrases: Phrases) -> None:
        self.record = record
        self.phrases = phrases
        self.groups = groups(record, phrases)
        self.days = record.days
        self.keys = _keys(self.groups)
        lanes = sum(len(group.lanes) for group in self.groups)
        self.key_rows = -(-len(self.keys) // 2)
        self.height = TITLE + len(self.groups) * HEADING + lanes * LANE + AXIS + self.key_rows * KEY + FOOT
        figure = Figure(figsize=(WIDTH / 72, self.height / 72), dpi=72, facecolor=PAPER)
        self.canvas = FigureCanvasAgg(figure)
        self.axes = figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, WIDTH)
        self.axes.set_ylim(self.height, 0)
        self.plain = FontProperties(fname=str(fonts.regular()))
        self.strong = FontProperties(fname=str(fonts.bold()))
        self.bar = self._bar()

    def draw(self, width_px: int) -> bytes:
        self._title()
        y: float = TITLE
        for group in self.groups:
            y = self._group(group, y)
        y = self._axis(y)
        self._key(y)
        self._text(MARGIN, self.height - 36, self.phrases.plain("timeline.not_diagnosis"), 27, QUIET)
        file = BytesIO()
        # Without "Software" the same record gives the same bytes.
        self.canvas.figure.savefig(file, format="png", dpi=72 * width_px / WIDTH, metadata={"Software": None})
        return file.getvalue()

    def _title(self) -> None:
        entries = self.record.entries
        changed = sum(entry.answer == "changed" for entry in entries)
        told = (count(self.phrases, "timeline.answers", len(entries)), count(self.phrases, "timeline.changes", changed))
        self._text(MARGIN, 66, self.phrases.plain("timeline.title"), 50, INK, strong=True)
        self._text(MARGIN, 122, " · ".join((span(self.phrases, self.record), *told)), 30, QUIET)

    def _group(self, group: Group, y: float) -> float:
        self._text(MARGIN, y + 38, group.heading, 24, QUIET, strong=True)
        y += HEADING
        for lane in group.lanes:
            self.axes.add_patch(Rectangle((MARGIN - 20, y + 3), WIDTH - 2 * MARGIN + 40, LANE - 6, color=BAND, lw=0))
            self._text(MARGIN, y + LANE / 2, lane.label, 31, INK)
            for mark in lane.marks:
                self._mark(self._x(mark.day), y + LANE / 2, mark.kind)
            y += LANE
        return y

    def _axis(self, y: float) -> float:
        for tick in ticks(self.days, self.phrases):
            x = self._x(tick.day)
            self.axes.plot([x, x], [TITLE + HEADING, y + 8], color=LINE, lw=2, zorder=1.5)
            self._text(x, y + 30, tick.label, 28, QUIET, align="center")
            self._text(x, y + 62, tick.year, 28, QUIET, align="center")
        return y + AXIS

    def _key(self, y: float) -> None:
        for place, kind in enumerate(self.keys):
            row, column = place % self.key_rows, place // self.key_rows
            x, middle = MARGIN + column * 500, y + row * KEY + KEY / 2
            self._mark(x + 14, middle, kind)
            self._text(x + 48, middle, self.phrases.plain(f"timeline.{kind}"), 28, INK)

    def _mark(self, x: float, y: float, kind: str) -> None:
        shape, colour, filled, size = SHAPES[kind]
        if shape == "bar":
            corner = (x - self.bar / 2, y - MARK / 2)
            self.axes.add_patch(Rectangle(corner, self.bar, MARK, facecolor=colour, edgecolor=PAPER, lw=1.5, zorder=3))
        elif shape == "x":  # lines alone: there is nothing to fill
            self.axes.scatter([x], [y], s=(MARK * size) ** 2, marker=shape, c=colour, lw=4, zorder=3)
        else:
            # The rim of a filled mark sets it off from a neighbour that it overlaps.
            face, edge, line = (colour, PAPER, 1.5) if filled else (PAPER, colour, 4.0)
            area = (MARK * size) ** 2
            self.axes.scatter([x], [y], s=area, marker=shape, facecolors=face, edgecolors=edge, lw=line, zorder=3)

    def _text(
        self, x: float, y: float, text: str, size: float, colour: str, *, strong: bool = False, align: str = "left"
    ) -> None:
        font = self.strong if strong else self.plain
        # A third of the size below the middle stands the line that letters rest on.
        self.axes.text(
            x, y + size / 3, text, fontproperties=font, fontsize=size, color=colour, ha=align, va="baseline",
            parse_math=False, zorder=4,
        )  # fmt: skip

    def _bar(self) -> float:
        """Return how wide a bar may be, so that the two check-ins that stand closest do not touch."""
        days = sorted({entry.day for entry in self.record.entries})
        gaps = [(after - before).days for before, after in pairwise(days)]
        return max(THINNEST_BAR, min(MARK * 0.8, min(gaps, default=WIDTH) * self._per_day() * 0.85))

    def _per_day(self) -> float:
        return (RIGHT - LEFT) / max(1, (self.days[-1] - self.days[0]).days)

    def _x(self, day: date) -> float:
        if len(self.days) == 1:
            return (LEFT + RIGHT) / 2
        return LEFT + (day - self.days[0]).days * self._per_day()


def _keys(shown: tuple[Group, ...]) -> list[str]:
    """Return the kinds of marks that need a word, in the order of `SHAPES`."""
    used = {mark.kind for group in shown for lane in group.lanes for mark in lane.marks}
    return [kind for kind in SHAPES if kind in used and kind not in WITHOUT_KEY]
