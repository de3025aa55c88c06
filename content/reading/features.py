"""Turn normalised text into the numbered features that the topic finder weighs: words, word pairs, letter runs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt
import Stemmer

# Raise this when anything here changes: an index fitted on other features is stale, and so is a gate.
VERSION = 1

# Letter runs inside one word, with a space at its ends: they read through typing slips and unseen endings.
_SHORTEST_RUN, _LONGEST_RUN = 2, 5

_REMEMBERED_WORDS = 4_096
_WORD = re.compile(r"\d+|[^\W\d_]+(?:'[^\W\d_]+)*|[^\w\s,.;:!?'\"()\-]")
_stem = Stemmer.Stemmer("english")

Ids = npt.NDArray[np.uint32]
_NONE: Ids = np.empty(0, np.uint32)


def split_words(text: str) -> list[str]:
    """Return the words, numbers and symbols of normalised `text`; an apostrophe joins ("it's" is "its")."""
    return [word.replace("'", "") for word in _WORD.findall(text)]


def word_features(words: list[str]) -> list[str]:
    """Return the stems of `words`, then each pair of neighbours, the ends included: one pair more than words."""
    stems = _stem.stemWords(words)
    fenced = ["<", *stems, ">"]
    return [*stems, *(f"{left} {right}" for left, right in pairwise(fenced))]


def letter_features(words: Iterable[str]) -> list[str]:
    """Return the runs of letters inside each of `words`, its fences included."""
    runs: list[str] = []
    for word in words:
        fenced = f" {word} "
        for length in range(_SHORTEST_RUN, _LONGEST_RUN + 1):
            if len(fenced) <= length:
                runs.append(fenced)
                break
            runs += [fenced[start : start + length] for start in range(len(fenced) - length + 1)]
    return runs


def letter_numbers(words: Sequence[str]) -> Ids:
    """Return the numbers of the `letter_features` of `words`."""
    return np.concatenate([_NONE, *map(letter_numbers_of_word, words)])


@lru_cache(maxsize=_REMEMBERED_WORDS)
def letter_numbers_of_word(word: str) -> Ids:
    """Return the numbers of the `letter_features` of one word."""
    return number(letter_features((word,)))


def number(features: list[str]) -> Ids:
    """Return a stable number for each feature, repeats kept. Two features share one about once in 60,000."""
    return np.fromiter(map(crc32, map(str.encode, features)), np.uint32, len(features))
