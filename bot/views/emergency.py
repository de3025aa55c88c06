"""Show the emergency text: first, alone, on one phone screen."""

from __future__ import annotations

from bot.views.screen import Button, Screen, pack
from content.model import Library


def full(library: Library) -> Screen:
    """Show the whole text."""
    return Screen(library.phrases.say("emergency.text"), _rows(library))


def short(library: Library) -> Screen:
    """Show the one line that comes again until the person says that help is on the way."""
    return Screen(library.phrases.say("emergency.short"), _rows(library))


def _rows(library: Library) -> tuple[tuple[Button, ...], ...]:
    plain = library.phrases.plain
    return (
        (Button(plain("button.emergency_again"), pack("e", "again"), "danger"),),
        (Button(plain("button.emergency_help"), pack("e", "help")),),
        (Button(plain("button.emergency_misread"), pack("e", "misread")),),
    )
