"""Hold what was measured: each row holds ours against something else, or against a target, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Target:
    """Say what is wanted of one value. `unit` is written behind numbers, with its space."""

    limit: float
    at_least: bool = False
    unit: str = ""

    def __str__(self) -> str:
        """Return it as a reader expects it."""
        return f"{'≥' if self.at_least else '≤'} {number(self.limit)}{self.unit}"

    def is_met(self, value: float) -> bool:
        """Return whether the value is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit

    def times_better(self, value: float) -> float | None:
        """Return how many times better than wanted the value is; None where that has no meaning (zero, or less)."""
        if value <= 0 or self.limit <= 0:
            return None
        return value / self.limit if self.at_least else self.limit / value


@dataclass(frozen=True)
class Ratio:
    """Hold one ratio for each of several repeats that lay side by side."""

    values: Sequence[float]

    @property
    def middle(self) -> float:
        """Return the median."""
        return median(self.values)

    def __str__(self) -> str:
        """Return the median, and from where to where they lay."""
        if len(self.values) == 1:
            return number(self.middle)
        return f"{number(self.middle)} ({number(min(self.values))} to {number(max(self.values))})"


@dataclass(frozen=True)
class Row:
    """Hold one line of the table. Without a `value` nothing is judged; `shown` stands for it where it needs words."""

    what: str
    ours: str
    other: str = ""
    value: float | None = None
    shown: str = ""
    target: Target | None = None

    @property
    def result(self) -> str:
        """Return what the target is held against, in words."""
        if self.shown or self.value is None:
            return self.shown
        return f"{number(self.value)}{self.target.unit if self.target else ''}"

    @property
    def verdict(self) -> str:
        """Return "met", "not met", or nothing where there is no target."""
        if self.target is None or self.value is None:
            return ""
        return "met" if self.target.is_met(self.value) else "**not met**"


@dataclass(frozen=True)
class Curve:
    """Hold how a cost grows with the number of plans."""

    name: str
    plans: Sequence[int]
    microseconds: Sequence[float]


def against(what: str, ours: str, other: str, ratio: Ratio, target: Target | None = None) -> Row:
    """Return the row of a ratio."""
    return Row(what, ours, other, ratio.middle, str(ratio), target)


def not_measured(what: str, why: str) -> Row:
    """Return a row that says so."""
    return Row(what, f"not measured: {why}")


def share(values: Sequence[float], part: float) -> float:
    """Return the value that this part of them does not pass; the largest where there are few."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def number(value: float) -> str:
    """Return a number with the digits that matter."""
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    if size >= 0.1:
        return f"{value:.2f}"
    return f"{value:.2g}" if size >= 0.001 else f"{value:.4f}"
