"""Draw the results: how far each is from its target, and how costs grow with the tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.bench.document import DOCUMENT
from tests.bench.figures import Curve, Row, number

PICTURE = DOCUMENT.parent / "pictures" / "bench.svg"
EMBEDDED = (
    f"![How far each result is from its target, and the cost of 1,000 due as tables grow](pictures/{PICTURE.name})"
)

# One colour for what is met and another for what is not; they differ for everybody's eyes, and in grey.
MET, NOT_MET, INK = "#1b7f79", "#d9822b", "#333333"

# Further out the bars are cut: a hundred times better or worse is far enough to see.
FAR = 100.0
LETTERS = 88


def draw(rows: Sequence[Row], curves: Sequence[Curve], path: Path = PICTURE) -> None:
    """Write the picture as SVG. Rows without a target, and those where times have no meaning, are left out."""
    judged = [(row, times) for row in rows if (times := _times(row)) is not None]
    figure = Figure(figsize=(11, 1.6 + 0.3 * len(judged) + (3.2 if curves else 0)), layout="constrained")
    if curves:
        above, below = figure.subplots(2, 1, height_ratios=[0.3 * len(judged) + 0.6, 3.0])
        _draw_curves(below, curves)
    else:
        above = figure.subplots()
    _draw_targets(above, judged)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Letters stay letters; and without a date and random names the same numbers make the same file.
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": PICTURE.stem}):
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _times(row: Row) -> float | None:
    return row.target.times_better(row.value) if row.target is not None and row.value is not None else None


def _draw_targets(axes: Axes, judged: Sequence[tuple[Row, float]]) -> None:
    shown = [min(max(times, 1 / FAR), FAR) for _, times in judged]
    places = range(len(judged), 0, -1)
    colours = [
        MET if row.target and row.value is not None and row.target.is_met(row.value) else NOT_MET for row, _ in judged
    ]
    axes.barh(places, [value - 1 for value in shown], left=1.0, color=colours, height=0.6)
    axes.set_yticks(list(places), [_short(row.what) for row, _ in judged], fontsize=7)
    axes.set_xscale("log")
    axes.axvline(1.0, color=INK, linewidth=1)
    axes.set_title("Times better than its target (right of the line: met)", fontsize=9, loc="left")
    axes.tick_params(axis="x", labelsize=7)
    for place, value, (_, times) in zip(places, shown, judged, strict=True):
        side = 1 if value >= 1 else -1
        axes.annotate(
            f"{number(times)}×", (value, place), (3 * side, 0), textcoords="offset points",
            ha="left" if side > 0 else "right", va="center", fontsize=7, color=INK,
        )  # fmt: skip
    for edge in ("top", "right"):
        axes.spines[edge].set_visible(False)
    axes.set_xlim(min([*shown, 1.0]) / 1.6, max([*shown, 1.0]) * 1.6)


def _draw_curves(axes: Axes, curves: Sequence[Curve]) -> None:
    for curve, marker in zip(curves, "os^d", strict=False):
        axes.plot(curve.plans, curve.microseconds, marker=marker, label=curve.name)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("plans in the table", fontsize=8)
    axes.set_ylabel("µs a check-in", fontsize=8)
    axes.set_title("Claiming and marking 1,000 that are due", fontsize=9, loc="left")
    axes.tick_params(labelsize=7)
    axes.legend(fontsize=7, frameon=False)


def _short(what: str) -> str:
    plain = what.replace("`", "")
    return plain if len(plain) <= LETTERS else f"{plain[: LETTERS - 1]}…"
