"""Weigh numbered features: the linear half of every fitted reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from content.reading.features import Ids

Floats = npt.NDArray[np.float32]

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

    def score_parts(
        self, found: Ids, starts: npt.NDArray[np.intp], ends: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.float64]:
        """Return a row of scores for each part of a text: what stands in `found` from one of `starts` to its end.

        However the parts overlap, each feature is weighed once. One that stands there twice counts twice.
        """
        rows = np.minimum(np.searchsorted(self.ids, found), len(self.ids) - 1)
        values = np.where(self.ids[rows] == found, self.rarity[rows], 0)
        sums = np.zeros((len(found) + 1, 1 + self.weights.shape[1]))
        np.cumsum(values**2, out=sums[1:, 0])
        np.cumsum(values[:, None] * self.weights[rows], axis=0, out=sums[1:, 1:])
        parts = sums[ends] - sums[starts]
        lengths = np.sqrt(np.maximum(parts[:, :1], 1e-9))
        shares: npt.NDArray[np.float64] = parts[:, 1:] / lengths * self.scale
        return shares

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
