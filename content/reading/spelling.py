"""Read mistyped key words without bending real words into them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

# Shorter words have too many real neighbours, longer ones are no words.
SHORTEST_TARGET = 5
SHORTEST_TYPED = 4
LONGEST_TYPED = 18
# From this length on two slips are still clearly the same word.
TWO_SLIPS_FROM = 9
_REMEMBERED_WORDS = 4_096

_LONG_REPEAT = re.compile(r"(.)\1{2,}")


def _without_letters(word: str, letters: int) -> set[str]:
    """Return `word` and every form of it with up to `letters` letters left out."""
    forms = {word}
    for _ in range(letters):
        forms |= {form[:i] + form[i + 1 :] for form in forms for i in range(len(form))}
    return forms


def _slips_allowed(length: int) -> int:
    return 2 if length >= TWO_SLIPS_FROM else 1


class Speller:
    """Map typed words to key words. `variants` (wrong -> right) win over `real_words`, which are never changed."""

    def __init__(self, key_words: Iterable[str], variants: Mapping[str, str], real_words: Collection[str]) -> None:
        self._key_words = frozenset(key_words)
        self._variants = dict(variants)
        self._real_words = frozenset(real_words)
        # By first letter, each built when it is first needed: together they take 10 MB and would hold up the start.
        self._indexes: dict[str, dict[str, list[str]]] = {}
        # One memory per rule set: texts repeat the same words, and an unknown word costs the most.
        self.fix = lru_cache(maxsize=_REMEMBERED_WORDS)(self._fix)

    def _index(self, letter: str) -> Mapping[str, Sequence[str]]:
        """Return the key words that begin with `letter`, by every form with letters left out."""
        if letter not in self._indexes:
            index: dict[str, list[str]] = {}
            for word in sorted(self._key_words):
                if word[0] == letter and len(word) >= SHORTEST_TARGET and word.isalpha():
                    for form in _without_letters(word, _slips_allowed(len(word))):
                        index.setdefault(form, []).append(word)
            self._indexes[letter] = index
        return self._indexes[letter]

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
        best: tuple[int, int, str] | None = None
        # A slip in the first letter is rare, and would pair words such as "racing" and "aching".
        index = self._index(word[0])
        for form in _without_letters(word, _slips_allowed(len(word) + 1)):
            for target in index.get(form, ()):
                slips = OSA.distance(word, target, score_cutoff=2)
                if slips <= _slips_allowed(min(len(word) + 1, len(target))):
                    found = (slips, -len(target), target)
                    best = found if best is None else min(best, found)
        return best[2] if best else None
