"""Fit the sign model to labelled messages. Needs the `build` extra; the running bot does not."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from scipy.sparse import csr_matrix, hstack

from content.fitting import block_of, learn_features
from content.read_for_fit import Reading
from content.reading.blocks import Floats
from content.reading.sign_features import BLOCKS, Families
from content.reading.sign_model import EMERGENCY, Lean, SignModel
from content.reading.sign_rules import FLAGS

# How closely the fit follows each example: the wording of signs has a long tail, and 100 to 1000 are as good.
FIT = 300.0
EXACTNESS = 0.1
# A feature of one text alone says nothing of others; families are few, and are kept.
FEWEST = dict.fromkeys(BLOCKS, 2) | {"families": 1, "family_scopes": 1}
# Chosen on authors left out of the fit (`python -m content.measure_signs`): the most signs found, those of the
# weakest labels counted a little more, while some five of a hundred of their messages without one raise a flag.
# `length` between 0.5 and 2 is as good.
LEANS = {
    "rapid-growth": Lean(silent=-2.6, denied=-5.3, reported=-0.7, length=1.1),
    "pain-inflammation-ulceration": Lean(silent=-2.9, denied=-4.6, reported=-1.1, length=1.1),
    "chalky-discharge": Lean(silent=-1.7, denied=-8.3, reported=-1.0, length=1.1),
    "restricted-movement": Lean(silent=-3.3, denied=-5.9, reported=-1.4, length=1.1),
    "systemic-symptoms": Lean(silent=-2.3, denied=-3.6, reported=-0.5, length=1.1),
    EMERGENCY: Lean(silent=-1.4, denied=-2.6, reported=1.4, length=1.1),
}
LABELS = (*FLAGS, EMERGENCY)


def fit_sign_model(readings: Sequence[Reading], families: Families) -> SignModel:
    """Return a model fitted to the readings."""
    learned = {block: learn_features([one.features[block] for one in readings], FEWEST[block]) for block in BLOCKS}
    values = hstack([found for _, _, found in learned.values()]).tocsr()
    weights = np.zeros((values.shape[1], len(LABELS)), np.float32)
    bias = np.zeros(len(LABELS), np.float32)
    marks = [[one.marks.get(label) for one in readings] for label in LABELS]
    # The machine lets go of the interpreter while it fits.
    with ThreadPoolExecutor() as fitters:
        for place, fitted in enumerate(fitters.map(partial(_fit_label, values), marks)):
            weights[:, place], bias[place] = fitted
    blocks, start = {}, 0
    for block, (ids, rarity, _) in learned.items():
        blocks[block] = block_of(ids, rarity, weights[start : start + len(ids)])
        start += len(ids)
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
