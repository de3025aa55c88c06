"""Weigh numbered features: the linear half of every fitted reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from content.reading.features import Ids

Floats = npt.NDArray[np.float32]

_ARRAYS = ("ids", "rarity", "weights", "scale")
# A feature is 32 bits; a text's number stands above them where texts are looked at together.
_ID_BITS = np.uint64(32)
_ID = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True)
class Block:
    """Weigh one kind of feature. `ids` is sorted; row i of `weights` times `scale` belongs to `ids[i]`."""

    ids: Ids
    rarity: Floats
    weights: npt.NDArray[np.int8]
    scale: Floats

    def score(self, found: Ids, *, heed_strange: bool = False) -> Floats:
        """Return the share of this block in the score of each label, for a text with the features `found`."""
        rows, values = weigh(found, self.ids, self.rarity, heed_strange=heed_strange)
        scores: Floats = (values @ self.weights[rows].astype(np.float32)) * self.scale
        return scores

    def score_all(self, texts: Sequence[Ids]) -> Floats:
        """Return a row of scores a text: that of `score` for each, at the cost of one."""
        rows, columns, values = weigh_counted(*count_all(texts), self.ids, self.rarity)
        scores = np.zeros((len(texts), self.weights.shape[1]), np.float32)
        np.add.at(scores, rows, values[:, None] * self.weights[columns].astype(np.float32))
        scores *= self.scale
        return scores

    def arrays(self, name: str) -> dict[str, Any]:
        """Return what is to be kept of the block called `name`."""
        return {f"{name}_{array}": getattr(self, array) for array in _ARRAYS}

    @classmethod
    def of(cls, arrays: Mapping[str, Any], name: str) -> Self:
        """Return the block called `name` from what was kept. Raises KeyError if a part is missing."""
        return cls(*(arrays[f"{name}_{array}"] for array in _ARRAYS))


def weigh(found: Ids, ids: Ids, rarity: Floats, *, heed_strange: bool = False) -> tuple[npt.NDArray[np.intp], Floats]:
    """Return which of `ids` are among the features `found`, and their values: tf-idf, one long in all.

    With `heed_strange` they are one long together with what was never seen, which counts as the rarest: one known word
    among strange ones must not speak for the whole text.
    """
    unique, counts = np.unique(found, return_counts=True)
    rows = np.minimum(np.searchsorted(ids, unique), len(ids) - 1)
    known = ids[rows] == unique
    values = (1 + np.log(counts.astype(np.float32))) * np.where(known, rarity[rows], rarity.max())
    length = np.linalg.norm(values if heed_strange else values[known])
    return rows[known], values[known] / max(float(length), 1e-9)


def weigh_counted(
    texts: npt.NDArray[np.intp],
    features: Ids,
    counts: npt.NDArray[np.intp],
    ids: Ids,
    rarity: Floats,
    *,
    heed_strange: bool = False,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    """Return what `weigh` makes of many counted texts at once: each known feature's text, place in `ids`, and value."""
    columns = np.minimum(np.searchsorted(ids, features), len(ids) - 1)
    known = ids[columns] == features
    values = (1 + np.log(counts.astype(np.float32))) * np.where(known, rarity[columns], rarity.max())
    measured = values if heed_strange else np.where(known, values, 0)
    lengths = np.sqrt(np.bincount(texts, measured.astype(np.float64) ** 2))
    return texts[known], columns[known], (values / np.maximum(lengths, 1e-9)[texts])[known].astype(np.float32)


def count_all(texts: Sequence[Ids]) -> tuple[npt.NDArray[np.intp], Ids, npt.NDArray[np.intp]]:
    """Return each feature of each text once: the number of the text, the feature, and how often it stands there."""
    numbers = np.repeat(np.arange(len(texts), dtype=np.uint64), [len(text) for text in texts])
    found, counts = np.unique(numbers << _ID_BITS | np.concatenate(texts), return_counts=True)
    return (found >> _ID_BITS).astype(np.intp), (found & _ID).astype(np.uint32), counts
