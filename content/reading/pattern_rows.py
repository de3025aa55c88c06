"""Parse word patterns that a careful reader can write: `skin .. red`, `<bump> & hurt|hurts`, `cant <bend>`.

A pattern is a row of words. `a|b` is either word, `a?` may be missing, `swell*` is any ending, `#` is any number,
`<name>` is anything in the list of that name, `..` lets up to four other words stand between (`..7`: up to seven), and
`a & b` is both in either order with up to six words between (`&2`: up to two). A pattern never reaches
over a full stop.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from sys import intern

GAP = 4
EITHER_ORDER_GAP = 6
# Wider patterns would tie together words that have nothing to do with each other, and cost time.
WIDEST_GAP = 12
_WORD = r"(?:<[a-z_.-]+>|[a-z0-9]+(?:\.[0-9]*)?\*?|#)"
_ITEM = re.compile(rf"{_WORD}(?:\|{_WORD})*\??")
_GAP_MARK = re.compile(r"(\.\.|&)(\d*)")


@dataclass(frozen=True, slots=True)
class Step:
    terms: frozenset[str]
    groups: tuple[str, ...]
    gap: int
    optional: bool

    def lies_ahead(self, words: Mapping[str, int], groups: Mapping[str, int]) -> int:
        """Return after which places this step may come next, as bits. `words` and `groups` say where each begins."""
        there = 0
        for term in self.terms:
            there |= words[term]
        for group in self.groups:
            there |= groups.get(group, 0)
        ahead = there
        for _ in range(self.gap):
            ahead = there | ahead >> 1
        return ahead


class Row:
    """Hold one order of a pattern of list `name` as steps, and the words without which it cannot match."""

    __slots__ = ("name", "needs", "steps")

    def __init__(self, name: str, steps: tuple[Step, ...]) -> None:
        self.name = name
        self.steps = steps
        # The first step is found before anybody asks.
        self.needs = tuple(step.terms for step in steps[1:] if not step.optional and not step.groups)


# The same words stand in many patterns: each is kept once.
@cache
def _step(item: str, gap: int) -> Step:
    parts = [intern(part) for part in item.removesuffix("?").split("|")]
    groups = tuple(part[1:-1] for part in parts if part.startswith("<"))
    terms = frozenset(part for part in parts if not part.startswith("<"))
    return Step(_same(terms), groups, gap, item.endswith("?"))


@cache
def _same(terms: frozenset[str]) -> frozenset[str]:
    """Return one and the same set for equal sets."""
    return terms


def _orders(items: Sequence[str]) -> list[list[str]]:
    """Return the rows of items that `items` stands for: two where it holds an `&`."""
    for index, item in enumerate(items):
        if item.startswith("&"):
            gap = f"..{item[1:] or EITHER_ORDER_GAP}"
            before, after = list(items[:index]), list(items[index + 1 :])
            return [[*before, gap, *after], [*after, gap, *before]]
    return [list(items)]


def parse(pattern: str) -> list[tuple[Step, ...]]:
    """Return the rows of steps that `pattern` stands for. Raises ValueError with the part that is wrong."""
    rows = []
    for items in _orders(pattern.split()):
        steps: list[Step] = []
        gap = 0
        for item in items:
            if mark := _GAP_MARK.fullmatch(item):
                gap = int(mark[2] or GAP)
                if not steps or gap > WIDEST_GAP:
                    raise ValueError(f"{item!r} in {pattern!r}: a gap stands between words, at most {WIDEST_GAP} wide")
            elif _ITEM.fullmatch(item):
                steps.append(_step(item, gap))
                gap = 0
            else:
                raise ValueError(f"{item!r} in {pattern!r} is no word, list or gap")
        if gap or not any(not step.optional for step in steps):
            raise ValueError(f"{pattern!r} needs a word that must be there, and cannot end in a gap")
        while steps[0].optional:
            rows.append((replace(steps[0], optional=False), *steps[1:]))
            steps = [replace(steps[1], gap=0), *steps[2:]]
        rows.append(tuple(steps))
    return rows
