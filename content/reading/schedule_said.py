"""Gather the facts of a schedule by kind; two that disagree make an Ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time

from content.reading.schedule_clock import bare, in_part
from content.reading.schedule_dates import add_months, next_weekday
from content.reading.schedule_facts import (
    Clock,
    Days,
    Excluded,
    Fact,
    JustOnce,
    MonthDay,
    NextWeek,
    On,
    Part,
    Repeat,
    Start,
    Times,
)
from content.reading.schedule_model import WEEK, Ask, When
from content.reading.schedule_repeats import LAST_SAFE_DAY

PART_TIMES: Mapping[str, time] = {"morning": time(9), "afternoon": time(14), "evening": time(19), "night": time(21)}


@dataclass(frozen=True)
class Said:
    """Hold the facts by kind. `first` is the date after "from"; `on` is any other single date."""

    days: Days | None = None
    repeat: Repeat | None = None
    times: Times | None = None
    monthday: MonthDay | None = None
    part: Part | None = None
    time: time | None = None
    on: On | None = None
    first: date | None = None
    week: NextWeek | None = None
    excluded: tuple[str, ...] = ()
    once: bool = False


def gather(facts: Sequence[Fact], when: When) -> Said | Ask:
    """Return the facts by kind, with one time at most."""
    said = Said()
    clocks: set[Clock] = set()
    parts: list[Part] = []
    starting = False
    for fact in facts:
        if starting:
            first = _start(fact, when)
            # "from monday to friday" and "from 9" are no starts.
            if first is None or said.first:
                return Ask("unclear")
            said, starting = replace(said, first=first), False
            continue
        match fact:
            case Start():
                starting = True
            case Clock():
                clocks.add(fact)
            case Part():
                parts.append(fact)
            case Days():
                said = replace(said, days=fact if said.days is None else _both(said.days, fact))
            case Excluded():
                said = replace(said, excluded=said.excluded + fact.codes)
            case JustOnce():
                said = replace(said, once=True)
            case _:
                added = _add(said, fact)
                if isinstance(added, Ask):
                    return added
                said = added
    if starting:
        return Ask("unclear")
    return _with_time(said, clocks, parts)


def _add(said: Said, fact: Repeat | Times | MonthDay | On | NextWeek) -> Said | Ask:
    match fact:
        case Repeat():
            return Ask("contradiction") if said.repeat not in {None, fact} else replace(said, repeat=fact)
        case Times():
            return Ask("contradiction") if said.times else replace(said, times=fact)
        case MonthDay():
            same = said.monthday is None or said.monthday.day == fact.day
            return replace(said, monthday=fact) if same else Ask("two-month-days")
        case NextWeek():
            return replace(said, week=fact)
        case On():
            same_date = said.on is None or said.on.day == fact.day
            return replace(said, on=fact) if same_date else Ask("contradiction")


def _both(left: Days, right: Days) -> Days:
    codes = tuple(code for code in WEEK if code in left.codes + right.codes)
    marker = "next" if "next" in {left.marker, right.marker} else left.marker or right.marker
    return Days(codes, max(left.every, right.every), left.plural or right.plural, marker)


def _start(fact: Fact, when: When) -> date | None:
    match fact:
        case On():
            return fact.day
        case NextWeek():
            return fact.monday
        case Days(codes=(code,), every=0, plural=False):
            return next_weekday(when.today, code)
        case MonthDay():
            months = (add_months(when.today.replace(day=1), offset) for offset in range(3))
            dates = (month.replace(day=fact.day) for month in months if month and fact.day <= LAST_SAFE_DAY)
            return next((day for day in dates if day > when.today), None)
        case _:
            return None


def _with_time(said: Said, clocks: set[Clock], parts: Sequence[Part]) -> Said | Ask:
    if len({part.name for part in parts}) > 1:
        return Ask("which-time")
    part = next((one for one in parts if one.every or one.plural), parts[0] if parts else None)
    readings = {in_part(clock, part.name) if part else bare(clock) for clock in clocks}
    problem = next((reading for reading in readings if isinstance(reading, Ask)), None)
    if problem:
        return problem
    moments = {time(reading.hour, reading.minute) for reading in readings if isinstance(reading, Clock)}
    if said.on and said.on.at:
        moments.add(said.on.at)
    if len(moments) > 1:
        return Ask("which-time")
    spoken = next(iter(moments), PART_TIMES[part.name] if part else None)
    return replace(said, part=part, time=spoken)
