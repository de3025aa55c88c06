"""Turn a laid-out text into the features that the sign model weighs: words, families, and what stands round them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import Stemmer

from content.reading.features import Ids, letter_numbers, number, word_features
from content.reading.patterns import Span

if TYPE_CHECKING:
    # Statements are laid out by rules, and rules hold the model that weighs these features.
    from content.reading.statements import Statements

# When anything here changes a model fitted on other features is stale: raise `sign_model.FORMAT`.
BLOCKS = ("words", "letters", "scopes", "families", "family_scopes", "family_pairs", "family_words")

# A sign drowns in the other words of a story: each sentence is a window that is looked at alone. The text as a whole
# is looked at too, while it is short enough for that to tell anything.
_MOST_WORDS = 40
# A longer sentence is cut, and each piece begins with the last words of the one before: one of them holds the sign.
_LONGEST_WINDOW, _OVERLAP = 25, 5
# Fewer words are taken together with the next sentence: "Help. Now."
_SHORTEST_WINDOW = 3
# So many words before and after a mention are near it.
_NEAR = 6
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
    for place, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, words = line.partition(":")
        if not colon or not words.split() or name.strip() in lists:
            raise ValueError(f"families, line {place}: needs a new name, a colon and words")
        lists[name.strip()] = words.split()
    if not lists:
        raise ValueError("families: there are none")
    return Families(lists)


@dataclass(frozen=True, slots=True)
class TextFeatures:
    """Hold the numbered features of a text by block, and its `words`, their spelling put right."""

    words: tuple[str, ...]
    blocks: Mapping[str, Ids]


class Features:
    """Hold what is known of each word of a text, and give the features of parts of it."""

    def __init__(
        self,
        text: Statements,
        matches: Mapping[str, Sequence[Span]],
        words: list[str],
        families: Families,
    ) -> None:
        self._text = text
        self._words = words
        self._stems = _stem.stemWords(words)
        self._marks = _marks(text, matches, len(words))
        self._kin = [families.of(word, stem) for word, stem in zip(words, self._stems, strict=True)]

    def whole(self) -> TextFeatures:
        """Return the features of all of the text."""
        return self._part(slice(0, len(self._words)))

    def windows(self) -> list[TextFeatures]:
        """Return the features of the text as a whole, if it is not too long, and of each window on it."""
        parts = list(_windows(self._text.sentences))
        if len(self._words) <= _MOST_WORDS:
            parts.insert(0, slice(0, len(self._words)))
        # Who repeats himself is looked at once.
        seen = {(tuple(self._words[part]), tuple(self._marks[part])): part for part in parts}
        return [self._part(part) for part in seen.values()]

    def near(self, span: Span) -> TextFeatures:
        """Return the features of the words round `span`, in its sentence."""
        sentences, start, end = self._text.sentences, span.start, span.end
        while start and span.start - start < _NEAR and sentences[start - 1] == sentences[span.start]:
            start -= 1
        while end < len(sentences) and end - span.end < _NEAR and sentences[end] == sentences[span.start]:
            end += 1
        return self._part(slice(start, end))

    def _part(self, part: slice) -> TextFeatures:
        return _window(
            self._words[part], self._stems[part], self._marks[part], self._kin[part], self._text.clauses[part]
        )


def _windows(sentences: Sequence[int]) -> Iterator[slice]:
    """Yield each sentence of a text, very short ones together and long ones in pieces."""
    start = 0
    for end in range(1, len(sentences) + 1):
        is_last = end == len(sentences)
        if is_last or (sentences[end] != sentences[end - 1] and end - start >= _SHORTEST_WINDOW):
            yield slice(start, end)
            start = end
        elif end - start == _LONGEST_WINDOW:
            yield slice(start, end)
            start = end - _OVERLAP


def _window(
    words: list[str],
    stems: list[str],
    marks: Sequence[str],
    kin: Sequence[Sequence[str]],
    clauses: Sequence[int],
) -> TextFeatures:
    fenced = ["<", *stems, ">"]
    return TextFeatures(
        tuple(words),
        {
            "words": number(word_features(words)),
            "letters": letter_numbers(words),
            "scopes": number([f"{mark}:{stem}" for stem, found in zip(stems, marks, strict=True) for mark in found]),
            "families": number([name for names in kin for name in names]),
            "family_scopes": number(
                [
                    f"{mark}:{name}"
                    for names, found in zip(kin, marks, strict=True)
                    for name in names
                    for mark in found or "-"
                ]
            ),
            "family_pairs": number(list(_family_pairs(kin, clauses))),
            "family_words": number(
                [
                    feature
                    for (before, after), names in zip(zip(fenced, fenced[2:], strict=False), kin, strict=True)
                    for name in names
                    for feature in (f"{name}>{after}", f"{before}>{name}")
                ]
            ),
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
