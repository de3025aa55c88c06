"""Mend typing slips in the words of a question, without bending real words.

The signs are read with `spelling`, which is faster a word and bigger: it suits a hundred key words, not thousands.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from content.reading.features import Ids

# Shorter words have too many real neighbours.
SHORTEST = 4
# From this length on two slips are still clearly the same word.
TWO_SLIPS_FROM = 8
# A message with more strange words than this is not English with slips; looking further would only cost time.
MAX_STRANGE_WORDS = 12
# ... and so is one of which more than this share is strange.
MAX_STRANGE_SHARE = 0.5


class Slips:
    """Map mistyped words to `targets`. Words in `real` (sorted numbers of words) are never changed."""

    def __init__(self, targets: Iterable[str], real: Ids) -> None:
        self.targets = tuple(sorted(targets))
        self.real = real
        self._by_first: dict[str, list[str]] = {}
        for word in self.targets:
            if len(word) >= SHORTEST:
                # A slip in the first letter is rare, and would pair words such as "racing" and "aching".
                self._by_first.setdefault(word[0], []).append(word)

    def mend(self, words: list[str]) -> list[str]:
        """Return `words` with the slips mended."""
        if not words or not len(self.real):
            return words
        numbers = np.fromiter((crc32(word.encode()) for word in words), np.uint32, len(words))
        places = np.minimum(np.searchsorted(self.real, numbers), len(self.real) - 1)
        strange = self.real[places] != numbers
        if strange.sum() > min(MAX_STRANGE_WORDS, MAX_STRANGE_SHARE * len(words)):
            return words
        return [self._nearest(word) if odd else word for word, odd in zip(words, strange, strict=True)]

    def _nearest(self, word: str) -> str:
        if len(word) < SHORTEST or not word.isalpha():
            return word
        slips = 2 if len(word) >= TWO_SLIPS_FROM else 1
        found = process.extractOne(
            word, self._by_first.get(word[0], ()), scorer=OSA.distance, score_cutoff=slips, processor=None
        )
        return found[0] if found else word


def number_words(words: Iterable[str]) -> Ids:
    """Return the sorted numbers by which `Slips` knows real words."""
    return np.unique(np.fromiter((crc32(word.encode()) for word in words), np.uint32))
