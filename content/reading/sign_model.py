"""Weigh the words of a text for each sign: a second opinion, where the rules are silent or doubtful."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from content.reading.features import VERSION as FEATURES_VERSION
from content.reading.features import letter_features, number, word_features
from content.reading.index import BUILD_COMMAND, Block, Floats, StaleIndex

# Raise this when the arrays or the head change their meaning.
FORMAT = 1
EMERGENCY = "emergency"
# A long story says its point early, and the rules read all of it.
_MOST_WORDS = 200

_ARRAYS = ("ids", "rarity", "weights", "scale")
_BLOCKS = ("words", "letters")


class StaleSignModel(StaleIndex):
    """The sign model does not fit the content files."""

    def __init__(self, path: Path, why: str) -> None:
        Exception.__init__(self, f"The sign model {path} {why}. Run: {BUILD_COMMAND}")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Say from which score (log odds) on the model adds a sign, and below which it drops one that the rules found.

    `add_denied` is for a sign that the rules found, but denied, asked about, over or somebody else's.
    """

    add: float
    add_denied: float
    drop: float


@dataclass(frozen=True, slots=True)
class SignModel:
    """Score a text for each of `labels`: the flags, and `EMERGENCY`."""

    labels: tuple[str, ...]
    words: Block
    letters: Block
    bias: Floats
    bounds: Mapping[str, Bounds]

    def score(self, words: Sequence[str]) -> dict[str, float]:
        """Return the log odds of each label for a text of these `words`, their spelling put right."""
        listed = list(words[:_MOST_WORDS])
        scores = (
            self.words.score(number(word_features(listed)))
            + self.letters.score(number(letter_features(listed)))
            + self.bias
        )
        return dict(zip(self.labels, scores.tolist(), strict=True))


def save_sign_model(model: SignModel, path: Path, content_hash: str) -> None:
    """Write the model to `path`, whole or not at all."""
    head = {
        "format": FORMAT,
        "features": FEATURES_VERSION,
        "content": content_hash,
        "labels": model.labels,
        "bounds": {label: [one.add, one.add_denied, one.drop] for label, one in model.bounds.items()},
    }
    arrays = {f"{block}_{name}": getattr(getattr(model, block), name) for block in _BLOCKS for name in _ARRAYS}
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, bias=model.bias, head=np.array(json.dumps(head)), **arrays)
    draft.replace(path)


def load_sign_model(path: Path, expected_hash: str) -> SignModel:
    """Return the model at `path`. Raises StaleSignModel if it is missing, damaged, or fitted from other content."""
    try:
        # Opened here, because numpy leaves the file open if it is no archive.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        head = json.loads(str(arrays.pop("head")))
        made_by, made_from = (head["format"], head["features"]), head["content"]
    except FileNotFoundError:
        raise StaleSignModel(path, "is missing") from None
    except (OSError, ValueError, KeyError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise StaleSignModel(path, "cannot be read") from error
    if made_by != (FORMAT, FEATURES_VERSION):
        raise StaleSignModel(path, "was built by another version of the program")
    if made_from != expected_hash:
        raise StaleSignModel(path, "was built from other content files")
    words, letters = (Block(*(arrays[f"{block}_{name}"] for name in _ARRAYS)) for block in _BLOCKS)
    bounds = {label: Bounds(*numbers) for label, numbers in head["bounds"].items()}
    return SignModel(tuple(head["labels"]), words, letters, arrays["bias"], bounds)
