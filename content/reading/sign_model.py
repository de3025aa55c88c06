"""Weigh the words of a text for each sign: a second opinion, where the rules are silent or doubtful."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from content.reading.blocks import Block, Floats, weigh
from content.reading.fitted import load_fitted, save_fitted
from content.reading.sign_features import BLOCKS, Families, TextFeatures

# Raise this when the arrays, the head or the features of `sign_features` change their meaning.
FORMAT = 2
EMERGENCY = "emergency"
_WHAT = "sign model"
_MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Lean:
    """Say what is added to the score (log odds) of a label before it counts from 0 on.

    `silent` where the rules found nothing, `denied` where they found the sign but denied, asked about, over or somebody
    else's, `reported` where they found it. `length` is for each e-fold of words: scores of long texts lie lower.
    """

    silent: float
    denied: float
    reported: float
    length: float


@dataclass(frozen=True, slots=True)
class SignModel:
    """Score a text for each of `labels`: the flags, and `EMERGENCY`. `blocks` has one entry a name in `BLOCKS`."""

    labels: tuple[str, ...]
    blocks: Mapping[str, Block]
    bias: Floats
    leans: Mapping[str, Lean]
    families: Families

    def score(self, windows: Sequence[TextFeatures]) -> list[dict[str, float]]:
        """Return the log odds of each label for each text, or window on a text, of these features."""
        shares = (
            self.blocks[name].score_all([one.blocks[name] for one in windows])
            if len(windows) > 1
            else self.blocks[name].score(windows[0].blocks[name])[None]
            for name in BLOCKS
        )
        return [dict(zip(self.labels, row, strict=True)) for row in (sum(shares) + self.bias).tolist()]

    def reasons(self, label: str, features: TextFeatures) -> str:
        """Return the words of the text that speak most for `label`."""
        block = self.blocks["words"]
        ids = features.blocks["words"][: len(features.words)]
        rows, values = weigh(ids, block.ids, block.rarity)
        shares = dict(
            zip(block.ids[rows].tolist(), values * block.weights[rows, self.labels.index(label)], strict=True)
        )
        first = dict(zip(ids.tolist(), features.words, strict=True))
        best = sorted(first, key=lambda one: -shares.get(one, 0.0))[:_MOST_REASONS]
        return " ".join(first[one] for one in best if shares.get(one, 0.0) > 0)


def save_sign_model(model: SignModel, path: Path, content_hash: str) -> None:
    """Write the model to `path`, whole or not at all."""
    head = {
        "labels": model.labels,
        "leans": {label: astuple(one) for label, one in model.leans.items()},
        "families": model.families.lists,
    }
    arrays = {"bias": model.bias}
    for name, block in model.blocks.items():
        arrays |= block.arrays(name)
    save_fitted(path, head, arrays, content_hash, FORMAT)


def load_sign_model(path: Path, expected_hash: str) -> SignModel:
    """Return the model at `path`. Raises StaleIndex if it is missing, damaged, or fitted from other content."""
    head, arrays = load_fitted(path, _WHAT, expected_hash, FORMAT)
    blocks = {name: Block.of(arrays, name) for name in BLOCKS}
    leans = {label: Lean(*numbers) for label, numbers in head["leans"].items()}
    return SignModel(tuple(head["labels"]), blocks, arrays["bias"], leans, Families(head["families"]))
