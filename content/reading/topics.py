"""Decide which topic a message asks about: answer it, offer up to three, or refuse. Nowhere else is this decided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from content.reading.index import Floats, TopicIndex
from content.reading.normal import normalise

MAX_SUGGESTIONS = 3
_NONE = "none/"


@dataclass(frozen=True, slots=True)
class Decision:
    """Say what to do with a message: answer `topic`, or else offer `suggestions`, or else refuse as `refusal` says.

    Exactly one of the three is set. `refusal` is a kind of refusal without its prefix; "gibberish" is *not understood*.
    """

    topic: str | None = None
    suggestions: tuple[str, ...] = ()
    refusal: str | None = None


def find_topic(text: str, index: TopicIndex) -> Decision:
    """Return what to do with `text` as typed. Any text gets a decision; none raises."""
    plain = normalise(text)
    if not any(character.isalpha() for character in plain):
        return Decision(refusal="gibberish")
    return decide(probabilities(index.score(plain), index), index)


def probabilities(scores: Floats, index: TopicIndex) -> Floats:
    """Return how probable each label is."""
    raised = np.exp((scores - scores.max()) / np.float32(index.thresholds.temperature))
    return np.asarray(raised / raised.sum(), np.float32)


def decide(chances: Floats, index: TopicIndex) -> Decision:
    """Return the decision for the probabilities of the labels."""
    order = [index.labels[place] for place in np.argsort(-chances)]
    topics = [label for label in order if not label.startswith(_NONE)]
    refusals = [label.removeprefix(_NONE) for label in order if label.startswith(_NONE)]
    refused = sum(float(chances[place]) for place, label in enumerate(index.labels) if label.startswith(_NONE))
    if refused >= index.thresholds.refuse:
        return Decision(refusal=refusals[0])
    if chances[index.labels.index(topics[0])] >= index.thresholds.answer:
        return Decision(topic=topics[0])
    return Decision(suggestions=tuple(topics[:MAX_SUGGESTIONS]))
