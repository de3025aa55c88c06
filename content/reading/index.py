"""Keep the fitted topic index: plain numpy arrays, and a JSON head that says what it was fitted from."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from content.reading.features import VERSION as FEATURES_VERSION
from content.reading.features import Ids, letter_features, number, split_words, word_features
from content.reading.slips import Slips

# Raise this when the arrays or the head change their meaning.
FORMAT = 3
BUILD_COMMAND = "calcibot content build"
# Labels are topic ids, or this and a kind of refusal.
NONE = "none/"

Floats = npt.NDArray[np.float32]
_ARRAYS = ("ids", "rarity", "weights", "scale")
_BLOCKS = ("words", "letters")


class StaleIndex(Exception):  # noqa: N818  (it names a state of the files, as the message does)
    """The topic index does not fit the content files."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"The topic index {path} {why}. Run: {BUILD_COMMAND}")


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


@dataclass(frozen=True, slots=True)
class Marks:
    """Hold what a scorer makes of a text; higher speaks more for it.

    `labels` has one score a label. `inside` is the score for being in scope at all. `familiar` is the share of its
    pairs of words that examples in scope have too, from 0 to 1.
    """

    labels: Floats
    inside: float
    familiar: float


@dataclass(frozen=True, slots=True)
class Scorer:
    """Score a text for each of `labels`, and, in a column after them, for being in scope at all.

    `familiar` tells which of the features in `words` an example in scope has.
    """

    labels: tuple[str, ...]
    slips: Slips
    words: Block
    letters: Block
    bias: Floats
    familiar: npt.NDArray[np.bool_]

    def score(self, text: str) -> Marks:
        """Return the marks of normalised `text`."""
        words = self.slips.mend(split_words(text))
        found = number(word_features(words))
        runs = number(letter_features(words))
        by_words, by_letters = (
            block.score(ids, heed_strange=True) for block, ids in ((self.words, found), (self.letters, runs))
        )
        scores = by_words + by_letters + self.bias
        pairs = found[len(words) :]
        rows = np.minimum(np.searchsorted(self.words.ids, pairs), len(self.words.ids) - 1)
        familiar = (self.words.ids[rows] == pairs) & self.familiar[rows]
        return Marks(scores[:-1], float(scores[-1]), float(familiar.mean()))


@dataclass(frozen=True, slots=True)
class Gate:
    """Say when to answer, offer or refuse. The report beside the stored gate holds the evidence for each number."""

    # How soft the step from scores to probabilities is.
    temperature: float
    # How each piece of evidence (`topics.weigh_evidence`) speaks for a message being in scope.
    weights: tuple[float, ...]
    # How much each topic as the best one speaks for it, in the order of the labels: strong words mislead in some.
    topics: tuple[float, ...]
    bias: float
    # Answer from this probability on of being in scope, and from this one on of the best topic among all topics.
    in_scope: float
    sure: float
    # Refuse below this probability of being in scope. In between, offer.
    refuse: float


@dataclass(frozen=True, slots=True)
class TopicIndex:
    """Hold what `find_topic` reads by, and the report of how well it reads."""

    scorer: Scorer
    gate: Gate
    report: Mapping[str, Any]


def save_index(index: TopicIndex, path: Path, content_hash: str) -> None:
    """Write the index to `path`, whole or not at all, and its head beside it for people to read."""
    scorer = index.scorer
    head: dict[str, Any] = {
        "format": FORMAT,
        "features": FEATURES_VERSION,
        "content": content_hash,
        "labels": scorer.labels,
        "targets": scorer.slips.targets,
        "gate": asdict(index.gate),
        "report": dict(index.report),
    }
    arrays = {f"{block}_{name}": getattr(getattr(scorer, block), name) for block in _BLOCKS for name in _ARRAYS}
    arrays |= {
        "bias": scorer.bias,
        "familiar": scorer.familiar,
        "real": scorer.slips.real,
        "head": np.array(json.dumps(head)),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    draft.replace(path)
    path.with_suffix(".json").write_text(
        json.dumps({**head, "targets": len(head["targets"])}, indent=1), encoding="utf-8"
    )


def load_index(path: Path, expected_hash: str) -> TopicIndex:
    """Return the index at `path`. Raises StaleIndex if it is missing, damaged, or fitted from other content."""
    try:
        # Opened here, because numpy leaves the file open if it is no archive.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        head = json.loads(str(arrays.pop("head")))
        made_by, made_from = (head["format"], head["features"]), head["content"]
    except FileNotFoundError:
        raise StaleIndex(path, "is missing") from None
    except (OSError, ValueError, KeyError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise StaleIndex(path, "cannot be read") from error
    if made_by != (FORMAT, FEATURES_VERSION):
        raise StaleIndex(path, "was built by another version of the program")
    if made_from != expected_hash:
        raise StaleIndex(path, "was built from other content files")
    words, letters = (Block(*(arrays[f"{block}_{name}"] for name in _ARRAYS)) for block in _BLOCKS)
    numbers: dict[str, Any] = head["gate"]
    slips = Slips(head["targets"], arrays["real"])
    return TopicIndex(
        scorer=Scorer(tuple(head["labels"]), slips, words, letters, arrays["bias"], arrays["familiar"]),
        gate=Gate(**{**numbers, "weights": tuple(numbers["weights"]), "topics": tuple(numbers["topics"])}),
        report=head["report"],
    )
