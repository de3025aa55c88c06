"""Read how often: "every other tuesday", "twice a year", "5th of each month", "mon-fri"."""

from __future__ import annotations

from content.reading.schedule_facts import (
    Days,
    Excluded,
    Fact,
    JustOnce,
    Match,
    MonthDay,
    Phrase,
    Reading,
    Repeat,
    Start,
    Times,
    phrase,
)
from content.reading.schedule_model import WEEK, Ask, When
from content.reading.schedule_words import Token

_HOURS_A_DAY, _MINUTES_A_DAY, _MONTHS_A_YEAR = 24, 24 * 60, 12
LAST_SAFE_DAY = 28


def span_of(token: Token, times: int) -> tuple[int, str]:
    """Return (count, base) of `times` units; years and quarters become months."""
    if token.kind == "QUARTER":
        return 3 * times, "month"
    if not isinstance(token.value, tuple):
        raise TypeError(token.kind)
    count, base = int(token.value[0]), str(token.value[1])
    return (count * times * _MONTHS_A_YEAR, "month") if base == "year" else (count * times, base)


def _repeat(count: int, base: str) -> Reading:
    if base in {"hour", "minute"}:
        days, rest = divmod(count, _HOURS_A_DAY if base == "hour" else _MINUTES_A_DAY)
        if rest or not days:
            return Ask("too-often")
        count, base = days, "day"
    return (Repeat(count, base),) if count else Ask("unclear")


def _every_unit(match: Match, _when: When) -> Reading:
    unit = match.all("UNIT", "QUARTER", "ADVERB")[0]
    return _repeat(*span_of(unit, 2 if match.has("OTHER") else match.number()))


def _numbered_adverb(match: Match, when: When) -> Reading:
    # "8 daily" may be a time; "2-weekly" may not.
    return None if match.all("ADVERB")[0].value == (1, "day") else _every_unit(match, when)


def _day_of_longer(match: Match, _when: When) -> Reading:
    inner, outer = (span_of(unit, 1) for unit in match.all("UNIT", "ADVERB"))
    return _repeat(*inner) if inner == (1, "day") and outer[1] in {"week", "month"} else Ask("unclear")


def _counted(match: Match, _when: When) -> Reading:
    numbers = [token.number for token in match.all("COUNT", "NUM", "ORD")]
    count, inner, *_ = ([1] if match.has("ONCEONLY") else []) + numbers + [1]
    unit = match.all("UNIT", "QUARTER", "ADVERB")[0]
    length, base = span_of(unit, 2 if match.has("OTHER") else inner)
    if count == 1:
        return _repeat(length, base)
    if base in {"hour", "minute"}:
        return Ask("too-often")
    if base == "month" and length % _MONTHS_A_YEAR == 0 and length % count == 0:
        return (Repeat(length // count, "month"),)
    return (Times(count, base if length == 1 else "unit"),)


def _one_every(match: Match, when: When) -> Reading:
    # "One every three weeks" counts; "9 every day" is a time.
    return _counted(match, when) if match.number() == 1 else None


def _number_of_days(match: Match, _when: When) -> Reading:
    # "5 mondays" is not "mondays at five".
    return Ask("unclear") if match.all("WDAY")[0].plural else None


def _single(match: Match, _when: When) -> Reading:
    return (JustOnce(),) if not match.has("COUNT") or match.all("COUNT")[0].value == 1 else Ask("which-time")


def _codes(match: Match) -> tuple[str, ...] | None:
    """Return the days of a list or a range in the order of the week, None for a mixture."""
    named = [token.value for token in match.all("WDAY") if isinstance(token.value, tuple)]
    codes = [str(code) for value in named for code in value]
    if match.has("TO") or match.has("SPACE"):
        if len(codes) != 2 or len(named) != 2:
            return None
        first, last = (WEEK.index(code) for code in codes)
        codes = [WEEK[(first + step) % 7] for step in range((last - first) % 7 + 1)]
    return tuple(code for code in WEEK if code in codes)


def _weekdays(match: Match, _when: When) -> Reading:
    codes = _codes(match)
    if codes is None:
        return Ask("unclear")
    every = 0
    if match.has("EVERY") or match.has("OTHER"):
        if match.all("ORD") and match.number() == 1:
            return Ask("nth-weekday")
        every = 2 if match.has("OTHER") else match.number()
        if not every:
            return Ask("unclear")
    marker = "next" if match.has("NEXT") or match.has("THIS") else "on" if match.has("ON") else ""
    plural = any(token.plural for token in match.all("WDAY"))
    grouped = len(match.all("WDAY")) == 1 and len(codes) > 1
    return (Days(codes, every, plural, marker, grouped),)


def _excluded(match: Match, _when: When) -> Reading:
    codes = _codes(match)
    return (Excluded(codes),) if codes else Ask("unclear")


def _nth_weekday(_match: Match, _when: When) -> Reading:
    return Ask("nth-weekday")


def _last(_match: Match, _when: When) -> Reading:
    return Ask("past")


def _month_end(_match: Match, _when: When) -> Reading:
    return Ask("month-end")


def _monthday(match: Match, marker: str) -> Reading:
    day = match.number()
    if not 1 <= day <= 31:
        return Ask("impossible-date")
    return (MonthDay(day, marker),)


def _of_month(match: Match, _when: When) -> Reading:
    units = match.all("UNIT", "ADVERB")
    inner, outer = units[:-1], units[-1]
    if any(unit.value != (1, "day") for unit in inner) or outer.value != (1, "month"):
        return None
    numbers = [token.number for token in match.all("NUM", "ORD")]
    day = _monthday(match, "month")
    if isinstance(day, Ask) or day is None:
        return day
    facts: tuple[Fact, ...] = day
    if match.has("EVERY"):
        facts += (Repeat(2 if match.has("OTHER") else numbers[1] if len(numbers) > 1 else 1, "month"),)
    return facts


def _month_day(match: Match, _when: When) -> Reading:
    if any(unit.value != (1, "day") for unit in match.all("UNIT")):
        return None
    return _monthday(match, "on" if match.has("ON") else "")


def _start(_match: Match, _when: When) -> Reading:
    return (Start(),)


_LIST = "WDAY ((AND|COMMA|SLASH|TO|SPACE|ON|EVERY)* WDAY)*"
_N = "(NUM|OTHER|ORD)?"
_UNIT = "(UNIT|QUARTER)"
_COUNTED = "(COUNT THING?|NUM TIMES|AN TIMES|NUM THING)"
PHRASES: tuple[Phrase, ...] = (
    phrase(f"EVERY (NUM|OTHER|ORD|AN)? SPACE? {_UNIT}", _every_unit),
    phrase("EVERY ADVERB", _every_unit),
    phrase("OTHER UNIT", _every_unit),
    phrase("PER NUM? UNIT", _every_unit),
    phrase("ADVERB", _every_unit),
    phrase("(NUM|HALF) SPACE? ADVERB", _numbered_adverb),
    phrase("(EVERY UNIT|ADVERB) (OF|IN) THE? UNIT", _day_of_longer),
    phrase(f"{_COUNTED} (AN|PER|EVERY|IN|THE|SLASH)* {_N} {_UNIT}", _counted),
    # "Just once in two weeks" may be one date.
    phrase(f"ONCEONLY (AN|PER|EVERY|SLASH) {_N} {_UNIT}", _counted),
    phrase(f"{_COUNTED} AN? {_N} ADVERB", _counted),
    phrase("NUM (AN|PER|SLASH) NUM? UNIT", _counted),
    phrase("(PER|EVERY) UNIT COUNT", _counted),
    phrase(f"NUM (EVERY|PER) {_N} {_UNIT}", _one_every),
    phrase("NUM ADVERB", _one_every),
    phrase("NUM THING", lambda match, _when: () if match.number() == 1 else Ask("which-time")),
    phrase("NUM WDAY", _number_of_days),
    phrase("ONCEONLY", _single),
    phrase("COUNT", _single),
    phrase(f"ON? EVERY {_N} {_LIST}", _weekdays),
    phrase(f"ON? OTHER {_LIST}", _weekdays),
    phrase(f"(ON|AT)? (THIS|NEXT)* {_LIST}", _weekdays),
    phrase(f"ON? (AN|THE)? {_LIST}", _weekdays),
    phrase("FROM THE? WDAY TO WDAY", _weekdays),
    phrase(f"EXCEPT (ON|EVERY|THE|FROM)* {_LIST}", _excluded),
    phrase("ON? THE? (ORD|LAST) WDAY", _nth_weekday),
    phrase("ON? THE? (EVERY|LAST|ORD)* WDAY (OF|IN) THE? (EVERY|THIS)? (UNIT|ADVERB|MONTH)", _nth_weekday),
    phrase("LAST", _last),
    phrase("LAST UNIT (OF|IN)", _month_end),
    phrase(f"ON? EVERY? THE? (ORD|NUM) UNIT? OF THE? (EVERY {_N}|AN|PER)? (UNIT|ADVERB)", _of_month),
    phrase(f"ON? THE? ORD UNIT? (IN|SLASH)? THE? (EVERY {_N}|AN|PER) UNIT", _of_month),
    phrase("ON? THE? ORD UNIT? IN THE? UNIT", _of_month),
    phrase("ON? THE? (UNIT NUM|NUM UNIT) OF THE? EVERY? UNIT", _of_month),
    phrase("ON? THE? ORD UNIT?", _month_day),
    phrase("ON THE? NUM", _month_day),
    phrase("THE NUM", _month_day),
    phrase("ON? UNIT NUM", _month_day),
    phrase("FROM", _start),
)
