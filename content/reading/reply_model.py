"""Weigh the words of a reply, and what the rules found in it: what they say word for word need not be the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from content.reading.blocks import Block, Floats
from content.reading.features import letter_features, number, split_words, word_features
from content.reading.fitted import load_fitted, save_fitted
from content.reading.normal import normalise
from content.reading.replies import Meaning, Question
from content.reading.replies_clauses import Clause
from content.reading.signs import Signs

# Raise this when the arrays, the head or the features change their meaning.
FORMAT = 1
_WHAT = "reply model"
# A long story says its point at its beginning or at its end.
_MOST_WORDS = 80


@dataclass(frozen=True, slots=True)
class Found:
    """Hold a reply as typed, and what the rules for replies and for warning signs make of it."""

    text: str
    question: Question
    meaning: Meaning
    clauses: tuple[Clause, ...]
    signs: Signs


@dataclass(frozen=True, slots=True)
class ReplyModel:
    """Score a reply for each of `labels`: pairs of question and meaning."""

    labels: tuple[tuple[Question, Meaning], ...]
    block: Block
    bias: Floats

    def choose(self, found: Found) -> Meaning:
        """Return the likeliest meaning of its question; what says nothing to the rules in strange words is "other"."""
        if found.meaning == "other" and self._is_strange(found.text):
            return "other"
        scores = self.block.score(number(features(found))) + self.bias
        fitting = (
            (float(score), meaning)
            for score, (question, meaning) in zip(scores, self.labels, strict=True)
            if question == found.question
        )
        return max(fitting)[1]

    def _is_strange(self, text: str) -> bool:
        """Say whether no more than half of the words were ever seen in a reply: the others must not speak for all."""
        words = _words(text)
        return 2 * int(np.isin(number(word_features(words)[: len(words)]), self.block.ids).sum()) <= len(words)


def features(found: Found) -> list[str]:
    """Return what speaks for a meaning: words, denied words, runs of letters, and what the rules found."""
    words = _words(found.text)
    shared = word_features(words)
    shared += [f"cue {cue}" for cue in _cues(found.clauses)] + [f"last {cue}" for cue in _cues(found.clauses[-1:])]
    shared += [f"flag {flag}" for flag in found.signs.flags] + ["any flag"] * bool(found.signs.flags)
    shared += [f"sign {sign.state}" for sign in found.signs.found] + ["emergency"] * found.signs.emergency
    shared.append(f"rules {found.meaning}")
    alone = [f"asks {any(clause.asks for clause in found.clauses)}", f"length {min(len(words), 12) // 2}", ""]
    asked = [f"{found.question} {one}" for one in shared + alone]
    return [*shared, *asked, *(f"letters {run}" for run in letter_features(words))]


def _words(text: str) -> list[str]:
    typed = split_words(normalise(text))
    return typed if len(typed) <= _MOST_WORDS else typed[: _MOST_WORDS // 2] + typed[-_MOST_WORDS // 2 :]


def _cues(clauses: Sequence[Clause]) -> list[str]:
    return [f"{cue.kind} {'denied' if cue.denied else 'said'}" for clause in clauses for cue in clause.cues]


def save_reply_model(model: ReplyModel, path: Path, content_hash: str) -> None:
    """Write the model to `path`, whole or not at all."""
    arrays = model.block.arrays("features") | {"bias": model.bias}
    save_fitted(path, {"labels": model.labels}, arrays, content_hash, FORMAT)


def load_reply_model(path: Path, expected_hash: str) -> ReplyModel:
    """Return the model at `path`. Raises StaleIndex if it is missing, damaged, or fitted from other content."""
    head, arrays = load_fitted(path, _WHAT, expected_hash, FORMAT)
    labels = tuple((question, meaning) for question, meaning in head["labels"])
    return ReplyModel(labels, Block.of(arrays, "features"), arrays["bias"])
