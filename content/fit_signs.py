"""Fit the sign model to labelled messages. Needs the `build` extra; the running bot does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack

from content.fitting import block_of, rarity_of, values_of
from content.reading.blocks import Floats
from content.reading.features import number
from content.reading.sign_features import BLOCKS, Families, TextFeatures, sign_features
from content.reading.sign_model import EMERGENCY, Lean, SignModel
from content.reading.sign_rules import FLAGS, SignRules
from content.reading.signs import read_by_rules
from content.reading.statements import lay_out
from content.sign_examples import SignExample

# How closely the fit follows each example: the wording of signs has a long tail, and 100 to 1000 are as good.
FIT = 300.0
EXACTNESS = 0.02
# A feature of one text alone says nothing of others; single words and families are few, and are kept.
FEWEST = dict.fromkeys(BLOCKS, 2) | {"words": 1, "families": 1, "family_scopes": 1}
# `silent` and `length` were chosen on authors left out of the fit (`python -m content.measure_signs`), who tell signs
# in words that the rules do not know. On plainer messages they do: there `reported` and `denied` were then raised.
LEANS = {
    "rapid-growth": Lean(silent=-3.3, denied=-3.6, reported=1.3, length=1.1),
    "pain-inflammation-ulceration": Lean(silent=-4.4, denied=-4.2, reported=0.1, length=1.1),
    "chalky-discharge": Lean(silent=-2.4, denied=-1.4, reported=1.9, length=1.2),
    "restricted-movement": Lean(silent=-4.2, denied=-5.8, reported=-0.2, length=1.6),
    "systemic-symptoms": Lean(silent=-5.6, denied=-5.5, reported=-0.2, length=1.6),
    EMERGENCY: Lean(silent=-6.2, denied=-7.7, reported=-2.4, length=2.7),
}
LABELS = (*FLAGS, EMERGENCY)


@dataclass(frozen=True, slots=True)
class Reading:
    """Hold what the fit needs of one message: its features, and what it is known to be of each label."""

    features: TextFeatures
    marks: dict[str, bool]
    author: str


def read_examples_for_fit(
    examples: Sequence[SignExample], others: Sequence[str], rules: SignRules, families: Families
) -> list[Reading]:
    """Return the examples as read, then `others`: messages that hold no sign unless the rules find one."""
    readings = []
    for example in examples:
        labels, features = _read(example.text, rules, families)
        readings.append(Reading(features, _marks(example, labels), example.author))
    for text in others:
        labels, features = _read(text, rules, families)
        readings.append(Reading(features, _marks_of_other(labels), ""))
    return readings


def _read(text: str, rules: SignRules, families: Families) -> tuple[set[str], TextFeatures]:
    laid = lay_out(text, rules)
    matches = rules.sign_grammar.find(laid.tokens, laid.clauses)
    labels, _ = read_by_rules(laid, matches, rules)
    return labels, sign_features(laid, matches, [rules.speller.fix(word) for word in laid.words], families)


def fit_sign_model(readings: Sequence[Reading], families: Families) -> SignModel:
    """Return a model fitted to the readings."""
    ids = {block: [number(one.features.blocks[block]) for one in readings] for block in BLOCKS}
    known = {block: rarity_of(ids[block], fewest=FEWEST[block]) for block in BLOCKS}
    values = hstack([values_of(ids[block], *known[block]) for block in BLOCKS]).tocsr()
    weights = np.zeros((values.shape[1], len(LABELS)), np.float32)
    bias = np.zeros(len(LABELS), np.float32)
    for place, label in enumerate(LABELS):
        weights[:, place], bias[place] = _fit_label(values, [one.marks.get(label) for one in readings])
    blocks, start = {}, 0
    for block in BLOCKS:
        end = start + len(known[block][0])
        blocks[block] = block_of(*known[block], weights[start:end])
        start = end
    return SignModel(LABELS, blocks, bias, LEANS, families)


def _fit_label(values: csr_matrix, marks: Sequence[bool | None]) -> tuple[Floats, float]:
    # Here, since it takes a second that nobody has to wait for who fits nothing.
    from sklearn.linear_model import LogisticRegression

    known = np.array([place for place, mark in enumerate(marks) if mark is not None])
    wanted = np.array([marks[place] for place in known])
    machine = LogisticRegression(C=FIT, solver="liblinear", dual=True, random_state=0, max_iter=300, tol=EXACTNESS).fit(
        values[known], wanted
    )
    return machine.coef_[0].astype(np.float32), float(machine.intercept_[0])


def _marks(example: SignExample, by_rules: set[str]) -> dict[str, bool]:
    """Return what the example says of each label; a message with flags is no emergency, unless the rules find one."""
    if example.flags is None:
        return {EMERGENCY: bool(example.emergency)}
    marks: dict[str, bool] = {flag: flag in example.flags for flag in FLAGS}
    return marks if EMERGENCY in by_rules else marks | {EMERGENCY: False}


def _marks_of_other(by_rules: set[str]) -> dict[str, bool]:
    """Return no mark for flags where the rules find one, as for emergencies: nobody has judged the message."""
    marks: dict[str, bool] = {} if by_rules - {EMERGENCY} else dict.fromkeys(FLAGS, False)
    return marks if EMERGENCY in by_rules else marks | {EMERGENCY: False}
