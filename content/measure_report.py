"""Say how the topic finder reads voices that it was not fitted on: the evidence for its gate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from content.examples import LABELS, Example
from content.reading.blocks import Floats
from content.reading.index import NONE, Gate

_IS_NONE = np.array([label.startswith(NONE) for label in LABELS])
_TOPICS = np.flatnonzero(~_IS_NONE)
_CONFUSIONS_SHOWN = 30

Numbers = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def report(examples: Sequence[Example], scores: Floats, in_scope: Numbers, sure: Numbers, gate: Gate) -> dict[str, Any]:
    """Return the outcomes in per cent, a row each of `scores`, `in_scope` and `sure`: by voice, by label, mixed up."""
    voices = np.array([example.voice for example in examples])
    wanted = np.array([LABELS.index(example.label) for example in examples])
    got = scores.argmax(axis=1)
    best = _TOPICS[np.argsort(-scores[:, _TOPICS], axis=1)[:, :3]]
    refused = in_scope < gate.refuse
    answered = ~refused & (in_scope >= gate.in_scope) & (sure >= gate.sure)
    first, among = best[:, 0] == wanted, (best == wanted[:, None]).any(axis=1)
    inside = ~_IS_NONE[wanted]
    outcomes = {
        "top 1": (first, inside),
        "top 3": (among, inside),
        "answered right": (answered & first, inside),
        "answered wrong": (answered & ~first, inside),
        "right or offered": ((answered & first) | (~refused & ~answered & among), inside),
        "refused": (refused, inside),
        "outside answered": (answered, ~inside),
        "outside offered": (~refused & ~answered, ~inside),
    }

    def shares(rows: Bools) -> dict[str, float]:
        return {
            name: _per_cent(outcome[rows & side]) for name, (outcome, side) in outcomes.items() if (rows & side).any()
        }

    mixed_up = Counter((LABELS[meant], LABELS[read]) for meant, read in zip(wanted, got, strict=True) if meant != read)
    return {
        "examples": len(voices),
        "all": shares(np.ones(len(voices), bool)),
        "voices": {voice: shares(voices == voice) for voice in sorted(set(voices.tolist()))},
        "kinds": {label: shares(wanted == LABELS.index(label)) for label in LABELS if label.startswith(NONE)},
        "labels": {
            label: _per_cent((got == place)[wanted == place])
            for place, label in enumerate(LABELS)
            if (wanted == place).any()
        },
        "confused": [[*pair, count] for pair, count in mixed_up.most_common(_CONFUSIONS_SHOWN)],
    }


def _per_cent(which: Bools) -> float:
    return round(100 * float(which.mean()), 1)
