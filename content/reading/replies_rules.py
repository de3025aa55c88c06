"""Hold the rules of replies, read from a language's replies.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr
from rapidfuzz import process
from rapidfuzz.distance import OSA

from content.reading.replies_phrases import Either, Finder, OneOf, Phrase, Sets, read_phrase, read_set

Phrases = tuple[str, ...]
# Shorter words have too many neighbours; from the second length two slips still leave one word.
SHORTEST_TYPO, TWO_SLIPS_FROM = 5, 8
_KNOWN = re.compile(r"[a-z]{4,}")


class Cues(BaseModel):
    """List the phrases that only one question has, or that both have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stop: Phrases = ()
    snooze: Phrases = ()
    other: Phrases = ()
    none: Phrases = ()
    unsure: Phrases = ()
    maybe: Phrases = ()
    verdict_yes: Phrases = ()
    verdict_no: Phrases = ()
    yes: Phrases = ()
    no: Phrases = ()
    affirm: Phrases = ()
    degree: Phrases = ()
    sign: Phrases = ()
    absent: Phrases = ()
    over: Phrases = ()
    better: Phrases = ()
    same: Phrases = ()
    worse: Phrases = ()


class Negation(BaseModel):
    """List the words that deny what follows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    negation: Phrases = Field(min_length=1)
    unable: Phrases
    never: Phrases
    still: Phrases


class Questions(BaseModel):
    """List how a clause that asks begins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asks: Phrases = Field(min_length=1)
    # "Can you come back later?" asks for something that may be granted.
    requests: Phrases


class Counts(BaseModel):
    """List the numbers, what they do not count the bumps of, and what shows that two of them are then and now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    numbers: Mapping[str, int]
    # Sizes are compared like counts: "from 4mm to 7mm".
    sizes: Phrases
    not_of_bumps: Phrases
    then_and_now: Phrases


class Breaks(BaseModel):
    """List what starts a new clause: against what was said (`turn`), as a reason for it, or just on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    turn: Phrases
    reason: Phrases
    go_on: Phrases


class Typos(BaseModel):
    """List real words that look like a slip in a word of the phrases."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    real_words: str


class ReplyRules(BaseModel):
    """Hold the rules of one language. Raises ValueError for a phrase that cannot be read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: Mapping[str, str]
    counts: Counts
    denial_goes_on: Phrases
    no_reaches_over: Phrases
    spelling: Mapping[str, Phrases]
    emoji: Mapping[str, Phrases]
    breaks: Breaks
    both: Cues
    checklist: Cues
    check_in: Cues
    negation: Negation
    questions: Questions
    typos: Typos

    _finders: dict[str, tuple[Finder, ...]] = PrivateAttr(default_factory=dict)
    _breaks: Finder = PrivateAttr()
    _units: Finder = PrivateAttr()
    _spellings: dict[str, str] = PrivateAttr(default_factory=dict)
    _known: frozenset[str] = PrivateAttr(default=frozenset())
    _by_letter: dict[str, list[str]] = PrivateAttr(default_factory=dict)
    _real: frozenset[str] = PrivateAttr(default=frozenset())
    _between: frozenset[str] = PrivateAttr(default=frozenset())

    @classmethod
    def from_toml(cls, mapping: Mapping[str, object]) -> Self:
        """Check and build the rules from a parsed file. Raises pydantic.ValidationError with the field."""
        return cls.model_validate(mapping)

    def model_post_init(self, _context: object, /) -> None:
        """Read the phrases once."""
        sets: dict[str, OneOf | Either] = {}
        for name, words in self.words.items():
            sets[name] = read_set(words, sets)
        emoji = [read_phrase(kind, sign, {}) for kind, signs in self.emoji.items() for sign in signs]
        shared = Finder(chain(*(_phrases(lists, sets) for lists in (self.both, self.negation, self.questions))))
        self._finders["checklist"] = (Finder([*emoji, *_phrases(self.checklist, sets)]), shared)
        shrugs = [phrase for phrase in emoji if phrase.kind == "unsure"]
        self._finders["check-in"] = (Finder([*shrugs, *_phrases(self.check_in, sets)]), shared)
        self._breaks = Finder(_phrases(self.breaks, sets))
        self._units = Finder(read_phrase("unit", phrase, sets) for phrase in self.counts.not_of_bumps)
        self._spellings.update((_bare(wrong), right) for right, wrongs in self.spelling.items() for wrong in wrongs)
        self._between = frozenset(self.no_reaches_over)
        self._real = frozenset(self.typos.real_words.split())
        lists = (self.both, self.checklist, self.check_in, self.negation)
        known = set(_KNOWN.findall(" ".join(chain(self.words.values(), *(_texts(part) for part in lists)))))
        self._known = frozenset(known)
        by_letter: dict[str, list[str]] = {}
        for word in sorted(known):
            if len(word) >= SHORTEST_TYPO:
                by_letter.setdefault(word[0], []).append(word)
        self._by_letter = by_letter

    def finders(self, question: str) -> tuple[Finder, ...]:
        """Return what finds the phrases that count for a question."""
        return self._finders[question]

    @property
    def break_finder(self) -> Finder:
        """Return what finds the words that start a clause."""
        return self._breaks

    @property
    def unit_finder(self) -> Finder:
        """Return what finds the words that make a number no count of bumps."""
        return self._units

    @property
    def spellings(self) -> Mapping[str, str]:
        """Return slang and short forms with the plain words they stand for."""
        return self._spellings

    def correct(self, word: str) -> str:
        """Return the one word of the phrases that a misspelled word can be, else the word itself."""
        if len(word) < SHORTEST_TYPO or not word.isalpha() or word in self._real:
            return word
        if any(word[:length] in self._known for length in range(4, len(word) + 1)):
            return word
        slips = 2 if len(word) >= TWO_SLIPS_FROM else 1
        near = self._by_letter.get(word[0], ())
        found = process.extract(word, near, scorer=OSA.distance, score_cutoff=slips, limit=2)
        if not found or (len(found) > 1 and found[0][1] == found[1][1]):
            return word
        return found[0][0]

    def may_stand_between(self, words: str) -> bool:
        """Return whether "no" still denies what comes after these words."""
        return not words or words in self._between


def _phrases(lists: BaseModel, sets: Sets) -> Iterator[Phrase]:
    for kind in type(lists).model_fields:
        yield from (read_phrase(kind, phrase, sets) for phrase in getattr(lists, kind))


def _texts(lists: BaseModel) -> Iterator[str]:
    for kind in type(lists).model_fields:
        yield from (phrase.replace("'", "") for phrase in getattr(lists, kind))


def _bare(text: str) -> str:
    return " ".join(text.lower().replace("'", "").replace("-", " ").replace("/", " ").split())
