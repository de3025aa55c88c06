"""Keep the fitted topic index: plain numpy arrays, and a JSON head that says what it was fitted from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from content.reading.blocks import Block, Floats
from content.reading.features import letter_numbers, number, split_words, word_features
from content.reading.fitted import load_fitted, save_fitted
from content.reading.slips import Slips

# Raise this when the arrays or the head change their meaning.
FORMAT = 3
# Labels are topic ids, or this and a kind of refusal.
NONE = "none/"

_WHAT = "topic index"


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
        runs = letter_numbers(words)
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
        "labels": scorer.labels,
        "targets": scorer.slips.targets,
        "gate": asdict(index.gate),
        "report": dict(index.report),
    }
    arrays = scorer.words.arrays("words") | scorer.letters.arrays("letters")
    arrays |= {"bias": scorer.bias, "familiar": scorer.familiar, "real": scorer.slips.real}
    save_fitted(path, head, arrays, content_hash, FORMAT)
    path.with_suffix(".json").write_text(
        json.dumps({"content": content_hash, **head, "targets": len(head["targets"])}, indent=1), encoding="utf-8"
    )


def load_index(path: Path, expected_hash: str) -> TopicIndex:
    """Return the index at `path`. Raises StaleIndex if it is missing, damaged, or fitted from other content."""
    head, arrays = load_fitted(path, _WHAT, expected_hash, FORMAT)
    words, letters = Block.of(arrays, "words"), Block.of(arrays, "letters")
    numbers: dict[str, Any] = head["gate"]
    slips = Slips(head["targets"], arrays["real"])
    return TopicIndex(
        scorer=Scorer(tuple(head["labels"]), slips, words, letters, arrays["bias"], arrays["familiar"]),
        gate=Gate(**{**numbers, "weights": tuple(numbers["weights"]), "topics": tuple(numbers["topics"])}),
        report=head["report"],
    )
