"""Turn a laid-out text into the features that the sign model weighs: words, families, and what stands round them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np
import Stemmer

from content.reading.blocks import Sums
from content.reading.families import NO_IDS, QUESTION, SCOPES, UNMARKED, Families, Starts, read_number
from content.reading.features import Ids, letter_numbers_of_word, number
from content.reading.patterns import Span

if TYPE_CHECKING:
    # Statements are laid out by rules, and rules hold the model that weighs these features.
    from content.reading.statements import Statements

# When anything here changes a model fitted on other features is stale: raise `sign_model.FORMAT`.
BLOCKS = (
    "words", "letters", "scopes", "families", "family_scopes", "family_pairs", "family_words", "family_company",
)  # fmt: skip
# What two families in one part of a text say has no place of its own; all else belongs to one word.
COMPANY = "family_company"
BY_WORD = tuple(name for name in BLOCKS if name != COMPANY)
# The letters of a word say the same wherever it stands.
LETTERS = "letters"

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

_stem = Stemmer.Stemmer("english")


class Features:
    """Number the features of each word of a text, once; a part of the text has those of its words."""

    def __init__(
        self,
        text: Statements,
        matches: Mapping[str, Sequence[Span]],
        words: Sequence[str],
        families: Families,
    ) -> None:
        self.words = words
        # What the model that weighs this text has added up so far, by block.
        self.sums: dict[str, Sums] = {}
        self._text = text
        self._families = families
        self._marks = _marks(text, matches, len(words))
        stems = _stem.stemWords(list(words))
        self._numbers = [read_number(word) for word in words]
        self._kin = [families.of(word, stem) for word, stem in zip(words, stems, strict=True)]
        self._blocks = {
            "words": _by_word(self._of_words(stems)),
            "scopes": _by_word(
                [[f"{mark}:{stem}" for mark in found] for stem, found in zip(stems, self._marks, strict=True)]
            ),
            **self._of_families(stems),
        }

    def find(self, block: str, parts: Sequence[slice]) -> tuple[Ids, Starts, Starts]:
        """Return numbers of features, and where those of each part of the text begin and end among them."""
        if block == COMPANY:
            ids, starts = _joined([self._company(part) for part in parts])
            return ids, starts[:-1], starts[1:]
        ids, starts = self.by_word(block)
        return ids, starts[[part.start for part in parts]], starts[[part.stop for part in parts]]

    def by_word(self, block: str) -> tuple[Ids, Starts]:
        """Return the numbers of a block's features word by word, where those of each begin, and the last ends."""
        return number_letters(self.words) if block == LETTERS else self._blocks[block]

    def whole(self) -> dict[str, Ids]:
        """Return the features of all of the text by block."""
        everything = [slice(0, len(self.words))]
        return {block: self.find(block, everything)[0] for block in BLOCKS}

    def windows(self) -> list[slice]:
        """Return the text as a whole, if it is not too long, and each window on it."""
        parts = list(_windows(self._text.sentences))
        if len(self.words) <= _MOST_WORDS:
            parts.insert(0, slice(0, len(self.words)))
        # Who repeats himself is looked at once.
        seen = {(tuple(self.words[part]), tuple(self._marks[part])): part for part in reversed(parts)}
        return list(seen.values())[::-1]

    def near(self, span: Span) -> slice:
        """Return the words round `span`, in its sentence."""
        sentences, start, end = self._text.sentences, span.start, span.end
        while start and span.start - start < _NEAR and sentences[start - 1] == sentences[span.start]:
            start -= 1
        while end < len(sentences) and end - span.end < _NEAR and sentences[end] == sentences[span.start]:
            end += 1
        return slice(start, end)

    def _of_words(self, stems: Sequence[str]) -> list[list[str]]:
        """Return for each word its stem, the pair with the word before, and at the end of a sentence that with it."""
        sentences = self._text.sentences
        found = []
        for place, stem in enumerate(stems):
            begins = not place or sentences[place - 1] != sentences[place]
            found.append([stem, f"{'<' if begins else stems[place - 1]} {stem}"])
            if place + 1 == len(stems) or sentences[place + 1] != sentences[place]:
                found[-1].append(f"{stem} >")
        return found

    def _of_families(self, stems: Sequence[str]) -> dict[str, tuple[Ids, Starts]]:
        kin, families, clauses = self._kin, self._families, self._text.clauses
        scopes, pairs, words = ([list[int]() for _ in kin] for _ in range(3))
        fenced = ["<", *stems, ">"]
        recent: list[int] = []
        for place, ours in enumerate(kin):
            if not ours:
                continue
            scopes[place] = [families.scoped[mark][name] for mark in self._marks[place] or UNMARKED for name in ours]
            recent = [one for one in recent if place - one <= _PAIR_REACH and clauses[one] == clauses[place]]
            # "No no no no" says nothing more than "no no".
            if stems[place] == fenced[place]:
                continue
            pairs[place] = [families.pairs[left][name] for one in recent for left in kin[one] for name in ours]
            recent.append(place)
            before, after = crc32(f"{fenced[place]}>".encode()), fenced[place + 2].encode()
            words[place] = [crc32(after, families.before[name]) for name in ours]
            words[place] += [crc32(families.after[name], before) for name in ours]
        return {
            "families": _by_number([[families.alone[name] for name in ours] for ours in kin]),
            "family_scopes": _by_number(scopes),
            "family_pairs": _by_number(pairs),
            "family_words": _by_number(words),
        }

    def _company(self, part: slice) -> Ids:
        """Return each two families that are in one part of the text, wherever they stand."""
        numbers = [number for number in self._numbers[part] if number is not None]
        there = sorted({name for names in self._kin[part] for name in names} | {*self._families.change(numbers)})
        left, right = np.triu_indices(len(there), 1)
        there_ids = np.array(there, np.intp)
        return self._families.company[there_ids[left], there_ids[right]]


def number_letters(words: Sequence[str]) -> tuple[Ids, Starts]:
    """Return the numbers of the letter runs of all words, where those of each begin, and the last ends."""
    return _joined([letter_numbers_of_word(word) for word in words])


def _by_word(features: Sequence[Sequence[str]]) -> tuple[Ids, Starts]:
    return number([one for found in features for one in found]), _starts([len(found) for found in features])


def _by_number(numbers: Sequence[Sequence[int]]) -> tuple[Ids, Starts]:
    return np.array([one for found in numbers for one in found], np.uint32), _starts([len(found) for found in numbers])


def _joined(ids: Sequence[Ids]) -> tuple[Ids, Starts]:
    """Return arrays as one, and where each begins in it, and the last ends."""
    return np.concatenate([NO_IDS, *ids]), _starts([len(one) for one in ids])


def _starts(lengths: Sequence[int]) -> Starts:
    return np.concatenate([[0], np.cumsum(np.array(lengths, np.intp))]).astype(np.intp)


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


def _marks(text: Statements, matches: Mapping[str, Sequence[Span]], length: int) -> list[str]:
    """Return for each word the letters of the scopes that it stands in."""
    marks = [set[str]() for _ in range(length)]
    for cue, (mark, ahead) in SCOPES.items():
        barred = {place for span in matches.get(f"cues.{cue}_never", ()) for place in span.used}
        parts = text.statements if ahead else text.clauses
        marked = set[int]()
        for span in matches.get(f"cues.{cue}", ()):
            if span.used <= barred or (cue.endswith("_at_start") and span.start != text.opening(span)):
                continue
            part = parts[span.end - 1]
            # "No no no": all of a part is marked by the first.
            if not ahead and part in marked:
                continue
            marked.add(part)
            first = span.end if ahead else parts.index(part)
            last = span.end + _DENIAL_REACH if mark == "N" else length
            for place in range(first, min(last, length)):
                if parts[place] != part:
                    break
                marks[place].add(mark)
    # "It hurts, what is it?" asks with its last statement alone.
    closing = dict(zip(text.sentences, text.statements, strict=True))
    for place, sentence in enumerate(text.sentences):
        if sentence in text.asking and text.statements[place] == closing[sentence]:
            marks[place].add(QUESTION)
    return ["".join(sorted(found)) for found in marks]
