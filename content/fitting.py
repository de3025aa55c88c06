"""Turn examples into what linear machines are fitted to, and what they learned into blocks. Needs the `build` extra."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from content.reading.blocks import Block, Floats, weigh
from content.reading.features import Ids


def rarity_of(texts: Sequence[Ids], fewest: int) -> tuple[Ids, Floats]:
    """Return the features found in at least `fewest` texts, sorted, and how rare each is."""
    ids, counts = np.unique(np.concatenate([np.unique(text) for text in texts]), return_counts=True)
    kept = counts >= fewest
    return ids[kept], (np.log((1 + len(texts)) / (1 + counts[kept])) + 1).astype(np.float32)


def values_of(texts: Sequence[Ids], ids: Ids, rarity: Floats, *, heed_strange: bool = False) -> csr_matrix:
    """Return one row a text, one column a feature of `ids`."""
    weighed = [weigh(text, ids, rarity, heed_strange=heed_strange) for text in texts]
    ends = np.cumsum([0, *(len(columns) for columns, _ in weighed)])
    columns = np.concatenate([columns for columns, _ in weighed])
    values = np.concatenate([values for _, values in weighed]).astype(np.float64)
    return csr_matrix((values, columns, ends), (len(texts), len(ids)))


def block_of(ids: Ids, rarity: Floats, weights: Floats) -> Block:
    """Return the block with its weights as bytes: 8 bits a weight cost no accuracy."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    return Block(ids, rarity, np.round(weights / scale).astype(np.int8), scale.astype(np.float32))
