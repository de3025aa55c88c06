"""Decide which topic a message asks about: answer it, offer up to three, or refuse. Nowhere else is this decided."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from content.reading.blocks import Floats
from content.reading.index import NONE, Gate, Marks, TopicIndex
from content.reading.normal import normalise

MAX_SUGGESTIONS = 3
# From this share of letters of other scripts on, a message is in another language.
OTHER_SCRIPT_SHARE = 0.5
# Keeps logarithms finite; a probability below this is as good as none.
_TINY = 1e-6
# What speaks for and against a message being in scope, in the order of `Gate.weights`.
EVIDENCE = (
    "how likely the best topic is",
    "how likely a refusal is",
    "best topic above the second",
    "score of the best topic",
    "score of the best refusal",
    "score of the second refusal",
    "score of being in scope",
    "familiar pairs of words",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """Say what to do with a message: answer `topic`, or else offer `suggestions`, or else refuse as `refusal` says.

    Exactly one of the three is set. `refusal` is the kind without its prefix; "gibberish" is *not understood*.
    """

    topic: str | None = None
    suggestions: tuple[str, ...] = ()
    refusal: str | None = None


def find_topic(text: str, index: TopicIndex) -> Decision:
    """Return what to do with `text` as typed. Any text gets a decision; none raises."""
    plain = normalise(text)
    letters = [character for character in plain if character.isalpha()]
    if not letters:
        return Decision(refusal="gibberish")
    if sum(not _is_latin(letter) for letter in letters) > OTHER_SCRIPT_SHARE * len(letters):
        return Decision(refusal="language")
    marks = index.scorer.score(plain)
    if np.array_equal(marks.labels, index.scorer.bias[:-1]):
        # Not one run of letters in it was ever seen: there is nothing to choose by.
        return Decision(refusal="gibberish")
    return decide(marks, index)


def decide(marks: Marks, index: TopicIndex) -> Decision:
    """Return the decision for the marks of a message."""
    gate, labels, scores = index.gate, index.scorer.labels, marks.labels
    is_none = np.array([label.startswith(NONE) for label in labels])
    in_scope = believe(weigh_evidence(marks, is_none, gate.temperature), int(scores[~is_none].argmax()), gate)
    if in_scope < gate.refuse:
        kind = int(np.where(is_none, scores, -np.inf).argmax())
        return Decision(refusal=labels[kind].removeprefix(NONE))
    topics = np.where(is_none, np.float32(-np.inf), scores)
    best = np.argsort(-topics)[:MAX_SUGGESTIONS]
    if in_scope >= gate.in_scope and soften(topics, gate.temperature)[best[0]] >= gate.sure:
        return Decision(topic=labels[best[0]])
    return Decision(suggestions=tuple(labels[place] for place in best))


def soften(scores: Floats, temperature: float) -> Floats:
    """Return the scores as probabilities that add up to 1."""
    raised = np.exp((scores - scores.max()) / np.float32(temperature))
    return np.asarray(raised / raised.sum(), np.float32)


def believe(evidence: np.ndarray, best: int, gate: Gate) -> float:
    """Return how probable it is that a message is in scope, if topic number `best` is the best one."""
    return float(1 / (1 + np.exp(-float(evidence @ np.array(gate.weights)) - gate.topics[best] - gate.bias)))


def weigh_evidence(marks: Marks, is_none: np.ndarray, temperature: float) -> np.ndarray:
    """Return the EVIDENCE in `marks`."""
    scores = marks.labels
    chances = soften(scores, temperature)
    topics, kinds = np.sort(scores[~is_none]), np.sort(scores[is_none])
    none = float(chances[is_none].sum())
    return np.array(
        [
            np.log(float(chances[~is_none].max()) + _TINY),
            np.log(none + _TINY) - np.log(1 - none + _TINY),
            topics[-1] - topics[-2],
            topics[-1],
            kinds[-1],
            kinds[-2],
            marks.inside,
            marks.familiar,
        ]
    )


def _is_latin(letter: str) -> bool:
    return letter < "\u0250" or unicodedata.name(letter, "").startswith("LATIN")
