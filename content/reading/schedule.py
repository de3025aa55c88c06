"""Read a schedule in plain words with a closed grammar: what is not fully understood is asked, never guessed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from content.reading import schedule_clock, schedule_dates, schedule_repeats
from content.reading.normal import normalise
from content.reading.schedule_facts import read_phrases
from content.reading.schedule_meaning import understand
from content.reading.schedule_model import Ask, Schedule, When
from content.reading.schedule_tokens import tokenise
from content.reading.schedule_words import ScheduleWords

__all__ = ["Ask", "Schedule", "ScheduleWords", "as_sample", "read_schedule"]

# Nobody needs more words for a rhythm; and it bounds the work of every step below.
LONGEST_TEXT = 120
_PHRASES = (*schedule_repeats.PHRASES, *schedule_dates.PHRASES, *schedule_clock.PHRASES)
# Small words that change nothing when no phrase needed them.
_SKIPPED = frozenset({"COMMA", "SPACE", "AT", "ON", "IN", "AN", "AND", "THE", "THING"})


def read_schedule(text: str, now: datetime, zone: ZoneInfo, words: ScheduleWords) -> Schedule | Ask:
    """Read `text` as a rhythm or a single date. `now` is aware; dates and days are reckoned in `zone`."""
    if len(text) > LONGEST_TEXT:
        return Ask("too-long")
    tokens = tokenise(normalise(text), words)
    asked = next((token.name for token in tokens if token.kind == "ASK"), None)
    if asked:
        return Ask(asked)
    when = When(now.astimezone(zone))
    facts = read_phrases(tokens, _PHRASES, _SKIPPED, when)
    if facts is None or isinstance(facts, Ask):
        return facts or Ask("unclear")
    return understand(facts, when)


def as_sample(schedule: Schedule | Ask) -> dict[str, object] | Literal["ask"]:
    """Return the form of the evaluation files: lists and strings, None for what was not said."""
    if isinstance(schedule, Ask):
        return "ask"
    return {
        "freq": schedule.freq,
        "interval": schedule.interval,
        "weekday": list(schedule.weekdays) or None,
        "monthday": schedule.monthday,
        "time": schedule.time.strftime("%H:%M") if schedule.time else None,
        "first": schedule.first.isoformat() if schedule.first else None,
    }
