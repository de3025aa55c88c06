"""Measure the topic finder on voices that it was not fitted on, and set its gate by what that shows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from content.examples import LABELS, Example
from content.fit import fit_scorer, learn_slips
from content.reading.index import NONE, Floats, Gate
from content.reading.normal import normalise
from content.reading.topics import soften, weigh_evidence

# The gate answers as often as it can within these. On voices never seen, one in-scope example in seven has another
# best topic, often with reason: many would do for two. On the sample of questions it is one in 25. So 5 % wrong here
# stands for well under 3 % there. What is out of scope is as hard here as there (docs/topic-finder.md).
MAX_WRONG = 0.05
MAX_OUT_OF_SCOPE_ANSWERED = 0.02
MAX_IN_SCOPE_REFUSED = 0.01
# More voices than this are left out in groups, so that the time to build stays the same.
MAX_FOLDS = 8
_TEMPERATURES = np.arange(0.08, 0.31, 0.02)
_STEPS = np.arange(0.2, 0.99, 0.02)
_IS_NONE = np.array([label.startswith(NONE) for label in LABELS])
_TOPICS = np.flatnonzero(~_IS_NONE)
_CONFUSIONS_SHOWN = 30

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Unseen:
    """Hold the scores of every example by a scorer fitted without its voice. Rows follow `examples`."""

    examples: tuple[Example, ...]
    scores: Floats

    @property
    def wanted(self) -> npt.NDArray[np.intp]:
        """Return the place of the wanted label of each row."""
        return np.array([LABELS.index(example.label) for example in self.examples])

    @property
    def best(self) -> npt.NDArray[np.intp]:
        """Return the places of the three best topics of each row."""
        return _TOPICS[np.argsort(-self.scores[:, _TOPICS], axis=1)[:, :3]]


def score_unseen(
    examples: Sequence[Example],
    texts: Sequence[str],
    dictionary: frozenset[str],
    progress: Callable[[float], None] = lambda share: None,
) -> Unseen:
    """Score every example by a scorer that has not seen its voice; needs two voices at least."""
    voices = sorted({example.voice for example in examples})
    if len(voices) < 2:
        raise ValueError("The gate can only be set with two voices or more.")
    folds = [set(voices[first::MAX_FOLDS]) for first in range(min(MAX_FOLDS, len(voices)))]
    scores = np.zeros((len(examples), len(LABELS)), np.float32)
    for done, left_out in enumerate(folds):
        seen = [example for example in examples if example.voice not in left_out]
        scorer = fit_scorer(seen, learn_slips(seen, texts, dictionary))
        for row, example in enumerate(examples):
            if example.voice in left_out:
                scores[row] = scorer.score(normalise(example.text))
        progress((done + 1) / len(folds))
    return Unseen(tuple(examples), scores)


def set_gate(unseen: Unseen) -> Gate:
    """Return the gate that answers most of the unseen examples within the limits above."""
    inside = ~_IS_NONE[unseen.wanted]
    temperature = min(_TEMPERATURES, key=lambda softness: _surprise(unseen, softness))
    evidence = _evidence(unseen, temperature)
    model = LogisticRegression(max_iter=1_000).fit(evidence, inside)
    weights, bias = model.coef_[0], float(model.intercept_[0])
    in_scope = 1 / (1 + np.exp(-(evidence @ weights) - bias))
    sure = _sureness(unseen, temperature)
    right = unseen.best[:, 0] == unseen.wanted
    best = (-1.0, 1.0, 1.0)
    for least in _STEPS:
        for surest in _STEPS:
            answered = (in_scope >= least) & (sure >= surest)
            if (answered & ~right)[inside].mean() > MAX_WRONG:
                continue
            if not inside.all() and answered[~inside].mean() > MAX_OUT_OF_SCOPE_ANSWERED:
                continue
            best = max(best, (float((answered & right)[inside].mean()), float(least), float(surest)))
    return Gate(
        temperature=round(float(temperature), 3),
        weights=tuple(round(float(weight), 4) for weight in weights),
        bias=round(bias, 4),
        in_scope=round(best[1], 3),
        sure=round(best[2], 3),
        refuse=round(min(float(np.quantile(in_scope[inside], MAX_IN_SCOPE_REFUSED)), best[1]), 4),
    )


def report(unseen: Unseen, gate: Gate) -> dict[str, Any]:
    """Return how the finder reads voices it has not seen: in per cent, by voice, by label, and mixed up."""
    voices = np.array([example.voice for example in unseen.examples])
    all_labels = unseen.scores.argmax(axis=1)
    wrong = Counter(
        (LABELS[wanted], LABELS[got]) for wanted, got in zip(unseen.wanted, all_labels, strict=True) if wanted != got
    )
    everything = np.ones(len(voices), bool)
    return {
        "examples": len(voices),
        "limits": {"wrong": MAX_WRONG, "out of scope": MAX_OUT_OF_SCOPE_ANSWERED, "refused": MAX_IN_SCOPE_REFUSED},
        "all": _shares(unseen, gate, everything),
        "voices": {voice: _shares(unseen, gate, voices == voice) for voice in sorted(set(voices.tolist()))},
        "labels": {
            label: round(100 * float((all_labels == place)[unseen.wanted == place].mean()), 1)
            for place, label in enumerate(LABELS)
            if (unseen.wanted == place).any()
        },
        "confused": [[*pair, count] for pair, count in wrong.most_common(_CONFUSIONS_SHOWN)],
    }


def _shares(unseen: Unseen, gate: Gate, rows: Bools) -> dict[str, float]:
    """Return the shares of outcomes among `rows`, in per cent."""
    inside, outside = rows & ~_IS_NONE[unseen.wanted], rows & _IS_NONE[unseen.wanted]
    first = unseen.best[:, 0] == unseen.wanted
    among = (unseen.best == unseen.wanted[:, None]).any(axis=1)
    in_scope = 1 / (1 + np.exp(-(_evidence(unseen, gate.temperature) @ np.array(gate.weights)) - gate.bias))
    refused = in_scope < gate.refuse
    answered = ~refused & (in_scope >= gate.in_scope) & (_sureness(unseen, gate.temperature) >= gate.sure)
    offered = ~refused & ~answered
    shares = {
        "top 1": first[inside],
        "top 3": among[inside],
        "answered right": (answered & first)[inside],
        "answered wrong": (answered & ~first)[inside],
        "right or offered": ((answered & first) | (offered & among))[inside],
        "refused": refused[inside],
        "outside answered": answered[outside],
        "outside offered": offered[outside],
    }
    return {name: round(100 * float(share.mean()), 1) for name, share in shares.items() if len(share)}


def _evidence(unseen: Unseen, temperature: float) -> npt.NDArray[np.float64]:
    return np.array([weigh_evidence(row, _IS_NONE, temperature) for row in unseen.scores])


def _sureness(unseen: Unseen, temperature: float) -> npt.NDArray[np.float64]:
    """Return the probability of the best topic among the topics, a row each."""
    return np.array([soften(row, temperature).max() for row in unseen.scores[:, _TOPICS]])


def _surprise(unseen: Unseen, temperature: float) -> float:
    """Return how badly the probabilities at this temperature foretell the wanted labels."""
    chances = [soften(row, temperature)[place] for row, place in zip(unseen.scores, unseen.wanted, strict=True)]
    return float(-np.log(np.array(chances) + 1e-9).mean())
