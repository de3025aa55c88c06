"""Build the topic index, the sign model and the reply model of a language from its example messages.

Needs scikit-learn and symspellpy (extra `build`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

from content.examples import CONTENT, hash_content, read_examples, read_own_texts
from content.fit import fit_scorer, learn_slips, read_dictionary
from content.fit_replies import fit_reply_model, look_at
from content.fit_signs import fit_sign_model
from content.gate import read_gate
from content.hashes import hash_reply_content, hash_sign_content
from content.on_every_core import CONTEXT
from content.read_for_fit import read_examples_for_fit
from content.reading.families import parse_families
from content.reading.index import TopicIndex, save_index
from content.reading.replies_rules import ReplyRules
from content.reading.reply_model import save_reply_model
from content.reading.sign_model import load_sign_model, save_sign_model
from content.reading.sign_rules import parse_sign_rules
from content.reply_examples import read_no_replies, read_reply_examples
from content.sign_examples import read_other_messages, read_sign_examples

# Gets what is being done, and the share of all work that is done before it.
Progress = Callable[[str, float], None]


def build_all(language: str = "en", progress: Progress = lambda step, share: None, root: Path = CONTENT) -> None:
    """Build everything that is fitted, the topic index beside the others. Takes about half a minute of four cores.

    Raises ValueError if the examples, families, rules or the gate cannot be read.
    """
    with ProcessPoolExecutor(1, mp_context=CONTEXT) as beside:
        index = beside.submit(build_index, language, root=root)
        progress("reading messages", 0.05)
        build_sign_model(language, lambda: progress("fitting the signs", 0.5), root)
        progress("reading replies", 0.8)
        build_reply_model(language, root)
        progress("fitting the topics", 0.95)
        index.result()
    progress("done", 1.0)


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


def sign_model_path(language: str = "en", root: Path = CONTENT) -> Path:
    """Return where the built sign model of a language lives; Git ignores the folder."""
    return root / language / "built" / "signs.npz"


def build_sign_model(language: str = "en", progress: Callable[[], None] = lambda: None, root: Path = CONTENT) -> Path:
    """Fit and write the sign model of a language, and return its path; `progress` is told when all is read.

    Takes some seconds of every core. Raises ValueError if the examples, families or rules cannot be read.
    """
    folder = root / language
    content_hash = hash_sign_content(language, root)
    sources = [(folder / name).read_text(encoding="utf-8") for name in ("signs.toml", "real_words.txt", "families.txt")]
    examples, others = read_sign_examples(language, root), read_other_messages(language, root)
    readings = read_examples_for_fit(examples, others, *sources)
    progress()
    path = sign_model_path(language, root)
    save_sign_model(fit_sign_model(readings, parse_families(sources[-1])), path, content_hash)
    return path


def reply_model_path(language: str = "en", root: Path = CONTENT) -> Path:
    """Return where the built reply model of a language lives; Git ignores the folder."""
    return root / language / "built" / "replies.npz"


def build_reply_model(language: str = "en", root: Path = CONTENT) -> Path:
    """Fit and write the reply model of a language, and return its path. The sign model must be built before.

    Takes some seconds of one core. Raises ValueError if the examples or the rules cannot be read.
    """
    folder = root / language
    content_hash = hash_reply_content(language, root)
    toml, real_words, replies = (
        (folder / name).read_text(encoding="utf-8") for name in ("signs.toml", "real_words.txt", "replies.toml")
    )
    model = load_sign_model(sign_model_path(language, root), hash_sign_content(language, root))
    signs = parse_sign_rules(toml, real_words).with_model(model)
    rules = ReplyRules.from_toml(tomllib.loads(replies))
    examples = read_reply_examples(language, root) + read_no_replies(language, root)
    path = reply_model_path(language, root)
    save_reply_model(fit_reply_model(examples, look_at(examples, rules, signs)), path, content_hash)
    return path
