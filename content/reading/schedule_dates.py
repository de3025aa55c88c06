"""Read single dates: "5 december", "25/12", "next friday", "in three days", "a fortnight tomorrow"."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

from content.reading.schedule_facts import Fact, Match, NextWeek, On, Phrase, Reading, Repeat, phrase
from content.reading.schedule_model import WEEK, Ask, When
from content.reading.schedule_repeats import span_of

# A date that passed this lately was more likely a slip than a plan for next year.
RECENT_MONTHS = 2
_LEAP_SEARCH_YEARS = 9
_SHORT_YEAR = 100
_DIGITS = re.compile(r"\d+")
_DAYS = {"day": 1, "week": 7}


def shift(day: date, days: int) -> date | None:
    """Return the day `days` later, or None beyond the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def add_months(day: date, months: int) -> date | None:
    """Return the same day number `months` later, the last day in shorter months, None beyond the calendar."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def make_date(year: int, month: int, day: int) -> date | None:
    """Return the date, or None when there is no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def next_weekday(after: date, code: str) -> date:
    """Return the first such weekday after `after`."""
    return after + timedelta(days=(WEEK.index(code) - after.weekday() - 1) % 7 + 1)


def _on(day: date | None) -> Reading:
    return (On(day),) if day else Ask("too-far")


def next_occurrence(month: int, day: int, when: When) -> date | Ask:
    """Return the next such date. One that passed less than RECENT_MONTHS ago is an Ask: it may be a slip."""
    recent = add_months(when.today, -RECENT_MONTHS)
    for year in range(when.today.year - 1, when.today.year + _LEAP_SEARCH_YEARS):
        found = make_date(year, month, day)
        if found is None or recent is None or found <= recent:
            continue
        return found if found >= when.today else Ask("past")
    return Ask("impossible-date")


def _dated(day: int, month: int, year: int | None, when: When) -> Reading:
    if year is None:
        found = next_occurrence(month, day, when)
        return found if isinstance(found, Ask) else (On(found),)
    exact = make_date(year, month, day)
    return (On(exact),) if exact else Ask("impossible-date")


def _with_month(match: Match, when: When) -> Reading:
    years = match.all("NUM4")
    year = int(years[0].name) if years else None
    if match.has("NEXT"):
        if match.all("UNIT")[0].value != (1, "year"):
            return None
        year = when.today.year + 1
    return _dated(match.number(), match.all("MONTH")[0].number, year, when)


def _each_year(match: Match, when: When) -> Reading:
    day = _with_month(match, when)
    return day if isinstance(day, Ask) or day is None else (Repeat(12, "month"), *day)


def _in_figures(match: Match, when: When) -> Reading:
    token = match.tokens[-1]
    first, second, *rest = (int(part) for part in _DIGITS.findall(token.name))
    if token.kind == "ISO":
        return _dated(rest[0], second, first, when)
    year = None if not rest else rest[0] if rest[0] >= _SHORT_YEAR else when.today.year // 100 * 100 + rest[0]
    if first <= 12 and second <= 12 and first != second:
        return Ask("ambiguous-date")
    day, month = (first, second) if second <= 12 else (second, first)
    return _dated(day, month, year, when) if month <= 12 else Ask("impossible-date")


def _day(match: Match, when: When) -> Reading:
    return _on(shift(when.today, match.all("DAY")[0].number))


def _later(start: date, count: int, base: str) -> date | None:
    return add_months(start, count) if base == "month" else shift(start, count * _DAYS[base])


def _from_now(match: Match, when: When) -> Reading:
    minutes, day = 0, when.today
    for index, unit in enumerate(match.all("UNIT", "QUARTER")):
        numbers = match.all("NUM")
        count, base = span_of(unit, numbers[index].number if index < len(numbers) else 1)
        if base in {"hour", "minute"}:
            minutes += count * (60 if base == "hour" else 1)
            continue
        if count == 0:
            return Ask("past")
        later = _later(day, count, base)
        if later is None:
            return Ask("too-far")
        day = later
    return _moment(minutes, when) if minutes else (On(day),) if day > when.today else Ask("past")


def _moment(minutes: int, when: When) -> Reading:
    # Counted in UTC: an hour from now is an hour, also on a night when the clocks change.
    try:
        instant: datetime = when.local.astimezone(UTC) + timedelta(minutes=minutes)
        local = instant.astimezone(when.local.tzinfo)
    except OverflowError:
        return Ask("too-far")
    return (On(local.date(), local.time().replace(second=0, microsecond=0)),)


def _hours_and_half(match: Match, when: When) -> Reading:
    unit = match.all("UNIT")[0]
    if unit.value not in {(1, "hour"), (30, "minute")}:
        return Ask("unclear")
    if match.has("DECIMAL"):
        figures = match.all("DECIMAL")[0].name.replace(",", ".")
        return _moment(round(float(figures) * 60), when) if len(figures) < 6 else Ask("too-far")
    return _moment(match.number() * 60 + 30, when)


def _base(match: Match, when: When) -> date | None:
    days = match.all("DAY")
    if days:
        return shift(when.today, days[0].number)
    weekday = match.all("WDAY")[0].value
    if not isinstance(weekday, tuple) or len(weekday) != 1 or match.all("WDAY")[0].plural:
        return None
    return next_weekday(when.today, str(weekday[0]))


def _span_after(match: Match, when: When) -> Reading:
    base = _base(match, when)
    count, unit = span_of(match.all("UNIT", "QUARTER")[0], match.number())
    if base is None or unit not in {"day", "week", "month"} or (match.all("UNIT")[0].plural and not match.all("NUM")):
        return Ask("unclear")
    return _on(_later(base, count, unit))


def _next_unit(match: Match, when: When) -> Reading:
    monday = next_weekday(when.today, WEEK[0])
    unit = match.all("UNIT")[0]
    if unit.value != (1, "week") or unit.plural:
        return None
    if not match.has("WDAY"):
        return (NextWeek(monday),)
    weekday = match.all("WDAY")[0]
    if not isinstance(weekday.value, tuple) or len(weekday.value) != 1 or weekday.plural:
        return Ask("unclear")
    return _on(shift(monday, WEEK.index(str(weekday.value[0]))))


def _day_of_month(match: Match, when: When) -> Reading:
    if match.all("UNIT")[-1].value != (1, "month"):
        return None
    month = when.today if match.has("THIS") else add_months(when.today.replace(day=1), 1)
    day = month and make_date(month.year, month.month, match.number())
    facts: tuple[Fact, ...] | Ask = (On(day),) if day else Ask("impossible-date")
    return facts


_UNIT = "(UNIT|QUARTER)"
_SPAN = f"(AN|NUM)? {_UNIT}"
_BASE = "(DAY|ON? NEXT? THIS? WDAY)"
_NTH = "ON? THE? (ORD|NUM)"
_YEAR = "(COMMA? NUM4|NEXT UNIT)?"
PHRASES: tuple[Phrase, ...] = (
    phrase(f"{_NTH} UNIT? (OF|SPACE)? MONTH {_YEAR}", _with_month),
    phrase(f"ON? MONTH (SPACE|COMMA)? THE? (ORD|NUM) {_YEAR}", _with_month),
    phrase("EVERY THE? (ORD|NUM) OF? MONTH", _each_year),
    phrase("EVERY MONTH THE? (ORD|NUM)", _each_year),
    phrase("ON? (ISO|DMY|DM|DOTTED)", _in_figures),
    phrase("ON? THE? DAY", _day),
    phrase(f"(IN|AFTER) {_SPAN} NOWON?", _from_now),
    phrase(f"(IN|AFTER) {_SPAN} (AND|COMMA)? NUM UNIT", _from_now),
    phrase(f"{_SPAN} NOWON", _from_now),
    phrase("(IN|AFTER) (NUM|AN) AND AN? HALF? UNIT NOWON?", _hours_and_half),
    phrase("IN? DECIMAL UNIT NOWON?", _hours_and_half),
    phrase(f"IN? {_SPAN} (FROM|AFTER|ON)? THE? {_BASE}", _span_after),
    phrase(f"{_BASE} UNIT", _span_after),
    phrase("NEXT UNIT", _next_unit),
    phrase("NEXT UNIT COMMA? ON? WDAY", _next_unit),
    phrase("ON? WDAY (OF|IN|COMMA)? NEXT UNIT", _next_unit),
    phrase("NEXT UNIT COMMA? ON? THE? (ORD|NUM)", _day_of_month),
    phrase(f"{_NTH} UNIT? (OF|COMMA|IN)? (NEXT|THIS) UNIT", _day_of_month),
    phrase("THIS UNIT COMMA? ON? THE? ORD", _day_of_month),
)
