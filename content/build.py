"""Fit the topic index from the example messages. Needs scikit-learn (the `build` extra); the running bot does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import sklearn
from scipy.sparse import csr_matrix, hstack
from sklearn.svm import LinearSVC

from content.examples import CONTENT, LABELS, Example, hash_content, read_examples
from content.reading.features import Ids, letter_features, number, split_words, word_features
from content.reading.index import Block, Floats, Thresholds, TopicIndex, save_index
from content.reading.normal import normalise

Progress = Callable[[str, float], None]

# How hard the fit leans on each single example; chosen by leave-one-voice-out (docs/measurements.md).
_C = 0.5


def index_path(language: str = "en", root: Path = CONTENT) -> Path:
    """Return where the built index of a language lives; Git ignores the folder."""
    return root / language / "built" / "topics.npz"


def build_index(language: str = "en", progress: Progress = lambda step, share: None, root: Path = CONTENT) -> Path:
    """Fit, measure and write the index of a language, and return its path. `progress` gets a step and a share of 1."""
    progress("Reading the examples", 0.0)
    content_hash = hash_content(language, root)
    examples = read_examples(language, root)
    progress("Fitting", 0.2)
    index = fit(examples, Thresholds(temperature=0.2, answer=0.5, refuse=0.6))
    path = index_path(language, root)
    progress("Writing", 0.9)
    save_index(index, path, content_hash)
    progress("Done", 1.0)
    return path


def fit(examples: Sequence[Example], thresholds: Thresholds) -> TopicIndex:
    """Return an index fitted to the examples."""
    split = [split_words(normalise(example.text)) for example in examples]
    words, word_values = _weigh([number(word_features(one)) for one in split], fewest=1)
    letters, letter_values = _weigh([number(letter_features(one)) for one in split], fewest=2)
    numbers = np.array([LABELS.index(example.label) for example in examples])
    model = LinearSVC(C=_C).fit(hstack([word_values, letter_values]).tocsr(), numbers)
    weights = np.zeros((model.coef_.shape[1], len(LABELS)), np.float32)
    weights[:, model.classes_] = model.coef_.T
    bias = np.full(len(LABELS), -2.0, np.float32)
    bias[model.classes_] = model.intercept_
    return TopicIndex(
        labels=LABELS,
        words=_block(*words, weights[: len(words[0])]),
        letters=_block(*letters, weights[len(words[0]) :]),
        bias=bias,
        thresholds=thresholds,
        report={"sklearn": sklearn.__version__, "examples": len(examples)},
    )


def _weigh(texts: Sequence[Ids], fewest: int) -> tuple[tuple[Ids, Floats], csr_matrix]:
    """Return the features kept with their rarity, and the normalised values of each text."""
    seen = Counter(one for text in texts for one in set(text.tolist()))
    ids = np.array(sorted(one for one, count in seen.items() if count >= fewest), np.uint32)
    rarity = np.array([np.log((1 + len(texts)) / (1 + seen[one])) + 1 for one in ids.tolist()], np.float32)
    rows, columns, values = [], [], []
    for row, text in enumerate(texts):
        found, counts = np.unique(text, return_counts=True)
        places = np.searchsorted(ids, found)
        places[places == len(ids)] = 0
        known = ids[places] == found
        value = (1 + np.log(counts[known])) * rarity[places[known]]
        rows.append(np.full(known.sum(), row))
        columns.append(places[known])
        values.append(value / max(np.linalg.norm(value), 1e-9))
    matrix = csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), (len(texts), len(ids))
    )
    return (ids, rarity), matrix


def _block(ids: Ids, rarity: Floats, weights: Floats) -> Block:
    scale = np.abs(weights).max(axis=0) / 127
    scale[scale == 0] = 1
    return Block(ids, rarity, np.round(weights / scale).astype(np.int8), scale.astype(np.float32))
