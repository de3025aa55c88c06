"""Build the topic index and the sign model of a language from its example messages.

Needs scikit-learn and symspellpy (extra `build`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

from content.examples import CONTENT, hash_content, read_examples
from content.fit import fit_scorer, learn_slips, read_dictionary
from content.fit_signs import fit_sign_model
from content.measure import report, score_unseen, set_gate
from content.reading.index import TopicIndex, save_index
from content.reading.sign_model import save_sign_model
from content.reading.sign_rules import parse_sign_rules
from content.sign_examples import hash_sign_content, read_sign_examples

# Gets what is being done, and the share of all work that is done before it.
Progress = Callable[[str, float], None]

_MEASURED = 0.85


def index_path(language: str = "en", root: Path = CONTENT) -> Path:
    """Return where the built index of a language lives; Git ignores the folder."""
    return root / language / "built" / "topics.npz"


def build_index(language: str = "en", progress: Progress = lambda step, share: None, root: Path = CONTENT) -> Path:
    """Fit, measure and write the index of a language, and return its path.

    Takes about a minute of one core. Raises ValueError if the examples cannot be read.
    """
    progress("reading the examples", 0.0)
    content_hash = hash_content(language, root)
    examples, texts, dictionary = read_examples(language, root), _read_texts(language, root), read_dictionary()
    progress("trying it on voices it has not seen", 0.02)
    unseen = score_unseen(
        examples,
        texts,
        dictionary,
        lambda share: progress("trying it on voices it has not seen", 0.02 + share * (_MEASURED - 0.02)),
    )
    gate = set_gate(unseen)
    progress("fitting", _MEASURED)
    scorer = fit_scorer(examples, learn_slips(examples, texts, dictionary))
    versions = {name: version(name) for name in ("numpy", "scikit-learn", "PyStemmer", "symspellpy")}
    path = index_path(language, root)
    save_index(TopicIndex(scorer, gate, {"versions": versions, **report(unseen, gate)}), path, content_hash)
    progress("done", 1.0)
    return path


def sign_model_path(language: str = "en", root: Path = CONTENT) -> Path:
    """Return where the built sign model of a language lives; Git ignores the folder."""
    return root / language / "built" / "signs.npz"


def build_sign_model(language: str = "en", root: Path = CONTENT) -> Path:
    """Fit and write the sign model of a language, and return its path.

    Takes about a minute of one core. Raises ValueError if the examples or the rules cannot be read.
    """
    folder = root / language
    content_hash = hash_sign_content(language, root)
    rules = parse_sign_rules(
        *((folder / name).read_text(encoding="utf-8") for name in ("signs.toml", "real_words.txt"))
    )
    others = [example.text for example in read_examples(language, root)]
    path = sign_model_path(language, root)
    save_sign_model(fit_sign_model(read_sign_examples(language, root), others, rules), path, content_hash)
    return path


def _read_texts(language: str, root: Path) -> list[str]:
    """Return our own texts: their words are spelled as we want them."""
    texts = []
    for path in sorted((root / language / "topics").glob("*.md")):
        _, head, body = path.read_text(encoding="utf-8").split("+++\n", 2)
        texts.append(f"{tomllib.loads(head)['title']}\n{body}")
    return texts
