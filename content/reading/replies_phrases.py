"""Turn the phrases of replies.toml into patterns, and a reply into the words that they are matched with."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

from content.reading.normal import normalise

BREAK = "|"
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_WORDS = re.compile(r"[^\W_]+|[,.;:!?…]+|\S")
_GAP_WORDS = 3


def plain(text: str) -> list[str]:
    """Return the words of a text as the rules know them: no apostrophes, no stretched letters, BREAK at stops."""
    words: list[str] = []
    for word in _WORDS.findall(normalise(text).replace("'", "").replace("\ufe0f", "")):
        if word[0] in ",.;:!?…":
            words.append("?" if "?" in word else BREAK)
        elif word[0].isalnum() or ord(word[0]) > 0x2000:
            words.append(_STRETCHED.sub(r"\1", word))
    return words


@dataclass(frozen=True)
class Pattern:
    """Pair what a phrase says with its pattern over words that each end in a space; `weight` decides between equals."""

    kind: str
    pattern: re.Pattern[str]
    weight: int


def compile_phrase(kind: str, phrase: str) -> Pattern:
    """Compile one phrase of the file. Raises ValueError with the phrase when it cannot be read."""
    source = phrase.lower().replace("'", "").replace("-", " ")
    start, end = source.startswith("^"), source.endswith("$")
    if source.count("(") != source.count(")"):
        raise ValueError(f"cannot read the phrase {phrase!r} of {kind}: a bracket is missing")
    body = _phrase(source.strip("^$ "))
    if not body:
        raise ValueError(f"an empty phrase among {kind}")
    before = rf"(?:^|(?<=[{BREAK}?] ))" if start else r"(?<!\S)"
    after = rf"(?=[{BREAK}?] |$)" if end else ""
    try:
        return Pattern(kind, re.compile(before + body + after), len(phrase.replace("*", "")))
    except re.error as problem:
        raise ValueError(f"cannot read the phrase {phrase!r} of {kind}: {problem}") from problem


def _split(text: str, separator: str) -> list[str]:
    """Split at a separator that stands outside of all brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _phrase(text: str) -> str:
    return "".join(_item(item) for item in _split(text, " ") if item)


def _one_group(item: str) -> bool:
    """Return whether the first bracket closes at the very end."""
    depths = list(accumulate((character == "(") - (character == ")") for character in item))
    return depths[0] == 1 and depths[-1] == 0 and all(depth > 0 for depth in depths[:-1])


def _item(item: str) -> str:
    if item == "..":
        return rf"(?:[^\s{BREAK}?]+ ){{0,{_GAP_WORDS}}}"
    if _one_group(item):
        options = _split(item[1:-1], "|")
        return f"(?:{'|'.join(_phrase(option) for option in options if option)})" + ("?" if "" in options else "")
    # Brackets inside a word hold letters: "heal(ed|ing)".
    letters = item.replace("*", r"\w*").replace("(", "(?:")
    return f"{letters} "
