"""Hold families of words that say nearly the same thing, and the numbers of the features that they make."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt
import Stemmer

from content.reading.features import Ids, number

Starts = npt.NDArray[np.intp]
NO_IDS: Ids = np.empty(0, np.uint32)

# What a cue does to the words round it: the letter in a feature's name, and whether it reaches only forward, and only
# in its own statement.
SCOPES = {
    "negated": ("N", True),
    "what_if": ("H", True),
    "asked": ("A", True),
    "past": ("P", False),
    "past_emergency": ("E", False),
    "strangers": ("S", False),
    "stories": ("T", False),
    "elsewhere": ("L", False),
    "asked_at_start": ("A", True),
    "supposed_at_start": ("H", True),
    "over": ("O", False),
    "no_longer": ("O", False),
    "negated_after": ("B", False),
}
QUESTION = "Q"
UNMARKED = "-"
# What the numbers in a part of a text do: one comes again, or they go up or down. They are told as if families.
CHANGES = ("number-same", "number-up", "number-down")
_MARKS = (*dict.fromkeys(mark for mark, _ in SCOPES.values()), QUESTION, UNMARKED)

# fmt: off
_NUMBER_WORDS = {
    word: float(number)
    for number, word in enumerate((
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
    ), start=2)
}
# fmt: on

_stem = Stemmer.Stemmer("english")


class Families:
    """Name the families that a word belongs to, by itself or else by its stem, and number what they stand for."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self.lists = {name: tuple(words) for name, words in lists.items()}
        self.names = (*self.lists, *CHANGES)
        self._by_word: dict[str, list[int]] = {}
        for place, words in enumerate(self.lists.values()):
            for word, stem in zip(words, _stem.stemWords(list(words)), strict=True):
                for key in {word, stem}:
                    places = self._by_word.setdefault(key, [])
                    if place not in places:
                        places.append(place)
        # The same features come again and again: each has its number from the start.
        self.alone: list[int] = number(list(self.names)).tolist()
        self.scoped: dict[str, list[int]] = {
            mark: number([f"{mark}:{name}" for name in self.names]).tolist() for mark in _MARKS
        }
        pairs = [[f"{left}~{right}" for right in self.names] for left in self.names]
        # In arrays, for as numbers of their own they would fill a megabyte.
        self.pairs = [array("I", number(row).tolist()) for row in pairs]
        company = [["&".join(sorted((left, right))) for right in self.names] for left in self.names]
        self.company = np.array([number(row) for row in company])
        self.before = [crc32(f"{name}>".encode()) for name in self.names]
        self.after = [name.encode() for name in self.names]

    def change(self, numbers: Sequence[float]) -> Sequence[int]:
        """Return the place in `names` of what these numbers do, if there are several."""
        if len(numbers) < 2:
            return ()
        again = len(set(numbers)) < len(numbers)
        change = "number-same" if again else "number-up" if numbers[-1] > numbers[0] else "number-down"
        return (self.names.index(change),)

    def of(self, word: str, stem: str) -> Sequence[int]:
        """Return the places in `names` of the families of `word`."""
        return self._by_word.get(word, self._by_word.get(stem, ()))


def parse_families(text: str) -> Families:
    """Return the families in `text`, one a line: a name, a colon, words. Raises ValueError with the line at fault."""
    lists: dict[str, list[str]] = {}
    for place, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, words = line.partition(":")
        if not colon or not words.split() or name.strip() in lists:
            raise ValueError(f"families, line {place}: needs a new name, a colon and words")
        lists[name.strip()] = words.split()
    if not lists:
        raise ValueError("families: there are none")
    return Families(lists)


def read_number(word: str) -> float | None:
    """Return the number that a word stands for; "one" says too often something else."""
    if word[:1].isdecimal():
        return float(word.replace(",", ".")) if word.count(".") + word.count(",") <= 1 else None
    return _NUMBER_WORDS.get(word)
