"""Read the phrases of replies.toml, and find them in the words of a reply."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from content.reading.normal import normalise

BREAK, ASKED = "|", "?"
_STOPS = {BREAK, ASKED}
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_WORDS = re.compile(r"[^\W_]+|[,.;:!?…–—]+|\S")
_TOKENS = re.compile(r"[()|]|[^\s()|]+")
_GLUED = re.compile(r"(\w+(?=\())?\(([\w*|]*)\)((?(1)[\w*]*|[\w*]+))")
_GAP_WORDS = 3


def plain(text: str) -> list[str]:
    """Return the words of a text as the rules know them: no apostrophes, no stretched letters, BREAK at stops."""
    words: list[str] = []
    for word in _WORDS.findall(normalise(text).replace("'", "").replace("\ufe0f", "")):
        if word[0] in ",.;:!?…–—":
            words.append(ASKED if "?" in word else BREAK)
        elif word[0].isalnum() or ord(word[0]) > 0x2000:
            words.append(_STRETCHED.sub(r"\1", word))
    return words


@dataclass(frozen=True, slots=True)
class OneOf:
    """Match one word: one of `words`, or any that has one of `beginnings`."""

    words: frozenset[str]
    beginnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Match one of several rows of items; an empty row lets it be left out."""

    options: tuple[Items, ...]


class Gap:
    """Match up to _GAP_WORDS words of any kind, within a clause."""


Items = tuple["OneOf | Either | Gap", ...]
Sets = Mapping[str, "OneOf | Either"]


@dataclass(frozen=True, slots=True)
class Phrase:
    """Pair what a phrase says with its items; `weight` decides between matches of equal length."""

    kind: str
    items: Items
    first: bool
    last: bool
    weight: int

    def end(self, words: Sequence[str], at: int) -> int:
        """Return where the longest match that starts at this word ends, or 0."""
        if self.first and at and words[at - 1] not in _STOPS:
            return 0
        ends = _reach(self.items, words, {at})
        if self.last:
            ends = {end for end in ends if end == len(words) or words[end] in _STOPS}
        end = max(ends, default=0)
        return end if end > at else 0


def read_phrase(kind: str, text: str, sets: Sets) -> Phrase:
    """Read one phrase of the file. Raises ValueError with the phrase when it cannot be read."""
    source = text.lower().replace("'", "").replace("-", " ").strip()
    try:
        items = _parse(source.strip("^$ "), sets)[0]
        _openings(items)
    except (ValueError, KeyError) as problem:
        raise ValueError(f"cannot read the phrase {text!r} of {kind}: {problem}") from problem
    return Phrase(kind, items, source.startswith("^"), source.endswith("$"), len(text.replace("*", "")))


def read_set(text: str, sets: Sets) -> OneOf | Either:
    """Read the words that one name stands for. Raises ValueError when they cannot be read."""
    return _either(_parse(text.lower().replace("'", "").replace("-", " "), sets))


class Finder:
    """Find phrases by the word that they start with."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        self._by_word: dict[str, list[Phrase]] = {}
        self._by_beginning: dict[str, list[Phrase]] = {}
        for phrase in phrases:
            words, beginnings = _openings(phrase.items)
            for word in words:
                self._by_word.setdefault(word, []).append(phrase)
            for beginning in beginnings:
                self._by_beginning.setdefault(beginning, []).append(phrase)

    def find(self, words: Sequence[str], at: int) -> Iterator[tuple[Phrase, int]]:
        """Return the phrases that match from this word on, each with the index after its last word."""
        word = words[at]
        tried = list(self._by_word.get(word, ()))
        for length in range(1, len(word) + 1):
            tried += self._by_beginning.get(word[:length], ())
        for phrase in tried:
            if end := phrase.end(words, at):
                yield phrase, end


def _reach(items: Items, words: Sequence[str], starts: set[int]) -> set[int]:
    """Return where a match of all items can end that starts at one of these words."""
    for item in items:
        if isinstance(item, OneOf):
            starts = {
                at + 1
                for at in starts
                if at < len(words) and (words[at] in item.words or words[at].startswith(item.beginnings))
            }
        elif isinstance(item, Either):
            starts = set().union(*(_reach(option, words, starts) for option in item.options))
        else:
            starts = set().union(*(_gap(words, at) for at in starts))
        if not starts:
            break
    return starts


def _gap(words: Sequence[str], at: int) -> range:
    end = at
    while end < len(words) and end < at + _GAP_WORDS and words[end] not in _STOPS:
        end += 1
    return range(at, end + 1)


def _openings(items: Items) -> tuple[set[str], set[str]]:
    """Return the words, and the beginnings of words, that a match can start with."""
    words: set[str] = set()
    beginnings: set[str] = set()
    for item in items:
        if isinstance(item, Gap):
            break
        if isinstance(item, OneOf):
            return words | item.words, beginnings | set(item.beginnings)
        for option in filter(None, item.options):
            more_words, more_beginnings = _openings(option)
            words |= more_words
            beginnings |= more_beginnings
        if () not in item.options:
            return words, beginnings
    raise ValueError("it needs a word to start with")


def _parse(text: str, sets: Sets) -> tuple[Items, ...]:
    """Return the rows of items that stand between bars. Raises ValueError for a bracket too many or too few."""
    tokens = _TOKENS.findall(_GLUED.sub(_letters, text))
    rows, end = _rows(tokens, 0, sets)
    if end != len(tokens):
        raise ValueError("a bracket is missing")
    return rows


def _rows(tokens: Sequence[str], at: int, sets: Sets) -> tuple[tuple[Items, ...], int]:
    """Return the rows up to the bracket that closes them, and where it stands."""
    rows: list[list[OneOf | Either | Gap]] = [[]]
    while at < len(tokens) and tokens[at] != ")":
        part = tokens[at]
        if part == "|":
            rows.append([])
        elif part == "(":
            inside, at = _rows(tokens, at + 1, sets)
            if at == len(tokens):
                raise ValueError("a bracket is missing")
            rows[-1].append(_either(inside))
        else:
            rows[-1].append(Gap() if part == ".." else sets[part[1:-1]] if part[0] == "<" else _word(part))
        at += 1
    return tuple(map(tuple, rows)), at


def _letters(match: re.Match[str]) -> str:
    """Spell out a word with brackets for letters: "heal(ed|ing)" as "(healed|healing)"."""
    return "(" + "|".join(f"{match[1] or ''}{letters}{match[3]}" for letters in match[2].split("|")) + ")"


@cache
def _word(text: str) -> OneOf:
    stem = text.removesuffix("*")
    if not stem or "*" in stem or "<" in stem:
        raise ValueError(f"{text!r} is no word")
    return OneOf(frozenset(), (stem,)) if stem != text else OneOf(frozenset({text}), ())


def _either(rows: tuple[Items, ...]) -> OneOf | Either:
    """Return rows as one item; those of one word become one row."""
    single = [row[0] for row in rows if len(row) == 1 and isinstance(row[0], OneOf)]
    words = OneOf(
        frozenset().union(*(one.words for one in single)), tuple(begin for one in single for begin in one.beginnings)
    )
    if len(single) == len(rows):
        return words
    others = tuple(row for row in rows if not (len(row) == 1 and isinstance(row[0], OneOf)))
    return Either(((words,), *others) if single else others)
