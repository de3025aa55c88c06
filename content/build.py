"""Build the topic index of a language from its example messages. Needs scikit-learn and symspellpy (extra `build`)."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from content.examples import CONTENT, hash_content, read_examples, read_own_texts
from content.fit import fit_scorer, learn_slips, read_dictionary
from content.gate import read_gate
from content.reading.index import TopicIndex, save_index

# Gets what is being done, and the share of all work that is done before it.
Progress = Callable[[str, float], None]


def index_path(language: str = "en", root: Path = CONTENT) -> Path:
    """Return where the built index of a language lives; Git ignores the folder."""
    return root / language / "built" / "topics.npz"


def build_index(language: str = "en", progress: Progress = lambda step, share: None, root: Path = CONTENT) -> Path:
    """Fit the index of a language, join it with the gate that was measured, write both, and return the path.

    Takes some seconds of one core. Raises ValueError if the examples or the gate cannot be read.
    """
    progress("reading the examples", 0.0)
    content_hash = hash_content(language, root)
    gate, report = read_gate(language, root)
    examples, texts = read_examples(language, root), read_own_texts(language, root)
    progress("learning words", 0.05)
    slips = learn_slips(examples, texts, read_dictionary())
    progress("fitting", 0.15)
    scorer = fit_scorer(examples, slips)
    versions = {name: version(name) for name in ("numpy", "scikit-learn", "PyStemmer", "symspellpy")}
    path = index_path(language, root)
    save_index(TopicIndex(scorer, gate, {"versions": versions, **report}), path, content_hash)
    progress("done", 1.0)
    return path
