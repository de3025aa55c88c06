"""Put the facts of a schedule together: they must agree and be enough, or the person is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from content.reading.schedule_dates import add_months, make_date, next_weekday
from content.reading.schedule_facts import (
    Fact,
    Repeat,
)
from content.reading.schedule_model import WEEK, Ask, Schedule, When
from content.reading.schedule_repeats import LAST_SAFE_DAY
from content.reading.schedule_said import Said, gather

# Nobody means a check-in so far off; and no date may overflow.
LONGEST_MONTHS = 60
_MONTHS_OF = {"day": 1 / 30, "week": 7 / 30, "month": 1}


def understand(facts: Sequence[Fact], when: When) -> Schedule | Ask:
    """Return what the facts come to together."""
    said = gather(facts, when)
    if isinstance(said, Ask):
        return said
    plan = _repeating(said) if _repeats(said) else _single(said, when)
    return plan if isinstance(plan, Ask) else _possible(plan, when)


def _repeats(said: Said) -> bool:
    if said.repeat or said.times or said.excluded or said.first:
        return True
    if said.part and (said.part.every or said.part.plural) and not said.on:
        return True
    if said.days and (said.days.every or said.days.plural):
        return True
    if (
        said.days
        and len(said.days.codes) > 1
        and not said.days.grouped
        and said.days.marker != "next"
        and not said.on
        and not said.week
    ):
        return True
    return said.monthday is not None and said.monthday.marker == "month" and not said.on


def _repeating(said: Said) -> Schedule | Ask:
    if said.once or said.week or (said.days and said.days.marker == "next"):
        return Ask("contradiction")
    repeat, days = said.repeat, said.days.codes if said.days else ()
    if said.on:
        yearly = repeat is not None and repeat.base == "month" and repeat.count % 12 == 0
        if not yearly or repeat is None or said.first or said.monthday or days:
            return Ask("contradiction")
        if said.on.day.day > LAST_SAFE_DAY:
            return Ask("month-end")
        return Schedule("monthly", repeat.count, monthday=said.on.day.day, time=said.time, first=said.on.day)
    if said.times:
        if said.times.base != "week" or not said.days or len(days) != said.times.count:
            return Ask("too-often" if said.times.base == "day" else "which-days")
        repeat = repeat or Repeat(1, "week")
    if said.monthday and not repeat:
        repeat = Repeat(1, "month")
    if said.days and said.days.every > 1:
        if repeat and repeat not in {Repeat(1, "week"), Repeat(said.days.every, "week")}:
            return Ask("contradiction")
        repeat = Repeat(said.days.every, "week")
    elif said.days and not repeat:
        if not _plainly_weekly(said):
            return Ask("once-or-repeat")
        repeat = Repeat(1, "week")
    elif not repeat and said.part and (said.part.every or said.part.plural):
        repeat = Repeat(said.part.every or 1, "day")
    return _build(said, repeat, days) if repeat else Ask("how-often")


def _plainly_weekly(said: Said) -> bool:
    part, days = said.part, said.days
    several = days is not None and (days.plural or days.every or len(days.codes) > 1)
    return bool(several or (part and part.plural))


def _build(said: Said, repeat: Repeat, days: tuple[str, ...]) -> Schedule | Ask:
    if repeat.base == "day" and repeat.count == 1 and said.excluded and not days:
        days, repeat = tuple(code for code in WEEK if code not in said.excluded), Repeat(1, "week")
    elif said.excluded:
        days = tuple(code for code in days if code not in said.excluded)
        if not days:
            return Ask("contradiction")
    if repeat.base == "day" and days:
        if repeat.count == 1 and len(days) > 1:
            repeat = Repeat(1, "week")
        elif repeat.count % 7 == 0:
            repeat = Repeat(repeat.count // 7, "week")
        else:
            return Ask("contradiction")
    if repeat.base == "month" and days:
        return Ask("nth-weekday")
    if said.monthday and repeat.base != "month":
        return Ask("contradiction")
    if said.monthday and said.monthday.day > LAST_SAFE_DAY:
        return Ask("month-end")
    if repeat.count * _MONTHS_OF[repeat.base] > LONGEST_MONTHS:
        return Ask("too-far")
    monthday = said.monthday.day if said.monthday else None
    match repeat.base:
        case "day":
            return Schedule("daily", repeat.count, time=said.time, first=said.first)
        case "week":
            return Schedule("weekly", repeat.count, days, time=said.time, first=said.first)
        case _:
            return Schedule("monthly", repeat.count, monthday=monthday, time=said.time, first=said.first)


def _single(said: Said, when: When) -> Schedule | Ask:
    day = said.on.day if said.on else None
    if said.days:
        if len(said.days.codes) > 1:
            return Ask("once-or-repeat")
        code = said.days.codes[0]
        if day is None and said.week:
            day = next_weekday(said.week.monday - timedelta(days=1), code)
        elif day is None and said.days.marker:
            day = next_weekday(when.today, code)
        if day is not None and WEEK[day.weekday()] != code:
            return Ask("contradiction")
        if day is None and not said.monthday:
            return Ask("once-or-repeat")
    if said.monthday:
        day = _this_month(said, day, when)
    if day is None:
        return _not_enough(said)
    return Schedule("once", time=said.time, first=day)


def _this_month(said: Said, day: date | None, when: When) -> date | None:
    number = said.monthday.day if said.monthday else 0
    if day is not None or said.monthday is None or (said.monthday.marker != "on" and not said.days):
        return day if day and day.day == number else None
    if number <= when.today.day:
        return None
    found = make_date(when.today.year, when.today.month, number)
    if found is None:
        return None
    return found if not said.days or WEEK[found.weekday()] == said.days.codes[0] else None


def _not_enough(said: Said) -> Ask:
    if said.week:
        return Ask("vague")
    if said.monthday:
        return Ask("once-or-repeat")
    return Ask("how-often" if said.time or said.part else "unclear")


def _possible(plan: Schedule, when: When) -> Schedule | Ask:
    """Refuse what is over or too far ahead; a date without a time counts until its day ends."""
    if plan.first is None:
        return plan
    horizon = add_months(when.today, LONGEST_MONTHS)
    if horizon is None or plan.first > horizon:
        return Ask("too-far")
    if plan.first < when.today:
        return Ask("past")
    if plan.time and plan.first == when.today:
        wanted = datetime.combine(plan.first, plan.time, tzinfo=when.local.tzinfo)
        if wanted.timestamp() <= when.local.timestamp():
            return Ask("past")
    return plan
