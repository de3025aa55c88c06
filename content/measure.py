"""Measure the topic finder on voices that it was not fitted on, and set its gate by what that shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from content.examples import CONTENT, LABELS, Example, read_examples, read_own_texts
from content.fit import fit_scorer, learn_slips, read_dictionary
from content.gate import write_gate
from content.measure_report import report
from content.reading.blocks import Floats
from content.reading.index import NONE, Gate, Marks
from content.reading.normal import normalise
from content.reading.topics import EVIDENCE, soften, weigh_evidence

# The gate answers as often as it can within these. On voices never seen, one in-scope example in eight has another
# best topic, often with reason: many would do for two. On texts by other hands 5 % here came to 0.4 to 1.1 %.
MAX_WRONG = 0.06
# One example out of scope in five is a near miss written to mislead: harder than life (docs/topic-finder.md).
MAX_OUT_OF_SCOPE_ANSWERED = 0.035
MAX_NEAR_ANSWERED = 0.05
MAX_IN_SCOPE_REFUSED = 0.02
# The kinds whose texts lie near the topics in words or in field.
NEAR = ("calcium-elsewhere", "off-topic", "other-health", "diagnosis", "dose", "procedure-steps")
# Holds back the weights of the gate, above all those of single topics.
GATE_FIT = 0.1
_TEMPERATURES = np.arange(0.08, 0.31, 0.02)
_SURE = np.arange(0.2, 0.99, 0.02)
_IN_SCOPE = np.arange(0.5, 0.999, 0.005)
_IS_NONE = np.array([label.startswith(NONE) for label in LABELS])
_TOPICS = np.flatnonzero(~_IS_NONE)

Numbers = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Unseen:
    """Hold the marks of every example by a scorer fitted without its voice. Rows follow `examples`."""

    examples: tuple[Example, ...]
    marks: tuple[Marks, ...]

    @property
    def scores(self) -> Floats:
        """Return one score a label, a row each."""
        return np.array([marks.labels for marks in self.marks])

    @property
    def wanted(self) -> npt.NDArray[np.intp]:
        """Return the place of the wanted label of each row."""
        return np.array([LABELS.index(example.label) for example in self.examples])

    @property
    def voices(self) -> npt.NDArray[np.str_]:
        """Return the voice of each row."""
        return np.array([example.voice for example in self.examples])


def measure_gate(
    language: str = "en", progress: Callable[[str, float], None] = lambda step, share: None, root: Path = CONTENT
) -> Path:
    """Leave each voice out in turn, set the gate by what is seen, write it with the evidence, and return its path.

    Takes about ten seconds of one core a voice. Raises ValueError if the examples cannot be read.
    """
    examples, texts = read_examples(language, root), read_own_texts(language, root)
    unseen = score_unseen(
        examples, texts, read_dictionary(), lambda voice, share: progress(f"reading as if {voice} was new", share)
    )
    progress("setting the gate", 1.0)
    gate, in_scope = set_gate(unseen)
    limits = {
        "answered wrong": MAX_WRONG,
        "outside answered": MAX_OUT_OF_SCOPE_ANSWERED,
        "near answered": MAX_NEAR_ANSWERED,
        "refused": MAX_IN_SCOPE_REFUSED,
    }
    evidence = report(unseen.examples, unseen.scores, in_scope, _sureness(unseen, gate.temperature), gate)
    return write_gate(gate, {"limits": limits, **evidence}, examples, language, root)


def score_unseen(
    examples: Sequence[Example],
    texts: Sequence[str],
    dictionary: frozenset[str],
    progress: Callable[[str, float], None] = lambda voice, share: None,
) -> Unseen:
    """Score every example by a scorer that has not seen its voice; needs two voices at least."""
    voices = sorted({example.voice for example in examples})
    if len(voices) < 2:
        raise ValueError("The gate can only be measured with two voices or more.")
    marks: dict[int, Marks] = {}
    for done, left_out in enumerate(voices):
        progress(left_out, done / len(voices))
        seen = [example for example in examples if example.voice != left_out]
        scorer = fit_scorer(seen, learn_slips(seen, texts, dictionary))
        for row, example in enumerate(examples):
            if example.voice == left_out:
                marks[row] = scorer.score(normalise(example.text))
    return Unseen(tuple(examples), tuple(marks[row] for row in range(len(examples))))


def set_gate(unseen: Unseen) -> tuple[Gate, Numbers]:
    """Return the gate that answers most of the unseen examples within the limits above, and what it was set by.

    That is the probability of being in scope of each row, by a gate that was fitted without its voice too.
    """
    wanted, voices = unseen.wanted, unseen.voices
    inside = ~_IS_NONE[wanted]
    temperature = round(float(min(_TEMPERATURES, key=lambda softness: _surprise(unseen, softness))), 3)
    evidence = _evidence(unseen, temperature)
    in_scope = np.zeros(len(wanted))
    for voice in np.unique(voices):
        left_out = voices == voice
        weights, bias = _fit(evidence[~left_out], inside[~left_out])
        in_scope[left_out] = 1 / (1 + np.exp(-(evidence[left_out] @ weights) - bias))
    weights, bias = _fit(evidence, inside)
    gate = Gate(
        temperature=temperature,
        weights=_rounded(weights[: len(EVIDENCE)]),
        topics=_rounded(weights[len(EVIDENCE) :]),
        bias=round(bias, 4),
        in_scope=1.0,
        sure=1.0,
        refuse=0.0,
    )
    return _set_thresholds(gate, unseen, in_scope), in_scope


def _set_thresholds(gate: Gate, unseen: Unseen, in_scope: Numbers) -> Gate:
    wanted = unseen.wanted
    inside = ~_IS_NONE[wanted]
    near = np.isin(wanted, [LABELS.index(NONE + kind) for kind in NEAR])
    right = unseen.scores[:, _TOPICS].argmax(axis=1) == wanted
    sure = _sureness(unseen, gate.temperature)
    best = (-1.0, 1.0, 1.0)
    for least in _IN_SCOPE:
        for surest in _SURE:
            answered = (in_scope >= least) & (sure >= surest)
            if (
                _share(answered & ~right, inside) <= MAX_WRONG
                and _share(answered, ~inside) <= MAX_OUT_OF_SCOPE_ANSWERED
                and _share(answered, near) <= MAX_NEAR_ANSWERED
            ):
                best = max(best, (_share(answered & right, inside), float(least), float(surest)))
    refuse = min(float(np.quantile(in_scope[inside], MAX_IN_SCOPE_REFUSED)), best[1])
    return replace(gate, in_scope=round(best[1], 3), sure=round(best[2], 3), refuse=round(refuse, 4))


def _fit(evidence: Numbers, inside: Bools) -> tuple[Numbers, float]:
    """Return weights and bias that tell what is inside. They are fitted to evidence of equal spread."""
    # Here, since it takes a second that nobody has to wait for who fits nothing.
    from sklearn.linear_model import LogisticRegression

    if inside.all() or not inside.any():
        return np.zeros(evidence.shape[1]), 9.0 if inside.all() else -9.0
    middle, spread = evidence.mean(axis=0), evidence.std(axis=0) + 1e-9
    model = LogisticRegression(C=GATE_FIT, max_iter=3_000).fit((evidence - middle) / spread, inside)
    weights: Numbers = np.where(spread > 1e-6, model.coef_[0] / spread, 0)
    return weights, float(model.intercept_[0] - middle @ weights)


def _evidence(unseen: Unseen, temperature: float) -> Numbers:
    """Return the evidence of each row, and after it a column a topic: 1 for the best one, 0 for the others."""
    weighed = np.array([weigh_evidence(marks, _IS_NONE, temperature) for marks in unseen.marks])
    return np.hstack([weighed, np.eye(len(_TOPICS))[unseen.scores[:, _TOPICS].argmax(axis=1)]])


def _sureness(unseen: Unseen, temperature: float) -> Numbers:
    """Return the probability of the best topic among the topics, a row each."""
    return np.array([soften(row, temperature).max() for row in unseen.scores[:, _TOPICS]])


def _surprise(unseen: Unseen, temperature: float) -> float:
    """Return how badly the probabilities at this temperature foretell the wanted labels."""
    chances = [soften(row, temperature)[place] for row, place in zip(unseen.scores, unseen.wanted, strict=True)]
    return float(-np.log(np.array(chances) + 1e-9).mean())


def _share(which: Bools, among: Bools) -> float:
    return float(which[among].mean()) if among.any() else 0.0


def _rounded(numbers: Numbers) -> tuple[float, ...]:
    return tuple(round(float(number), 4) for number in numbers)
