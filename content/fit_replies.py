"""Fit the reply model to labelled replies. Needs the `build` extra; the running bot does not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from content.fitting import block_of, learn_features
from content.reading.features import number
from content.reading.replies_rules import ReplyRules
from content.reading.reply_model import Found, ReplyModel, features
from content.reading.reply_reader import look
from content.reading.sign_rules import SignRules
from content.reply_examples import ReplyExample

# How closely the fit follows each example; 10 to 100 are as good on authors left out.
FIT = 30.0


def look_at(examples: Sequence[ReplyExample], rules: ReplyRules, signs: SignRules) -> list[Found]:
    """Return what the rules find in each example."""
    return [look(example.text, example.question, rules, signs) for example in examples]


def fit_reply_model(examples: Sequence[ReplyExample], found: Sequence[Found]) -> ReplyModel:
    """Return a model fitted to the examples and to what the rules found in them."""
    # Here, since it takes a second that nobody has to wait for who fits nothing.
    from sklearn.linear_model import LogisticRegression

    ids = [number(features(one)) for one in found]
    known, rarity, values = learn_features(ids, fewest=1)
    wanted = [(example.question, example.meaning) for example in examples]
    labels = tuple(sorted(set(wanted)))
    weights = np.zeros((values.shape[1], len(labels)), np.float32)
    bias = np.zeros(len(labels), np.float32)
    for place, label in enumerate(labels):
        machine = LogisticRegression(C=FIT, solver="liblinear", dual=True, random_state=0, max_iter=300)
        machine.fit(values, np.array([one == label for one in wanted]))
        weights[:, place], bias[place] = machine.coef_[0], machine.intercept_[0]
    return ReplyModel(labels, block_of(known, rarity, weights), bias)
