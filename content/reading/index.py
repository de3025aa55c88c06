"""Keep the fitted topic index: plain numpy arrays, and a JSON head that says what it was fitted from."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from content.reading.features import VERSION as FEATURES_VERSION
from content.reading.features import Ids, letter_features, number, split_words, word_features

# Raise this when the arrays or the head change their meaning.
FORMAT = 1
BUILD_COMMAND = "calcibot content build"

Floats = npt.NDArray[np.float32]


class StaleIndex(Exception):  # noqa: N818  (a state of the files, said so in the reliability cases)
    """The topic index does not fit the content files."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"The topic index {path} {why}. Run: {BUILD_COMMAND}")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Say when to answer, offer or refuse. `docs/measurements.md` and the index's report hold the evidence."""

    # Softness of the step from scores to probabilities.
    temperature: float
    # Answer when the best topic is at least this probable ...
    answer: float
    # ... refuse when all kinds of refusal together are, and offer topics in between.
    refuse: float


@dataclass(frozen=True, slots=True)
class Block:
    """Weigh one kind of feature. `ids` is sorted; row i of `weights` x `scale` belongs to `ids[i]`."""

    ids: Ids
    rarity: Floats
    weights: npt.NDArray[np.int8]
    scale: Floats

    def score(self, found: Ids) -> Floats:
        """Return the share of each label in the score of a text with the features `found`."""
        ids, counts = np.unique(found, return_counts=True)
        places = np.searchsorted(self.ids, ids)
        places[places == len(self.ids)] = 0
        known = self.ids[places] == ids
        if not known.any():
            return np.zeros(len(self.scale), np.float32)
        rows = places[known]
        value = (1 + np.log(counts[known].astype(np.float32))) * self.rarity[rows]
        value /= np.linalg.norm(value)
        return (value @ self.weights[rows].astype(np.float32)) * self.scale


@dataclass(frozen=True, slots=True)
class TopicIndex:
    """Hold what `find_topic` reads by. Labels are topic ids, then `none/` and a kind of refusal."""

    labels: tuple[str, ...]
    words: Block
    letters: Block
    bias: Floats
    thresholds: Thresholds
    report: Mapping[str, Any]

    def score(self, text: str) -> Floats:
        """Return one score a label for normalised `text`; higher is likelier."""
        words = split_words(text)
        return (
            self.words.score(number(word_features(words)))
            + self.letters.score(number(letter_features(words)))
            + self.bias
        )


def save_index(index: TopicIndex, path: Path, content_hash: str) -> None:
    """Write the index to `path`, whole or not at all."""
    head = {
        "format": FORMAT,
        "features": FEATURES_VERSION,
        "content": content_hash,
        "labels": index.labels,
        "thresholds": {name: getattr(index.thresholds, name) for name in Thresholds.__slots__},
        "report": dict(index.report),
    }
    arrays = {
        f"{name}_{part}": getattr(getattr(index, name), part)
        for name in ("words", "letters")
        for part in Block.__slots__
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, head=np.array(json.dumps(head)), bias=index.bias, **arrays)
    draft.replace(path)


def load_index(path: Path, expected_hash: str) -> TopicIndex:
    """Return the index at `path`. Raises StaleIndex if it is missing, damaged, or fitted from other content."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except FileNotFoundError:
        raise StaleIndex(path, "is missing") from None
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise StaleIndex(path, "cannot be read") from error
    head = json.loads(str(arrays["head"]))
    if (head["format"], head["features"]) != (FORMAT, FEATURES_VERSION):
        raise StaleIndex(path, "was built by another version of the program")
    if head["content"] != expected_hash:
        raise StaleIndex(path, "was built from other content files")
    return TopicIndex(
        labels=tuple(head["labels"]),
        words=Block(**{part: arrays[f"words_{part}"] for part in Block.__slots__}),
        letters=Block(**{part: arrays[f"letters_{part}"] for part in Block.__slots__}),
        bias=arrays["bias"],
        thresholds=Thresholds(**head["thresholds"]),
        report=head["report"],
    )
