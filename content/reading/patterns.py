"""Match the word patterns of `pattern_rows` against a text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from content.reading.pattern_rows import Row, parse

# In a text of more words it pays to ask where a pattern can go on before it is followed from each place.
_SHORT = 40

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


class _Bits(dict[str, int]):
    """Give the places of a term as bits, each worked out when it is first asked for."""

    def __init__(self, places: Mapping[str, Sequence[int]]) -> None:
        super().__init__()
        self._places = places

    def __missing__(self, term: str) -> int:
        self[term] = bits = _bits(self._places.get(term, ()))
        return bits


class Grammar:
    """Hold named lists of patterns; a list may use `<name>` of lists above it. Raises ValueError naming the list."""

    def __init__(self, lists: Mapping[str, Iterable[str]]) -> None:
        self._names = tuple(lists)
        self._order = {name: place for place, name in enumerate(self._names)}
        # The lists that others use.
        self._groups: set[str] = set()
        self._by_first: dict[str, list[Row]] = defaultdict(list)
        self._by_first_group: dict[str, list[Row]] = defaultdict(list)
        self.terms: set[str] = set()
        for name, patterns in lists.items():
            for pattern in patterns:
                self._add(name, pattern)
        self._beginnings = frozenset(term[:-1] for term in self.terms if term.endswith("*"))

    def _add(self, name: str, pattern: str) -> None:
        try:
            rows = parse(pattern)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        for steps in rows:
            row = Row(name, steps)
            for step in steps:
                self.terms |= step.terms
                self._groups.update(step.groups)
                for group in step.groups:
                    if self._order.get(group, len(self._order)) >= self._order[name]:
                        raise ValueError(f"{name}: <{group}> in {pattern!r} is not a list above it")
            for term in steps[0].terms:
                self._by_first[term].append(row)
            for group in steps[0].groups:
                self._by_first_group[group].append(row)

    def key_words(self) -> set[str]:
        """Return every word written out in a pattern."""
        return {term for term in self.terms if term.isalpha()}

    def terms_of(self, word: str) -> frozenset[str]:
        """Return what a pattern may call `word`: itself, a beginning with `*`, `#`."""
        beginnings = (word[:length] for length in range(2, len(word) + 1))
        names = {f"{beginning}*" for beginning in beginnings if beginning in self._beginnings}
        if word in self.terms:
            names.add(word)
        if word[:1].isdigit() or word in _NUMBER_WORDS:
            names.add("#")
        return frozenset(names)

    def find(self, tokens: Sequence[frozenset[str]], parts: Sequence[int]) -> dict[str, list[Span]]:
        """Return every match by list name. `parts` numbers the part each token is in; no match crosses parts."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, terms in enumerate(tokens):
            for term in terms:
                places[term].append(place)
        present = frozenset(places)
        is_long = len(tokens) > _SHORT
        words, groups = _Bits(places), dict[str, int]()
        # With each row what its first step found, and where that ends, as bits.
        waiting: dict[str, list[tuple[Row, list[Span], int]]] = defaultdict(list)
        for term, found in places.items():
            rows = _possible(self._by_first.get(term, ()), present)
            firsts = [Span(place, place + 1, frozenset((place,))) for place in found] if rows else []
            for row in rows:
                waiting[row.name].append((row, firsts, words[term] << 1))
        # A list waits only for lists above it.
        order = [self._order[name] for name in waiting]
        heapify(order)
        result: dict[str, list[Span]] = {}
        at: dict[str, dict[int, list[Span]]] = {}
        while order:
            name = self._names[heappop(order)]
            spans = set[Span]()
            for row, firsts, ends in waiting[name]:
                if len(row.steps) == 1:
                    spans.update(firsts)
                    continue
                if is_long and not row.steps[1].optional:
                    # Seldom is the second word ahead: to ask this of all places at once makes long texts fast.
                    ahead = row.steps[1].lies_ahead(words, groups) & ends
                    if not ahead:
                        continue
                    firsts = [first for first in firsts if ahead >> first.end & 1]
                for first in firsts:
                    spans.update(_follow(row, first, tokens, parts, at))
            if not spans:
                continue
            result[name] = sorted(spans, key=_rank)
            rows = _possible(self._by_first_group.get(name, ()), present)
            ends = _bits(span.end for span in spans) if rows and is_long else 0
            for row in rows:
                if row.name not in waiting:
                    heappush(order, self._order[row.name])
                waiting[row.name].append((row, result[name], ends))
            if name in self._groups:
                at[name] = defaultdict(list)
                for span in result[name]:
                    at[name][span.start].append(span)
                if is_long:
                    groups[name] = _bits(at[name])
        return result


def _bits(places: Iterable[int]) -> int:
    bits = 0
    for place in places:
        bits |= 1 << place
    return bits


def _possible(rows: Iterable[Row], present: frozenset[str]) -> list[Row]:
    """Return the rows of which every needed word is `present`."""
    # A plain loop: this is asked for hundreds of rows a text.
    possible = []
    for row in rows:
        for need in row.needs:
            if need.isdisjoint(present):
                break
        else:
            possible.append(row)
    return possible


def _follow(
    row: Row,
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


def _rank(span: Span) -> tuple[int, int, int, int]:
    """Order spans by where they are; of two at one place the one that uses more words comes first."""
    return span.start, span.end, -len(span.used), sum(span.used)
