"""Measure how hard a text is to read. Needs the `dev` extra; the running bot never measures."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from content.markup import plain, to_html

_WORD = re.compile(r"[^\W_]+(?:['’.,:-][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[)\"”]*\s+")
_BULLET = re.compile(r"^(?:•|\d+\.) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Prose:
    """Hold the sentences of a text, and its Flesch-Kincaid grade with the glossary's terms made plain."""

    sentences: tuple[str, ...]
    grade: float

    @property
    def words(self) -> int:
        return sum(map(count_words, self.sentences))

    @property
    def words_per_sentence(self) -> float:
        return self.words / max(len(self.sentences), 1)


def count_words(text: str) -> int:
    """Return the number of words; "follow-up", "don't" and "3,500" are one each."""
    return len(_WORD.findall(text))


def split_sentences(markdown: str) -> tuple[str, ...]:
    """Return the sentences of `markdown`; a point of a list, a heading and a line end one too."""
    lines = _BULLET.sub("", plain(to_html(markdown))).splitlines()
    pieces = (piece.strip() for line in lines for piece in _SENTENCE_END.split(line))
    return tuple(piece for piece in pieces if _WORD.search(piece))


def measure(markdown: str, glossary: Mapping[str, str]) -> Prose:
    """Return the prose of `markdown`. Raises ImportError where textstat is not installed.

    A glossary term in brackets after its plain word does not count for the grade; elsewhere its plain word counts
    in its place. Without this, one "dermatologist" outweighs ten short words.
    """
    sentences = split_sentences(markdown)
    graded = " ".join(_make_plain(sentence, glossary).rstrip(".:;!? ") + "." for sentence in sentences)
    return Prose(sentences, _grade(graded))


def _make_plain(sentence: str, glossary: Mapping[str, str]) -> str:
    for term, plain_word in glossary.items():
        sentence = re.sub(rf"\s*\({re.escape(term)}\)", "", sentence, flags=re.IGNORECASE)
        sentence = re.sub(rf"\b{re.escape(term)}\b", plain_word, sentence, flags=re.IGNORECASE)
    return sentence


def _grade(text: str) -> float:
    try:
        import textstat
    except ImportError as error:
        raise ImportError('the reading grade needs textstat: pip install "calcibot[dev]"') from error
    return float(textstat.flesch_kincaid_grade(text)) if text else 0.0
