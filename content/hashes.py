"""Tell by a hash whether what was fitted fits the content files of today."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from content.examples import CONTENT, phrasing_files
from content.reply_examples import reply_files
from content.sign_examples import sign_files

_OF_SIGNS = ("signs.toml", "real_words.txt", "families.txt")


def hash_sign_content(language: str = "en", root: Path = CONTENT) -> str:
    """Return the SHA-256 of all that the sign model is fitted from. Line ends count as one."""
    folder = root / language
    examples = [*sign_files(language, root), *phrasing_files(language, root), *reply_files(language, root)]
    return _hash([*examples, *(folder / name for name in _OF_SIGNS)])


def hash_reply_content(language: str = "en", root: Path = CONTENT) -> str:
    """Return the SHA-256 of all that the reply model is fitted from, the signs among it. Line ends count as one."""
    return _hash([root / language / "replies.toml"], hash_sign_content(language, root))


def _hash(paths: Iterable[Path], begin: str = "") -> str:
    digest = hashlib.sha256(begin.encode())
    for path in paths:
        text = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.name} {len(text)}\n".encode() + text)
    return digest.hexdigest()
