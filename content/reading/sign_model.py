"""Weigh the words of a text for each sign: a second opinion, where the rules are silent or doubtful."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path

import numpy as np

from content.reading.blocks import Block, Floats, Sums
from content.reading.families import Families
from content.reading.fitted import load_fitted, save_fitted
from content.reading.sign_features import BLOCKS, BY_WORD, COMPANY, LETTERS, Features, number_letters

# Raise this when the arrays, the head or the features of `sign_features` change their meaning.
FORMAT = 5
EMERGENCY = "emergency"
_WHAT = "sign model"
_MOST_REASONS = 3
_REMEMBERED_WORDS = 8_192


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
    # What the letters of each word add, once it was seen.
    letter_sums: dict[str, Sums] = field(default_factory=dict, compare=False, repr=False)

    def score(self, features: Features, parts: Sequence[slice]) -> list[dict[str, float]]:
        """Return the log odds of each label for each of the parts of a text."""
        shares = [self.blocks[COMPANY].score_parts(*features.find(COMPANY, parts))]
        starts, ends = [part.start for part in parts], [part.stop for part in parts]
        for name in BY_WORD:
            # Parts of one text are asked for again and again.
            if name not in features.sums:
                features.sums[name] = self._up_to_each_word(name, features)
            sums = features.sums[name]
            shares.append(self.blocks[name].score_sums(sums[ends] - sums[starts]))
        return [dict(zip(self.labels, row, strict=True)) for row in (sum(shares) + self.bias).tolist()]

    def _up_to_each_word(self, name: str, features: Features) -> Sums:
        if name == LETTERS:
            return self._letters_up_to(features.words)
        ids, starts = features.by_word(name)
        return self.blocks[name].up_to(ids, starts)

    def _letters_up_to(self, words: Sequence[str]) -> Sums:
        block = self.blocks[LETTERS]
        known = {word: self.letter_sums[word] for word in set(words) & self.letter_sums.keys()}
        if strange := [word for word in dict.fromkeys(words) if word not in known]:
            ids, starts = number_letters(strange)
            new = dict(zip(strange, block.add_up(ids, starts[:-1], starts[1:]), strict=True))
            known |= new
            if len(self.letter_sums) > _REMEMBERED_WORDS:
                self.letter_sums.clear()
            self.letter_sums.update(new)
        sums = np.zeros((len(words) + 1, 1 + len(self.labels)))
        if words:
            np.cumsum([known[word] for word in words], axis=0, out=sums[1:])
        return sums

    def reasons(self, label: str, features: Features, part: slice) -> str:
        """Return the words of a part of a text that speak most for `label`."""
        alone = np.diff(features.sums["words"][part.start : part.stop + 1], axis=0)
        shares = self.blocks["words"].score_sums(alone)[:, self.labels.index(label)].tolist()
        best = sorted(set(zip(shares, features.words[part], strict=True)), reverse=True)[:_MOST_REASONS]
        return " ".join(word for share, word in best if share > 0)


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
