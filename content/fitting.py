"""Turn examples into what linear machines are fitted to, and what they learned into blocks. Needs the `build` extra."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from content.reading.blocks import Block, Floats, count_all, weigh_counted
from content.reading.features import Ids


def learn_features(texts: Sequence[Ids], fewest: int, *, heed_strange: bool = False) -> tuple[Ids, Floats, csr_matrix]:
    """Return the features found in at least `fewest` texts, sorted; how rare each is; and a row of values a text."""
    rows, features, counts = count_all(texts)
    ids, found_in = np.unique(features, return_counts=True)
    kept = found_in >= fewest
    rarity = (np.log((1 + len(texts)) / (1 + found_in[kept])) + 1).astype(np.float32)
    rows, columns, values = weigh_counted(rows, features, counts, ids[kept], rarity, heed_strange=heed_strange)
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(texts)))])
    return ids[kept], rarity, csr_matrix((values.astype(np.float64), columns, ends), (len(texts), int(kept.sum())))


def block_of(ids: Ids, rarity: Floats, weights: Floats) -> Block:
    """Return the block with its weights as bytes: 8 bits a weight cost no accuracy."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    return Block(ids, rarity, np.round(weights / scale).astype(np.int8), scale.astype(np.float32))
