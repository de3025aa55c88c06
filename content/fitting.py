"""Turn examples into what linear machines are fitted to, and what they learned into blocks. Needs the `build` extra."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from content.reading.blocks import Block, Floats
from content.reading.features import Ids

# A feature is 32 bits; a text's number stands above them where texts are looked at together.
_ID_BITS = np.uint64(32)
_ID = np.uint64(0xFFFFFFFF)


def learn_features(
    texts: Sequence[Ids], fewest: int, *, heed_strange: bool = False, every_time: bool = False
) -> tuple[Ids, Floats, csr_matrix]:
    """Return the features found in at least `fewest` texts, sorted; how rare each is; and a row of values a text.

    The values are those of `weigh`, or with `every_time` those of `Block.score_parts`.
    """
    rows, features, counts = _count_all(texts)
    ids, found_in = np.unique(features, return_counts=True)
    kept = found_in >= fewest
    rarity = (np.log((1 + len(texts)) / (1 + found_in[kept])) + 1).astype(np.float32)
    if every_time:
        rows, columns, values = _weigh_every_time(rows, features, counts, ids[kept], rarity)
    else:
        rows, columns, values = _weigh_counted(rows, features, counts, ids[kept], rarity, heed_strange=heed_strange)
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(texts)))])
    return ids[kept], rarity, csr_matrix((values.astype(np.float64), columns, ends), (len(texts), int(kept.sum())))


def block_of(ids: Ids, rarity: Floats, weights: Floats) -> Block:
    """Return the block with its weights as bytes: 8 bits a weight cost no accuracy."""
    scale = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    return Block(ids, rarity, np.round(weights / scale).astype(np.int8), scale.astype(np.float32))


def _weigh_counted(
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


def _weigh_every_time(
    texts: npt.NDArray[np.intp], features: Ids, counts: npt.NDArray[np.intp], ids: Ids, rarity: Floats
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], Floats]:
    """Return the same where a feature that stands in a text twice counts twice."""
    columns = np.minimum(np.searchsorted(ids, features), len(ids) - 1)
    known = ids[columns] == features
    texts, columns, counts = texts[known], columns[known], counts[known]
    lengths = np.sqrt(np.bincount(texts, counts * rarity[columns].astype(np.float64) ** 2))
    return texts, columns, (counts * rarity[columns] / np.maximum(lengths, 1e-9)[texts]).astype(np.float32)


def _count_all(texts: Sequence[Ids]) -> tuple[npt.NDArray[np.intp], Ids, npt.NDArray[np.intp]]:
    """Return each feature of each text once: the number of the text, the feature, and how often it stands there."""
    numbers = np.repeat(np.arange(len(texts), dtype=np.uint64), [len(text) for text in texts])
    found, counts = np.unique(numbers << _ID_BITS | np.concatenate(texts), return_counts=True)
    return (found >> _ID_BITS).astype(np.intp), (found & _ID).astype(np.uint32), counts
