"""Name what one phrase of a schedule says, and match phrases: patterns over the kinds of tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, time

from content.reading.schedule_model import Ask, When
from content.reading.schedule_words import Token


@dataclass(frozen=True)
class Repeat:
    """Come back every `count` of `base` ("day", "week", "month"; a year is twelve months)."""

    count: int
    base: str


@dataclass(frozen=True)
class Times:
    """Come `count` times in one `base`, days not said."""

    count: int
    base: str


@dataclass(frozen=True)
class Days:
    """Name weekdays. `every` is 0 without "every", else the interval; `marker` is "on", "next" or "".

    `grouped`: one word for several days ("weekend"), which alone does not say that it repeats.
    """

    codes: tuple[str, ...]
    every: int = 0
    plural: bool = False
    marker: str = ""
    grouped: bool = False


@dataclass(frozen=True)
class Excluded:
    """Name weekdays that are left out."""

    codes: tuple[str, ...]


@dataclass(frozen=True)
class MonthDay:
    """Name a day number. `marker` is "month" ("of the month"), "on" or ""."""

    day: int
    marker: str = ""


@dataclass(frozen=True)
class On:
    """Name one date; `at` is set when the text counted hours or minutes from now."""

    day: date
    at: time | None = None


@dataclass(frozen=True)
class NextWeek:
    """Say "next week", day not said; `monday` is its first day."""

    monday: date


@dataclass(frozen=True)
class Clock:
    """Name a time. `half` is "am" or "pm" when said, "24" when written so, "" for a bare hour of 1 to 12."""

    hour: int
    minute: int
    half: str = ""


@dataclass(frozen=True)
class Part:
    """Name a part of the day. `every` as in Days."""

    name: str
    every: int = 0
    plural: bool = False


@dataclass(frozen=True)
class Start:
    """Say that the next date is where a repeating plan starts."""


@dataclass(frozen=True)
class JustOnce:
    """Say that it shall not repeat."""


Fact = Repeat | Times | Days | Excluded | MonthDay | On | NextWeek | Clock | Part | Start | JustOnce
Reading = tuple[Fact, ...] | Ask | None
Reader = Callable[["Match", When], Reading]

_FIRST_CODE = 0xE000
_KINDS: dict[str, str] = {}


def _code(kind: str) -> str:
    return _KINDS.setdefault(kind, chr(_FIRST_CODE + len(_KINDS)))


@dataclass(frozen=True)
class Match:
    """Hold the tokens of one phrase."""

    tokens: tuple[Token, ...]

    def all(self, *kinds: str) -> tuple[Token, ...]:
        """Return the tokens of these kinds in order."""
        return tuple(token for token in self.tokens if token.kind in kinds)

    def has(self, kind: str) -> bool:
        """Return whether a token of this kind is there."""
        return any(token.kind == kind for token in self.tokens)

    def number(self, default: int = 1) -> int:
        """Return the first number or ordinal, or `default`."""
        found = self.all("NUM", "ORD")
        return found[0].number if found else default


@dataclass(frozen=True)
class Phrase:
    """Pair a pattern of kinds with what it means. A reader that returns None leaves the tokens to other phrases."""

    pattern: re.Pattern[str]
    read: Reader


def phrase(pattern: str, read: Reader) -> Phrase:
    """Build a phrase from kinds in capitals with the signs ( | ) ? * between them."""
    coded = re.sub(r"[A-Z0-9]+", lambda found: _code(found.group()), pattern)
    return Phrase(re.compile(coded.replace(" ", "")), read)


def encode(tokens: Sequence[Token]) -> str:
    """Return one character a token, for the patterns."""
    return "".join(_code(token.kind) for token in tokens)


def read_phrases(tokens: Sequence[Token], phrases: Sequence[Phrase], skipped: frozenset[str], when: When) -> Reading:
    """Return the facts of all tokens; the longest phrase at each place wins. Anything left over is an Ask."""
    coded = encode(tokens)
    facts: list[Fact] = []
    at = 0
    while at < len(tokens):
        found = sorted(
            ((match.end(), one) for one in phrases if (match := one.pattern.match(coded, at))),
            key=lambda pair: -pair[0],
        )
        for end, one in found:
            reading = one.read(Match(tuple(tokens[at:end])), when)
            if isinstance(reading, Ask):
                return reading
            if reading is not None:
                facts.extend(reading)
                at = end
                break
        else:
            if tokens[at].kind not in skipped:
                return Ask("unclear")
            at += 1
    return tuple(facts)
