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
