"""Weigh numbered features: the linear half of every fitted reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from content.reading.features import Ids

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]
Sums = npt.NDArray[np.float64]

_ARRAYS = ("ids", "rarity", "weights", "scale")


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

    def score_parts(self, found: Ids, starts: Places, ends: Places) -> Sums:
        """Return a row of scores for each part of a text: what stands in `found` from one of `starts` to its end.

        However the parts overlap, each feature is weighed once. One that stands there twice counts twice.
        """
        return self.score_sums(self.add_up(found, starts, ends))

    def add_up(self, found: Ids, starts: Places, ends: Places) -> Sums:
        """Return for each part the sum of its squared values, then its sum for each label: parts can be added."""
        sums = self.up_to(found, np.concatenate([starts, ends]))
        return sums[len(starts) :] - sums[: len(starts)]

    def up_to(self, found: Ids, places: Places) -> Sums:
        """Return what `add_up` adds up from the beginning to each of the places."""
        rows = np.minimum(np.searchsorted(self.ids, found), len(self.ids) - 1)
        values = np.where(self.ids[rows] == found, self.rarity[rows], 0)
        sums = np.zeros((1 + self.weights.shape[1], len(found) + 1))
        np.cumsum(values**2, out=sums[0, 1:])
        np.cumsum(values * self.weights[rows].T, axis=1, out=sums[1:, 1:])
        return sums[:, places].T

    def score_sums(self, sums: Sums) -> Sums:
        """Return a row of scores for each row of `add_up`, or each sum of such rows."""
        return sums[:, 1:] / np.sqrt(np.maximum(sums[:, :1], 1e-9)) * self.scale

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
