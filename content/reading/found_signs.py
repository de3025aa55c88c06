"""Hold the warning signs that were found in a text, and why each counts or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from content.reading.patterns import Span

State = Literal["reported", "negated", "asked", "supposed", "past", "other", "explained", "elsewhere", "doubted"]


@dataclass(frozen=True, slots=True)
class FoundSign:
    """Say which sign was found, in which words, and in what state: "reported" if any mention of it is.

    `sign` begins with "flags.", "emergencies." or "hints." for the rules, and with "model." for the second opinion.
    """

    sign: str
    words: str
    state: State
    # Where in the text it stands; None for a second opinion.
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Signs:
    """Hold what was read: an emergency or not, the flags in the order of `FLAGS`, and why."""

    emergency: bool
    flags: tuple[str, ...]
    found: tuple[FoundSign, ...] = ()
