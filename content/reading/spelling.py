"""Read mistyped key words without bending real words into them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

# Shorter words have too many real neighbours, longer ones are no words.
SHORTEST_TARGET = 5
SHORTEST_TYPED = 4
LONGEST_TYPED = 18
# From this length on two slips are still clearly the same word.
TWO_SLIPS_FROM = 9
_MOST_SLIPS = 2
_REMEMBERED_WORDS = 4_096

_LONG_REPEAT = re.compile(r"(.)\1{2,}")


def _slips_allowed(typed: int, target: str = "") -> int:
    """Return how many slips may lie between a word of `typed` letters and `target`, or any target at all."""
    length = min(typed + 1, len(target)) if target else typed + 1
    return _MOST_SLIPS if length >= TWO_SLIPS_FROM else 1


class Speller:
    """Map typed words to key words. `variants` (wrong -> right) win over `real_words`, which are never changed."""

    def __init__(self, key_words: Iterable[str], variants: Mapping[str, str], real_words: Collection[str]) -> None:
        self._key_words = frozenset(key_words)
        self._variants = dict(variants)
        self._real_words = frozenset(real_words)
        # By first letter, where a slip is rare and would pair words such as "racing" and "aching", and by typed length.
        self._targets: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in sorted(self._key_words):
            if len(word) >= SHORTEST_TARGET and word.isalpha():
                for typed in range(len(word) - _MOST_SLIPS, len(word) + _MOST_SLIPS + 1):
                    if abs(typed - len(word)) <= _slips_allowed(typed, word):
                        self._targets[word[0], typed].append(word)
        # One memory per rule set: texts repeat the same words, and an unknown word costs the most.
        self.fix = lru_cache(maxsize=_REMEMBERED_WORDS)(self._fix)

    def _fix(self, word: str) -> str:
        """Return the key word meant by `word`, or `word` itself."""
        if (known := self._known(word)) is not None:
            return known
        if _LONG_REPEAT.search(word):
            for kept in (r"\1", r"\1\1"):
                if (known := self._known(_LONG_REPEAT.sub(kept, word))) is not None:
                    return known
        return word if word in self._real_words else (self.nearest(word) or word)

    def _known(self, word: str) -> str | None:
        if word in self._variants:
            return self._variants[word]
        if word.endswith("in") and f"{word}g" in self._key_words:  # "growin"
            return f"{word}g"
        return word if word in self._key_words else None

    def nearest(self, word: str) -> str | None:
        """Return the key word that `word` is a slip of, whether or not `word` is a real word; None if there is none."""
        if not SHORTEST_TYPED <= len(word) <= LONGEST_TYPED or not word.isalpha():
            return None
        near = process.extract(
            word,
            self._targets.get((word[0], len(word)), ()),
            scorer=OSA.distance,
            score_cutoff=_slips_allowed(len(word)),
            limit=None,
        )
        found = [
            (slips, -len(target), target) for target, slips, _ in near if slips <= _slips_allowed(len(word), target)
        ]
        return min(found)[2] if found else None
