"""Match word patterns that a careful reader can write: `skin .. red`, `<bump> & hurt|hurts`, `cant <bend>`.

A pattern is a row of words. `a|b` is either word, `a?` may be missing, `swell*` is any ending, `#` is any number,
`<name>` is anything in the list of that name, `..` lets up to four other words stand between (`..7`: up to seven), and
`a & b` is both in either order with up to six words between (`&2`: up to two). A pattern never reaches
over a full stop.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

GAP = 4
EITHER_ORDER_GAP = 6
# Wider patterns would tie together words that have nothing to do with each other, and cost time.
WIDEST_GAP = 12

_WORD = r"(?:<[a-z_.-]+>|[a-z0-9]+(?:\.[0-9]*)?\*?|#)"
_ITEM = re.compile(rf"{_WORD}(?:\|{_WORD})*\??")
_GAP_MARK = re.compile(r"(\.\.|&)(\d*)")
# fmt: off
_NUMBER_WORDS = frozenset((
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty",
    "forty", "fifty", "sixty", "ninety", "hundred", "couple", "several", "few", "half", "dozen",
))
# fmt: on


@dataclass(frozen=True, slots=True)
class Span:
    """Say where a pattern matched: tokens `start` to before `end`, and which of them it used (a gap is not used)."""

    start: int
    end: int
    used: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Step:
    terms: frozenset[str]
    groups: tuple[str, ...]
    gap: int
    optional: bool


class _Row:
    """Hold one order of a pattern's steps, and the words without which it cannot match."""

    __slots__ = ("needs", "steps")

    def __init__(self, steps: tuple[_Step, ...]) -> None:
        self.steps = steps
        # The first step is found before anybody asks.
        self.needs = tuple(step.terms for step in steps[1:] if not step.optional and not step.groups)

    def may_match(self, terms: frozenset[str]) -> bool:
        # A plain loop: this is asked hundreds of times a text.
        for need in self.needs:  # noqa: SIM110
            if need.isdisjoint(terms):
                return False
        return True


def _step(item: str, gap: int) -> _Step:
    parts = item.removesuffix("?").split("|")
    if "<" not in item:
        return _Step(frozenset(parts), (), gap, item.endswith("?"))
    groups = tuple(part[1:-1] for part in parts if part.startswith("<"))
    return _Step(frozenset(part for part in parts if not part.startswith("<")), groups, gap, item.endswith("?"))


def _orders(items: Sequence[str]) -> list[list[str]]:
    """Return the rows of items that `items` stands for: two where it holds an `&`."""
    for index, item in enumerate(items):
        if item.startswith("&"):
            gap = f"..{item[1:] or EITHER_ORDER_GAP}"
            before, after = list(items[:index]), list(items[index + 1 :])
            return [[*before, gap, *after], [*after, gap, *before]]
    return [list(items)]


def parse(pattern: str) -> list[tuple[_Step, ...]]:
    """Return the rows of steps that `pattern` stands for. Raises ValueError with the part that is wrong."""
    rows = []
    for items in _orders(pattern.split()):
        steps: list[_Step] = []
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


class Grammar:
    """Hold named lists of patterns; a list may use `<name>` of lists above it. Raises ValueError naming the list."""

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        self._order = {name: place for place, name in enumerate(lists)}
        self._by_first: dict[str, list[tuple[str, _Row]]] = defaultdict(list)
        self._by_first_group: dict[str, list[tuple[str, _Row]]] = defaultdict(list)
        self.terms: set[str] = set()
        for name, patterns in lists.items():
            for pattern in patterns:
                self._add(name, pattern)

    def _add(self, name: str, pattern: str) -> None:
        try:
            rows = parse(pattern)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        for steps in rows:
            row = _Row(steps)
            for step in steps:
                self.terms |= step.terms
                for group in step.groups:
                    if self._order.get(group, len(self._order)) >= self._order[name]:
                        raise ValueError(f"{name}: <{group}> in {pattern!r} is not a list above it")
            for term in steps[0].terms:
                self._by_first[term].append((name, row))
            for group in steps[0].groups:
                self._by_first_group[group].append((name, row))

    def key_words(self) -> set[str]:
        """Return every word written out in a pattern."""
        return {term for term in self.terms if term.isalpha()}

    def terms_of(self, word: str) -> frozenset[str]:
        """Return what a pattern may call `word`: itself, a beginning with `*`, `#`."""
        names = {f"{word[:length]}*" for length in range(2, len(word) + 1)} & self.terms
        if word in self.terms:
            names.add(word)
        if word[:1].isdigit() or word in _NUMBER_WORDS:
            names.add("#")
        return frozenset(names)

    def find(self, tokens: Sequence[frozenset[str]], parts: Sequence[int]) -> dict[str, list[Span]]:
        """Return every match by list name. `parts` numbers the part each token is in; no match crosses parts."""
        present = frozenset[str]().union(*tokens)
        waiting: dict[str, list[tuple[_Row, Span]]] = defaultdict(list)
        for term in present:
            rows = [entry for entry in self._by_first.get(term, ()) if entry[1].may_match(present)]
            places = [place for place, terms in enumerate(tokens) if term in terms] if rows else ()
            for place in places:
                here = Span(place, place + 1, frozenset((place,)))
                for name, row in rows:
                    waiting[name].append((row, here))
        found: dict[str, list[Span]] = {}
        at: dict[str, dict[int, list[Span]]] = {}
        for name in self._order:
            spans = {end for row, first in waiting.get(name, ()) for end in _follow(row, first, tokens, parts, at)}
            if not spans:
                continue
            found[name] = sorted(spans, key=lambda span: (span.start, span.end))
            at[name] = defaultdict(list)
            rows = [entry for entry in self._by_first_group.get(name, ()) if entry[1].may_match(present)]
            for span in found[name]:
                at[name][span.start].append(span)
                for follower, row in rows:
                    waiting[follower].append((row, span))
        return found


def _follow(
    row: _Row,
    first: Span,
    tokens: Sequence[frozenset[str]],
    parts: Sequence[int],
    at: Mapping[str, Mapping[int, list[Span]]],
) -> Iterable[Span]:
    """Return the ways in which `row` goes on after its `first` step."""
    part = parts[first.start]
    reached = {first.end: first}
    for step in row.steps[1:]:
        ahead: dict[int, Span] = dict(reached) if step.optional else {}
        for end, span in reached.items():
            for place in range(end, min(end + step.gap + 1, len(tokens))):
                if parts[place] != part:
                    break
                if not step.terms.isdisjoint(tokens[place]):
                    ahead.setdefault(place + 1, Span(first.start, place + 1, span.used | {place}))
                for group in step.groups:
                    for inner in at.get(group, {}).get(place, ()):
                        ahead.setdefault(inner.end, Span(first.start, inner.end, span.used | inner.used))
        if not ahead:
            return ()
        reached = ahead
    return reached.values()
