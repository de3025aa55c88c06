"""Bring typed text into one plain form before anything reads it."""

from __future__ import annotations

import re
import unicodedata

# Longer texts are read up to here: a long story says its point early, and every reader stays fast.
MAX_CHARACTERS = 1_000

_APOSTROPHES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u00b4": "'", "`": "'"})
_SPACES = re.compile(r"\s+")
# Control, format (zero-width, right-to-left marks), surrogate and private-use characters carry no words.
_DROPPED = {"Cc", "Cf", "Cs", "Co"}


def clean(text: str) -> str:
    """Return `text` without invisible characters, with single spaces, at most MAX_CHARACTERS long; case is kept."""
    head = unicodedata.normalize("NFKC", text[: 4 * MAX_CHARACTERS])
    unseen = {
        ord(character): " " if character.isspace() else ""
        for character in set(head)
        if character.isspace() or unicodedata.category(character) in _DROPPED
    }
    visible = head.translate(unseen)
    return _SPACES.sub(" ", visible.translate(_APOSTROPHES)).strip()[:MAX_CHARACTERS].rstrip()


def normalise(text: str) -> str:
    """Return the cleaned text in lower case: what every reader in this folder works on."""
    return clean(text).casefold()
