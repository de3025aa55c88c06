"""Read times of day: "half seven", "7.45pm", "at 18h", "noon", "every evening"."""

from __future__ import annotations

import re

from content.reading.schedule_facts import Clock, Match, On, Part, Phrase, Reading, phrase
from content.reading.schedule_model import Ask, When

LAST_HOUR, LAST_MINUTE, NOON = 23, 59, 12
# "9 to 5" is a span of hours; only these are said as minutes before or after an hour.
_SPOKEN_MINUTES = {5, 10, 15, 20, 25}
_DIGITS = re.compile(r"\d+")


def _clock(match: Match, hour: int, minute: int, written: str = "") -> Reading:
    if hour > LAST_HOUR or minute > LAST_MINUTE:
        return Ask("impossible-time")
    half = "am" if match.has("AM") else "pm" if match.has("PM") else written
    if match.has("AM") and match.has("PM"):
        return Ask("which-time")
    if half in {"am", "pm"}:
        if not 1 <= hour <= NOON:
            return Ask("impossible-time")
        return (Clock(hour % NOON + (NOON if half == "pm" else 0), minute, half),)
    if hour > NOON or hour == 0:
        half = "24"
    return (Clock(hour, minute, half),)


def _written(match: Match, _when: When) -> Reading:
    figures = match.all("CLOCK")[0].name
    hour, minute = (int(part) for part in _DIGITS.findall(figures))
    return _clock(match, hour, minute, "24" if figures.startswith("0") else "")


def _hour(match: Match, _when: When) -> Reading:
    figure = match.all("NUM")[0]
    return _clock(match, figure.number, 0, "24" if figure.plural and figure.number else "")


def _bare(match: Match, when: When) -> Reading:
    return _hour(match, when) if match.number() <= LAST_HOUR else Ask("unclear")


def _spoken(match: Match, _when: When) -> Reading:
    hour, minute = (token.number for token in match.all("NUM"))
    return _clock(match, hour, minute) if minute >= 10 else None


def _four_figures(match: Match, _when: When) -> Reading:
    figures = match.all("NUM4")[0].name
    return _clock(match, int(figures[:2]), int(figures[2:]), "24")


def _half_past(match: Match, _when: When) -> Reading:
    return _clock(match, match.number(), 30)


def _past_or_to(match: Match, _when: When) -> Reading:
    *minutes, hour = (token.number for token in match.all("NUM"))
    minute = minutes[0] if minutes else 15
    if minute not in _SPOKEN_MINUTES or not 1 <= hour <= LAST_HOUR:
        return Ask("unclear")
    if match.has("PAST") or match.has("AFTER"):
        return _clock(match, hour, minute)
    before = hour - 1 or NOON
    return _clock(match, before, 60 - minute)


def _hundred(match: Match, _when: When) -> Reading:
    return _clock(match, match.number(), 0, "24")


def _clock_word(match: Match, _when: When) -> Reading:
    hour, minute = match.all("CLOCKWORD")[0].name.split(":")
    return (Clock(int(hour), int(minute), "24"),)


def _part(match: Match, _when: When) -> Reading:
    token = match.all("PART")[0]
    every = 0
    if match.has("EVERY") or match.has("OTHER"):
        every = 2 if match.has("OTHER") else match.number()
    return (Part(token.name, every, token.plural),)


def _part_today(match: Match, when: When) -> Reading:
    return On(when.today), Part(match.all("PART", "DAYPART")[0].name)


def _part_adverb(match: Match, _when: When) -> Reading:
    return (Part(match.all("PARTADVERB")[0].name, every=1),)


_HALF_DAY = "OCLOCK? (IN|OF)? THE? (AM|PM)?"
PHRASES: tuple[Phrase, ...] = (
    phrase(f"AT? CLOCK UNIT? {_HALF_DAY}", _written),
    phrase("(AT|ON)? NUM OCLOCK? (AM|PM)", _hour),
    phrase("(AT|ON)? NUM OCLOCK (AM|PM)?", _hour),
    phrase("AT NUM", _hour),
    phrase(
        "AT NUM UNIT", lambda match, when: _hour(match, when) if match.all("UNIT")[0].value == (1, "hour") else None
    ),
    phrase("NUM", _bare),
    phrase(f"AT? NUM NUM {_HALF_DAY}", _spoken),
    phrase("AT? NUM4 (OCLOCK|UNIT)? (AM|PM)?", _four_figures),
    phrase(f"AT? HALF PAST? NUM {_HALF_DAY}", _half_past),
    phrase(f"AT? AN? QUARTER (PAST|AFTER|TO|OF) NUM {_HALF_DAY}", _past_or_to),
    phrase(f"AT? NUM UNIT? (PAST|AFTER|TO) NUM {_HALF_DAY}", _past_or_to),
    phrase("AT? NUM HUNDRED UNIT?", _hundred),
    phrase("AT? CLOCKWORD", _clock_word),
    phrase("(IN|AT|ON)? THE? (EVERY (OTHER|NUM|ORD)?|OTHER)? PART", _part),
    phrase("THIS PART", _part_today),
    phrase("DAYPART", _part_today),
    phrase("PARTADVERB", _part_adverb),
)

_NIGHT_FROM, _NIGHT_TO = 18, 5
_FITS = {
    "morning": range(NOON),
    "afternoon": range(NOON, 19),
    "evening": range(15, 24),
    "night": (*range(_NIGHT_FROM, 24), *range(_NIGHT_TO + 1)),
}


def in_part(clock: Clock, part: str) -> Clock | Ask:
    """Return the clock time in its half of the day. "3pm in the morning" is an Ask."""
    if clock.half:
        return clock if clock.hour in _FITS[part] else Ask("contradiction")
    hour = clock.hour % NOON
    if part == "night":
        hour += 0 if hour <= _NIGHT_TO else NOON
    elif part == "evening" and hour == 0:
        return Ask("contradiction")
    elif part != "morning":
        hour += NOON
    return Clock(hour, clock.minute, "24")


def bare(clock: Clock) -> Clock:
    """Return a bare hour as people mean it: 1 to 6 in the afternoon, 7 to 12 as written."""
    return clock if clock.half or not 1 <= clock.hour <= 6 else Clock(clock.hour + NOON, clock.minute, "24")
