"""Turn a laid-out text into the features that the sign model weighs: words, families, and what stands round them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import Stemmer

from content.reading.features import letter_features, word_features
from content.reading.patterns import Span

if TYPE_CHECKING:
    # Statements are laid out by rules, and rules hold the model that weighs these features.
    from content.reading.statements import Statements

# When anything here changes a model fitted on other features is stale: raise `sign_model.FORMAT`.
BLOCKS = ("words", "letters", "scopes", "families", "family_scopes", "family_pairs", "family_words")

# A long story says its point early, and the rules read all of it.
_MOST_WORDS = 150
_PAIR_REACH = 6
_DENIAL_REACH = 10
# What a cue does to the words round it: the letter in a feature's name, and whether it reaches only forward, and only
# in its own statement.
_SCOPES = {
    "negated": ("N", True),
    "what_if": ("H", True),
    "asked": ("A", True),
    "past": ("P", False),
    "past_emergency": ("E", False),
    "strangers": ("S", False),
    "stories": ("T", False),
    "elsewhere": ("L", False),
}
_QUESTION = "Q"

_stem = Stemmer.Stemmer("english")


class Families:
    """Name the families that a word belongs to, by itself or else by its stem."""

    def __init__(self, lists: Mapping[str, Sequence[str]]) -> None:
        self.lists = {name: tuple(words) for name, words in lists.items()}
        self._by_word: dict[str, list[str]] = {}
        for name, words in self.lists.items():
            for word, stem in zip(words, _stem.stemWords(list(words)), strict=True):
                for key in {word, stem}:
                    names = self._by_word.setdefault(key, [])
                    if name not in names:
                        names.append(name)

    def of(self, word: str, stem: str) -> Sequence[str]:
        """Return the names of the families of `word`, in the order of the file."""
        return self._by_word.get(word, self._by_word.get(stem, ()))


def parse_families(text: str) -> Families:
    """Return the families in `text`, one a line: a name, a colon, words. Raises ValueError with the line at fault."""
    lists: dict[str, list[str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, words = line.partition(":")
        if not colon or not words.split() or name.strip() in lists:
            raise ValueError(f"families, line {number}: needs a new name, a colon and words")
        lists[name.strip()] = words.split()
    if not lists:
        raise ValueError("families: there are none")
    return Families(lists)


@dataclass(frozen=True, slots=True)
class TextFeatures:
    """Hold the features of a text by block, and its `words`, their spelling put right."""

    words: tuple[str, ...]
    blocks: Mapping[str, list[str]]


def sign_features(
    text: Statements, matches: Mapping[str, Sequence[Span]], words: Sequence[str], families: Families
) -> TextFeatures:
    """Return the features of `text`. `matches` are the cues found in it, `words` its words with spelling put right."""
    words = list(words[:_MOST_WORDS])
    stems = _stem.stemWords(words)
    marks = _marks(text, matches, len(words))
    kin = [families.of(word, stem) for word, stem in zip(words, stems, strict=True)]
    fenced = ["<", *stems, ">"]
    return TextFeatures(
        tuple(words),
        {
            "words": word_features(words),
            "letters": letter_features(words),
            "scopes": [f"{mark}:{stem}" for stem, found in zip(stems, marks, strict=True) for mark in found],
            "families": [name for names in kin for name in names],
            "family_scopes": [
                f"{mark}:{name}"
                for names, found in zip(kin, marks, strict=True)
                for name in names
                for mark in found or "-"
            ],
            "family_pairs": list(_family_pairs(kin, text.clauses)),
            "family_words": [
                feature
                for (before, after), names in zip(zip(fenced, fenced[2:], strict=False), kin, strict=True)
                for name in names
                for feature in (f"{name}>{after}", f"{before}>{name}")
            ],
        },
    )


def _family_pairs(kin: Sequence[Sequence[str]], clauses: Sequence[int]) -> Iterable[str]:
    """Yield each two families whose words stand near each other in one clause, in their order."""
    places = [place for place, names in enumerate(kin) if names]
    for index, left in enumerate(places):
        for right in places[index + 1 :]:
            if right - left > _PAIR_REACH or clauses[right] != clauses[left]:
                break
            for name in kin[left]:
                for other in kin[right]:
                    yield f"{name}~{other}"


def _marks(text: Statements, matches: Mapping[str, Sequence[Span]], length: int) -> list[str]:
    """Return for each word the letters of the scopes that it stands in."""
    marks = [set[str]() for _ in range(length)]
    for cue, (mark, ahead) in _SCOPES.items():
        barred = {place for span in matches.get(f"cues.{cue}_never", ()) for place in span.used}
        parts = text.statements if ahead else text.clauses
        for span in matches.get(f"cues.{cue}", ()):
            if span.used <= barred:
                continue
            part = parts[span.end - 1]
            first = span.end if ahead else parts.index(part)
            last = span.end + _DENIAL_REACH if mark == "N" else length
            for place in range(first, min(last, length)):
                if parts[place] != part:
                    break
                marks[place].add(mark)
    for place in range(length):
        if text.sentences[place] in text.asking:
            marks[place].add(_QUESTION)
    return ["".join(sorted(found)) for found in marks]
