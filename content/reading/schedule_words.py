"""Hold the words of schedules, read from a language's words.toml, and find the meaning of one written word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Self

from pydantic import BaseModel, ConfigDict, PrivateAttr
from rapidfuzz import process
from rapidfuzz.distance import OSA

from content.reading.schedule_model import WEEK

# Shorter words have too many neighbours: "your" is one letter from "hour".
SHORTEST_TYPO = 4
# From this length two slips still leave one word that can be meant.
TWO_SLIPS_FROM = 7
# Kinds whose words may be misspelled. Numbers may not: "fine" is one letter from "five".
_FUZZY_KINDS = {"WDAY", "MONTH", "UNIT", "PART", "DAY", "ADVERB", "EVERY", "DAYPART"}
_TENS = (20, 30, 40, 50)

Words = tuple[str, ...]


@dataclass(frozen=True)
class Token:
    """Be one word with one meaning. `value` by `kind`: a number, day codes, (count, base unit) or a part's name."""

    kind: str
    value: int | str | tuple[str, ...] | tuple[int, str] = 0
    plural: bool = False

    @property
    def number(self) -> int:
        """Return the value of a kind that counts. Raises TypeError for any other."""
        if not isinstance(self.value, int):
            raise TypeError(self.kind)
        return self.value

    @property
    def name(self) -> str:
        """Return the value of a kind that names something. Raises TypeError for any other."""
        if not isinstance(self.value, str):
            raise TypeError(self.kind)
        return self.value


class ScheduleWords(BaseModel):
    """Hold the word lists of one language. Raises ValueError when a word stands in two lists."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    months: tuple[Words, ...]
    noise: Words
    not_typos: Words
    weekdays: Mapping[str, Words]
    weekday_groups: Mapping[str, Words]
    parts: Mapping[str, Words]
    clock_words: Mapping[str, Words]
    numbers: Mapping[int, Words]
    ordinals: Mapping[int, Words]
    units: Mapping[str, Words]
    adverbs: Mapping[str, Words]
    part_adverbs: Mapping[str, Words]
    days: Mapping[int, Words]
    day_parts: Mapping[str, Words]
    counts: Mapping[int, Words]
    marks: Mapping[str, Words]
    ask: Mapping[str, Words]
    away: Mapping[str, Words]
    wrapping: Mapping[str, Words]

    _lexicon: dict[str, Token] = PrivateAttr(default_factory=dict)
    _fuzzy: dict[str, Token] = PrivateAttr(default_factory=dict)
    _longest: int = PrivateAttr(default=1)

    @classmethod
    def from_toml(cls, mapping: Mapping[str, object]) -> Self:
        """Check and build the words from a parsed file. Raises pydantic.ValidationError with the field."""
        return cls.model_validate(mapping)

    def model_post_init(self, _context: object, /) -> None:
        """Build the lookups once."""
        for phrase, token in self._entries():
            known = self._lexicon.get(phrase)
            if known is not None and known != token:
                raise ValueError(f"{phrase!r} stands in two lists: {known.kind.lower()} and {token.kind.lower()}")
            self._lexicon[phrase] = token
        for phrase, token in list(self._lexicon.items()):
            if token.kind in {"WDAY", "PART", "UNIT"} and not token.plural:
                self._lexicon.setdefault(f"{phrase}s", Token(token.kind, token.value, plural=True))
                self._lexicon.setdefault(f"{phrase}'s", Token(token.kind, token.value, plural=True))
        self._fuzzy.update(
            (phrase, token)
            for phrase, token in self._lexicon.items()
            if token.kind in _FUZZY_KINDS and len(phrase) >= SHORTEST_TYPO and phrase.isalpha()
        )
        self._longest = max(phrase.count(" ") + 1 for phrase in self._lexicon)

    @property
    def longest(self) -> int:
        """Return the number of words of the longest phrase."""
        return self._longest

    def find(self, phrase: str) -> Token | None:
        """Return the meaning of a word or phrase spelled as in the lists."""
        return self._lexicon.get(phrase)

    def guess(self, word: str) -> Token | None:
        """Return the one meaning that a misspelled word can have, or None: a tie is no guess."""
        if len(word) < SHORTEST_TYPO or not word.isalpha() or word in self.not_typos:
            return None
        slips = 2 if len(word) >= TWO_SLIPS_FROM else 1
        near = process.extract(
            word, [key for key in self._fuzzy if key[0] == word[0]], scorer=OSA.distance, score_cutoff=slips, limit=20
        )
        if not near:
            return None
        best = min(distance for _, distance, _ in near)
        meanings = {self._fuzzy[key] for key, distance, _ in near if distance == best}
        kinds = {(token.kind, token.value) for token in meanings}
        if len(kinds) != 1:
            return None
        # "mondys" is as near to the plural as to the singular: the letter at the end says which.
        return next((token for token in meanings if token.plural == word.endswith("s")), next(iter(meanings)))

    def _entries(self) -> Iterator[tuple[str, Token]]:
        tables: tuple[tuple[str, Mapping[int, Words] | Mapping[str, Words]], ...] = (
            ("NUM", self.numbers),
            ("ORD", self.ordinals),
            ("DAY", self.days),
            ("COUNT", self.counts),
            ("PART", self.parts),
            ("PARTADVERB", self.part_adverbs),
            ("DAYPART", self.day_parts),
            ("CLOCKWORD", self.clock_words),
            ("ASK", self.ask),
        )
        for kind, table in tables:
            for value, words in table.items():
                yield from ((word, Token(kind, value)) for word in words)
        for code, words in self.weekdays.items():
            yield from ((word, Token("WDAY", (WEEK[WEEK.index(code)],))) for word in words)
        for codes, words in self.weekday_groups.items():
            yield from ((word, Token("WDAY", tuple(codes.split()))) for word in words)
        for number, words in enumerate(self.months, start=1):
            yield from ((word, Token("MONTH", number)) for word in words)
        for kind, spans in (("UNIT", self.units), ("ADVERB", self.adverbs)):
            for span, words in spans.items():
                count, base = span.split()
                yield from ((word, Token(kind, (int(count), base))) for word in words)
        for mark, words in self.marks.items():
            yield from ((word, Token(mark.replace("_", "").upper())) for word in words)
        yield from ((word, Token("NOISE")) for word in self.noise)
        yield from self._compound_numbers()

    def _compound_numbers(self) -> Iterator[tuple[str, Token]]:
        # "twenty five", "twenty-first": made here so that the file stays short.
        for kind, table in (("NUM", self.numbers), ("ORD", self.ordinals)):
            for tens, (number, words) in product(_TENS, table.items()):
                if number < 10:
                    pairs = product(self.numbers[tens], words)
                    yield from ((f"{ten} {one}", Token(kind, tens + number)) for ten, one in pairs)
