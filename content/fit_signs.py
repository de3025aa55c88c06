"""Fit the sign model to labelled messages. Needs the `build` extra; the running bot does not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from content.fit import _block, _rarity, _values
from content.reading.features import letter_features, number, word_features
from content.reading.index import Floats
from content.reading.sign_model import EMERGENCY, Bounds, SignModel
from content.reading.sign_rules import FLAGS, SignRules
from content.reading.signs import read_signs
from content.reading.statements import lay_out
from content.sign_examples import SignExample

# How closely the fit follows each example; 10 to 40 are as good on authors left out.
FIT = 20.0
# Chosen on authors left out of the fit (`python -m content.measure_signs` shows how they do): what the rules found is
# dropped only where it is very unlikely, an emergency least of all, and what they found denied is mostly believed.
BOUNDS = {flag: Bounds(add=0.5, add_denied=1.5, drop=-4.0) for flag in FLAGS} | {
    EMERGENCY: Bounds(add=0.0, add_denied=1.5, drop=-5.0)
}
LABELS = (*FLAGS, EMERGENCY)


def fit_sign_model(examples: Sequence[SignExample], others: Sequence[str], rules: SignRules) -> SignModel:
    """Return a model fitted to the examples, and to `others`: messages that hold no sign unless the rules find one."""
    marked = [_marks(example, rules) for example in examples] + [_marks_of_other(text, rules) for text in others]
    texts = [example.text for example in examples] + list(others)
    typed = [[rules.speller.fix(word) for word in lay_out(text, rules).words] for text in texts]
    word_ids = [number(word_features(words)) for words in typed]
    letter_ids = [number(letter_features(words)) for words in typed]
    words, letters = _rarity(word_ids, fewest=1), _rarity(letter_ids, fewest=2)
    values = hstack([_values(word_ids, *words), _values(letter_ids, *letters)]).tocsr()
    weights = np.zeros((values.shape[1], len(LABELS)), np.float32)
    bias = np.zeros(len(LABELS), np.float32)
    for place, label in enumerate(LABELS):
        weights[:, place], bias[place] = _fit_label(values, [marks.get(label) for marks in marked])
    border = len(words[0])
    return SignModel(LABELS, _block(*words, weights[:border]), _block(*letters, weights[border:]), bias, BOUNDS)


def _fit_label(values: csr_matrix, marks: Sequence[bool | None]) -> tuple[Floats, float]:
    known = np.array([place for place, mark in enumerate(marks) if mark is not None])
    wanted = np.array([marks[place] for place in known])
    machine = LogisticRegression(C=FIT, solver="liblinear", dual=True, random_state=0, max_iter=300).fit(
        values[known], wanted
    )
    return machine.coef_[0].astype(np.float32), float(machine.intercept_[0])


def _marks(example: SignExample, rules: SignRules) -> dict[str, bool]:
    """Return what the example says of each label; a message with flags is no emergency, unless the rules find one."""
    if example.flags is None:
        return {EMERGENCY: bool(example.emergency)}
    marks: dict[str, bool] = {flag: flag in example.flags for flag in FLAGS}
    return marks if read_signs(example.text, rules).emergency else marks | {EMERGENCY: False}


def _marks_of_other(text: str, rules: SignRules) -> dict[str, bool]:
    signs = read_signs(text, rules)
    marks: dict[str, bool] = {} if signs.flags else dict.fromkeys(FLAGS, False)
    return marks if signs.emergency else marks | {EMERGENCY: False}
