"""Fit the scorer of the topic finder to example messages. Needs the `build` extra; the running bot does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files

import numpy as np
from scipy.sparse import hstack

from content.examples import LABELS, Example
from content.fitting import block_of, learn_features
from content.reading.features import letter_numbers, number, split_words, word_features
from content.reading.index import NONE, Scorer
from content.reading.normal import normalise
from content.reading.slips import Slips, number_words

# How closely the fit follows each example; 0.3 to 1 are as good on voices left out (docs/topic-finder.md).
FIT = 0.7
# The fit stops here; 500 times finer changes no score by 0.01, and takes a sixth longer.
EXACTNESS = 0.05
# A word is known by use, whatever the dictionary says, from this many examples on ("whats", "heyy", "calcuim").
KNOWN_BY_USE = 3
# The examples under these are no English: their words are no targets of mending.
_NOT_ENGLISH = ("none/language", "none/gibberish")
# Scores lie around -1 for "not this label"; a label without examples stays far below.
_NEVER = -9.0


def read_dictionary() -> frozenset[str]:
    """Return the English words that symspellpy brings (about 80,000)."""
    lines = (files("symspellpy") / "frequency_dictionary_en_82_765.txt").read_text(encoding="utf-8-sig").splitlines()
    return frozenset(line.split(" ")[0].replace("'", "") for line in lines)


def learn_slips(examples: Iterable[Example], texts: Iterable[str], dictionary: frozenset[str]) -> Slips:
    """Return the mender that knows the words of the examples, and as English also those of our own `texts`."""
    uses = Counter(
        word
        for example in examples
        if example.label not in _NOT_ENGLISH
        for word in set(split_words(normalise(example.text)))
    )
    own = {word for text in texts for word in split_words(normalise(text))}
    known = {word for word, count in uses.items() if count >= KNOWN_BY_USE}
    return Slips((known | own) & (dictionary | own), number_words(known | own | dictionary))


def fit_scorer(examples: Sequence[Example], slips: Slips) -> Scorer:
    """Return a scorer fitted to the examples: linear support vector machines over stems, pairs and letter runs."""
    # Here, since it takes a second that nobody has to wait for who fits nothing.
    from sklearn.svm import LinearSVC

    typed = [slips.mend(split_words(normalise(example.text))) for example in examples]
    word_ids = [number(word_features(words)) for words in typed]
    letter_ids = [letter_numbers(words) for words in typed]
    words, word_rarity, word_values = learn_features(word_ids, fewest=1, heed_strange=True)
    runs, run_rarity, run_values = learn_features(letter_ids, fewest=2, heed_strange=True)
    values = hstack([word_values, run_values]).tocsr()
    wanted = np.array([LABELS.index(example.label) for example in examples])
    inside = np.array([not example.label.startswith(NONE) for example in examples])
    machine, guard = (LinearSVC(C=FIT, tol=EXACTNESS, random_state=0).fit(values, goal) for goal in (wanted, inside))
    weights = np.zeros((values.shape[1], len(LABELS) + 1), np.float32)
    weights[:, machine.classes_] = machine.coef_.T
    weights[:, -1] = guard.coef_[0]
    bias = np.full(len(LABELS) + 1, _NEVER, np.float32)
    bias[machine.classes_] = machine.intercept_
    bias[-1] = guard.intercept_[0]
    border = len(words)
    return Scorer(
        labels=LABELS,
        slips=slips,
        words=block_of(words, word_rarity, weights[:border]),
        letters=block_of(runs, run_rarity, weights[border:]),
        bias=bias,
        familiar=np.isin(words, np.concatenate([word_ids[row] for row in np.flatnonzero(inside)])),
    )
