"""Ask until when somebody is away, and say what follows."""

from __future__ import annotations

from datetime import date, timedelta

from bot.views import when
from bot.views.screen import Button, Screen, pack
from content.markup import Html
from content.model import Library

# Weeks that are offered; any other day is typed.
WEEKS = (1, 2, 4)

# Names all plans at once, where a button names one.
ALL = "all"


def ask(library: Library, which: str, today: date, why: str = "") -> Screen:
    """Ask for the day of coming back, for one plan or ALL; `why` says what was wrong with the answer before."""
    phrases = library.phrases
    text = phrases.say("away.ask")
    if why:
        key = f"away.{why}" if f"away.{why}" in phrases else f"ask.{why}"
        text = Html(f"{phrases.say(key if key in phrases else 'away.unclear')}\n\n{text}")
    rows = []
    for weeks in WEEKS:
        day = today + timedelta(weeks=weeks)
        label = phrases.plain(f"away.week_{weeks}", day=when.full_day(phrases, day))
        # The button carries the day that it shows, whenever it is pressed.
        rows.append((Button(label, pack("a", "until", which, f"{day:%Y%m%d}")),))
    rows.append((Button(phrases.plain("away.leave"), pack("a", "leave", which)),))
    return Screen(text, tuple(rows))
