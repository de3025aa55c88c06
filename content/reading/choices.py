"""Read a typed text as the choice that could have been tapped: a closed reading, nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from content.reading.normal import normalise

# Longer texts say more than a choice.
LONGEST_TEXT = 60

_MARKS = re.compile(r"[^\w'\-]+")

Options = Mapping[str, tuple[str, ...]]


class Choices(BaseModel):
    """Hold the words for what can be tapped, by question and choice."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    small: tuple[str, ...]
    change: Options
    size: Options
    note: Options
    snooze: Options
    visit: Options
    plan: Options
    consent: Options
    manage: Options
    checklist: Options

    @classmethod
    def from_toml(cls, mapping: Mapping[str, Any]) -> Self:
        """Check and build the words from a parsed file. Raises pydantic.ValidationError with the field."""
        return cls.model_validate(mapping, strict=False)

    def read(self, text: str, options: Options) -> tuple[str, ...]:
        """Return the options that a text names, each once, in the order of the options.

        Nothing is returned when the text says anything else beside them.
        """
        rest = _plain(text)
        found = set()
        spellings = [(phrase, name) for name, phrases in options.items() for phrase in phrases]
        for phrase, name in sorted(spellings, key=lambda spelling: len(spelling[0]), reverse=True):
            rest, times = re.subn(rf"(?<!\S){re.escape(phrase)}(?!\S)", " ", rest)
            if times:
                found.add(name)
        if any(word not in self.small for word in rest.split()):
            return ()
        return tuple(name for name in options if name in found)

    def is_plain_reply(self, text: str) -> bool:
        """Return whether a text is, word for word, one of these phrases, of those that can tell of no sign."""
        groups = (self.note, self.snooze, self.visit, self.plan, self.consent, self.manage)
        return any(self.read_exactly(text, options) for options in groups)

    def read_exactly(self, text: str, options: Options) -> str | None:
        """Return the option that a text is word for word."""
        plain = _plain(text)
        return next((name for name, phrases in options.items() if plain in phrases), None)

    def read_one(self, text: str, options: Options) -> str | None:
        """Return the one option that a text names; None for several, and for a text that says anything else."""
        found = self.read(text, options)
        return found[0] if len(found) == 1 else None


def _plain(text: str) -> str:
    """Return a text without marks; nothing for one that is longer than any choice."""
    return _MARKS.sub(" ", normalise(text)).strip() if len(text) <= LONGEST_TEXT else ""
