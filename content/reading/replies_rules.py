"""Hold the rules of replies, read from a language's replies.toml."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr
from rapidfuzz import process
from rapidfuzz.distance import OSA

from content.reading.replies_phrases import Pattern, compile_phrase, plain

Phrases = tuple[str, ...]
# Shorter words have too many neighbours; from the second length two slips still leave one word.
SHORTEST_TYPO, TWO_SLIPS_FROM = 5, 8


class Cues(BaseModel):
    """List the phrases that only one question has, or that both have."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stop: Phrases = ()
    snooze: Phrases = ()
    other: Phrases = ()
    none: Phrases = ()
    unsure: Phrases = ()
    maybe: Phrases = ()
    yes: Phrases = ()
    no: Phrases = ()
    affirm: Phrases = ()
    sign: Phrases = ()
    absent: Phrases = ()
    over: Phrases = ()
    better: Phrases = ()
    same: Phrases = ()
    worse: Phrases = ()

    def patterns(self) -> Iterator[Pattern]:
        """Return the patterns of all lists."""
        for kind in type(self).model_fields:
            yield from (compile_phrase(kind, phrase) for phrase in getattr(self, kind))


class Negation(BaseModel):
    """List the words that deny what follows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: Phrases = Field(min_length=1)
    unable: Phrases
    between: Phrases
    never: Phrases
    still: Phrases


class Questions(BaseModel):
    """List how a clause that asks begins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    starts: Phrases = Field(min_length=1)


class ReplyRules(BaseModel):
    """Hold the rules of one language. Raises ValueError for a phrase that cannot be read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    breaks: Phrases
    not_typos: Phrases
    spelling: Mapping[str, Phrases]
    emoji: Mapping[str, Phrases]
    both: Cues
    checklist: Cues
    check_in: Cues
    negation: Negation
    questions: Questions

    _patterns: dict[str, tuple[Pattern, ...]] = PrivateAttr(default_factory=dict)
    _spellings: dict[str, str] = PrivateAttr(default_factory=dict)
    _known: tuple[str, ...] = PrivateAttr(default=())
    _by_letter: dict[str, list[str]] = PrivateAttr(default_factory=dict)
    _between: frozenset[str] = PrivateAttr(default=frozenset())

    @classmethod
    def from_toml(cls, mapping: Mapping[str, object]) -> Self:
        """Check and build the rules from a parsed file. Raises pydantic.ValidationError with the field."""
        return cls.model_validate(mapping)

    def model_post_init(self, _context: object, /) -> None:
        """Compile the phrases once."""
        shared = [
            *self.both.patterns(),
            *(compile_phrase("negation", phrase) for phrase in self.negation.words),
            *(compile_phrase("unable", phrase) for phrase in self.negation.unable),
            *(compile_phrase("never", phrase) for phrase in self.negation.never),
            *(compile_phrase("still", phrase) for phrase in self.negation.still),
            *(compile_phrase("asks", f"^{phrase}") for phrase in self.questions.starts),
        ]
        emoji = [compile_phrase(kind, sign) for kind, signs in self.emoji.items() for sign in signs]
        self._patterns["checklist"] = (*emoji, *self.checklist.patterns(), *shared)
        unsure = [pattern for pattern in emoji if pattern.kind == "unsure"]
        self._patterns["check-in"] = (*unsure, *self.check_in.patterns(), *shared)
        self._spellings.update(
            (" ".join(plain(wrong)), " ".join(plain(right)))
            for right, wrongs in self.spelling.items()
            for wrong in wrongs
        )
        sources = [pattern.pattern.pattern for patterns in self._patterns.values() for pattern in patterns]
        self._known = tuple(sorted({word for source in sources for word in re.findall(r"[a-z]{4,}", source)}))
        for word in self._known:
            if len(word) >= SHORTEST_TYPO:
                self._by_letter.setdefault(word[0], []).append(word)
        self._between = frozenset(self.negation.between)

    def patterns(self, question: str) -> tuple[Pattern, ...]:
        """Return the patterns that count for a question."""
        return self._patterns[question]

    @property
    def spellings(self) -> Mapping[str, str]:
        """Return slang and short forms with the plain words they stand for."""
        return self._spellings

    def correct(self, word: str) -> str:
        """Return the one word of the phrases that a misspelled word can be, else the word itself."""
        if len(word) < SHORTEST_TYPO or not word.isalpha() or word in self.not_typos or word.startswith(self._known):
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
