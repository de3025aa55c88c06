"""Read a schedule in plain words with a closed grammar: what is not fully understood is asked, never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from content.reading import schedule_clock, schedule_dates, schedule_repeats
from content.reading.normal import normalise
from content.reading.schedule_facts import Clock, read_phrases
from content.reading.schedule_meaning import understand
from content.reading.schedule_model import Ask, Schedule, When
from content.reading.schedule_tokens import tokenise
from content.reading.schedule_words import ScheduleWords
from content.reading.schedule_wrapping import compile_patterns, is_told, unwrap

__all__ = ["Ask", "Schedule", "ScheduleWords", "as_sample", "parse_words", "read_schedule"]

# Nobody needs more words for a rhythm; and it bounds the work of every step below.
LONGEST_TEXT = 120
# With for whom and why around it.
LONGEST_WRAPPED = 240
_PHRASES = (*schedule_repeats.PHRASES, *schedule_dates.PHRASES, *schedule_clock.PHRASES)
# Small words that change nothing when no phrase needed them.
_SKIPPED = frozenset({"COMMA", "SPACE", "AT", "ON", "IN", "AN", "AND", "THE", "THING"})


def parse_words(tables: Mapping[str, object]) -> ScheduleWords:
    """Return the words in a parsed file, ready: nobody's first message waits until patterns are made of them.

    Raises pydantic.ValidationError with the field.
    """
    words = ScheduleWords.from_toml(tables)
    compile_patterns(words)
    return words


def read_schedule(text: str, now: datetime, zone: ZoneInfo, words: ScheduleWords) -> Schedule | Ask:
    """Read `text` as a rhythm or a single date. `now` is aware; dates and days are reckoned in `zone`."""
    if len(text) > LONGEST_WRAPPED:
        return Ask("too-long")
    plain, when = normalise(text), When(now.astimezone(zone))
    read = Ask("too-long") if len(text) > LONGEST_TEXT else _read(plain, words, when)
    if isinstance(read, Schedule):
        return Ask("unclear") if is_told(plain, words) else read
    unwrapped = unwrap(plain, words)
    if unwrapped is None or unwrapped.text == plain or len(unwrapped.text) > LONGEST_TEXT:
        return read
    inner = _read(unwrapped.text, words, when, needs_clock=unwrapped.needs_clock)
    # A reason to ask is of use only where the whole text was unclear; the text's own comes first.
    return inner if isinstance(inner, Schedule) or read == Ask("unclear") else read


def _read(plain: str, words: ScheduleWords, when: When, *, needs_clock: bool = False) -> Schedule | Ask:
    tokens = tokenise(plain, words)
    asked = next((token.name for token in tokens if token.kind == "ASK"), None)
    if asked:
        return Ask(asked)
    facts = read_phrases(tokens, _PHRASES, _SKIPPED, when)
    if facts is None or isinstance(facts, Ask):
        return facts or Ask("unclear")
    if needs_clock and not any(isinstance(fact, Clock) for fact in facts):
        return Ask("event")
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
