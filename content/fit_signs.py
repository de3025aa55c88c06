"""Fit the sign model to labelled messages. Needs the `build` extra; the running bot does not."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from scipy.sparse import csr_matrix, hstack, vstack

from content.fitting import block_of, learn_features
from content.read_for_fit import Reading
from content.reading.blocks import Floats
from content.reading.families import Families
from content.reading.sign_features import BLOCKS
from content.reading.sign_model import EMERGENCY, Lean, SignModel
from content.reading.sign_rules import FLAGS

# How closely the fit follows each example: 0.3 to 3 are as good. A margin of 1 tells about as much as log odds of 6.
FIT = 1.0
LOG_ODDS = 6.0
EXACTNESS = 0.1
# Each message is learned a second time with so many of its features left out: no word is to be relied on alone.
LEFT_OUT = 0.3
# A feature of one text alone says nothing of others; families are few, and are kept.
FEWEST = dict.fromkeys(BLOCKS, 2) | {"families": 1, "family_scopes": 1, "family_company": 5}
# Chosen on authors left out of the fit: of a flag a hundredth of all messages without it that raise it weighs about as
# much as four hundredths of those with it that are missed; of emergencies, a quarter. Then smoothed by hand, and what
# the rules report is dropped only against a strong doubt.
LEANS = {
    "rapid-growth": Lean(silent=-1.3, denied=-0.8, reported=1.8, length=0.6),
    "pain-inflammation-ulceration": Lean(silent=-1.7, denied=-2.0, reported=0.9, length=0.6),
    "chalky-discharge": Lean(silent=-1.0, denied=-1.2, reported=1.0, length=0.6),
    "restricted-movement": Lean(silent=-2.0, denied=-2.1, reported=1.2, length=0.6),
    "systemic-symptoms": Lean(silent=-0.4, denied=-1.8, reported=2.5, length=0.6),
    EMERGENCY: Lean(silent=0.8, denied=-0.5, reported=3.4, length=0.6),
}
LABELS = (*FLAGS, EMERGENCY)


def fit_sign_model(readings: Sequence[Reading], families: Families) -> SignModel:
    """Return a model fitted to the readings."""
    learned = {
        block: learn_features([one.features[block] for one in readings], FEWEST[block], every_time=True)
        for block in BLOCKS
    }
    values = hstack([found for _, _, found in learned.values()]).tocsr()
    values = vstack([values, _with_gaps(values)]).tocsr()
    weights = np.zeros((values.shape[1], len(LABELS)), np.float32)
    bias = np.zeros(len(LABELS), np.float32)
    marks = [[one.marks.get(label) for one in readings] * 2 for label in LABELS]
    # The machine lets go of the interpreter while it fits.
    with ThreadPoolExecutor() as fitters:
        for place, fitted in enumerate(fitters.map(partial(_fit_label, values), marks)):
            weights[:, place], bias[place] = fitted
    blocks, start = {}, 0
    for block, (ids, rarity, _) in learned.items():
        blocks[block] = block_of(ids, rarity, weights[start : start + len(ids)])
        start += len(ids)
    return SignModel(LABELS, blocks, bias, LEANS, families)


def _with_gaps(values: csr_matrix) -> csr_matrix:
    """Return the messages with features left out by chance, as long as before in all."""
    gaps = values.copy()
    kept = np.random.default_rng(0).random(len(gaps.data)) >= LEFT_OUT
    gaps.data = np.where(kept, gaps.data / np.sqrt(1 - LEFT_OUT), 0)
    gaps.eliminate_zeros()
    return gaps


def _fit_label(values: csr_matrix, marks: Sequence[bool | None]) -> tuple[Floats, float]:
    # Here, since it takes a second that nobody has to wait for who fits nothing.
    from sklearn.svm import LinearSVC

    known = np.array([place for place, mark in enumerate(marks) if mark is not None])
    wanted = np.array([marks[place] for place in known])
    machine = LinearSVC(C=FIT, tol=EXACTNESS, random_state=0, max_iter=300).fit(values[known], wanted)
    return (LOG_ODDS * machine.coef_[0]).astype(np.float32), LOG_ODDS * float(machine.intercept_[0])
