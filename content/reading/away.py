"""Read until when somebody is away: "I'm away until Friday", "no check-ins for two weeks", "back on the 3rd"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from content.reading.moment import read_moment
from content.reading.normal import normalise
from content.reading.schedule import LONGEST_TEXT
from content.reading.schedule_model import Ask
from content.reading.schedule_words import ScheduleWords, Words

# Somebody is away, and did not say for how long.
NOT_SAID = Ask("until-when")

_END = re.compile(r"[\s.!,]+$")


@dataclass(frozen=True)
class Back:
    """Say that somebody is back, now."""


def read_away(text: str, now: datetime, zone: ZoneInfo, words: ScheduleWords) -> date | Ask | Back | None:
    """Read a whole message that tells of being away, as the day of coming back; None for one about something else.

    `now` is aware. An Ask is NOT_SAID, or says why the day cannot be read.
    """
    plain = _END.sub("", normalise(text))
    if len(plain) > LONGEST_TEXT:
        return None
    patterns = _patterns(tuple(sorted(words.away.items())))
    if patterns.back.fullmatch(plain):
        return Back()
    found = patterns.away.fullmatch(plain)
    if found is None:
        return None
    if found.lastgroup is None:
        return NOT_SAID
    day = read_day_back(found[found.lastgroup], now, zone, words)
    # "Back in pain again" tells of no day.
    return None if found.lastgroup == "back" and isinstance(day, Ask) else day


def read_day_back(text: str, now: datetime, zone: ZoneInfo, words: ScheduleWords) -> date | Ask:
    """Read a text as the day from which somebody is back, where that was asked for: "3 December", "for two weeks".

    "Until Friday" and "back on Friday" both mean that on Friday they are back.
    """
    patterns = _patterns(tuple(sorted(words.away.items())))
    plain = _END.sub("", normalise(text))
    told = patterns.away.fullmatch(plain)
    said = told[told.lastgroup] if told and told.lastgroup else patterns.mark.sub("", plain)
    moment = read_moment(said, now, zone, words)
    if isinstance(moment, Ask):
        return moment
    return moment.day if moment.day > now.astimezone(zone).date() else Ask("past")


@dataclass(frozen=True)
class _Patterns:
    """Hold the patterns made of one language's words; of `away` the last group is what was said of the time."""

    away: re.Pattern[str]
    back: re.Pattern[str]
    mark: re.Pattern[str]


@lru_cache(maxsize=8)
def _patterns(lists: tuple[tuple[str, Words], ...]) -> _Patterns:
    one_of = {name: _one_of(phrases) for name, phrases in lists}
    opening = rf"(?:{one_of['before']}[\s,.!]+)*"
    mark = rf"(?:{one_of['until']}|{one_of['long']})"
    back_on = rf"{one_of['back']}\s+{one_of['back_on']}"
    gone = rf"{one_of['who']}\s+{one_of['gone']}(?:[\s,]+{mark}\s+(?P<gone>.+))?"
    pause = rf"{one_of['pause']}[\s,]+{mark}\s+(?P<pause>.+)"
    return _Patterns(
        away=re.compile(rf"{opening}(?:{gone}|{pause}|{back_on}\s+(?P<back>.+))"),
        back=re.compile(rf"{opening}{one_of['back']}(?:[\s,]+{one_of['now']})*"),
        mark=re.compile(rf"^{opening}(?:{mark}|{back_on})\s+"),
    )


def _one_of(phrases: Words) -> str:
    longest_first = sorted(phrases, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(phrase) for phrase in longest_first) + ")"
