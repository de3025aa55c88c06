"""Decide what comes of a plan whose time has come: pure, of its rule as it is stored and the moment."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog

from scheduler.cadence import Nominal, Occurrence, catch_up, instant, quiet
from scheduler.db.dues import quiet_hours
from scheduler.db.nudges import nudge_at
from scheduler.rule import Cadence, Unit

log = structlog.get_logger(__name__)

NO_LONGER_THAN = timedelta(hours=24)


class Rule(NamedTuple):
    """Hold everything that decides when a plan comes next, as it is stored, in this order."""

    unit: Unit
    interval: int
    weekdays: str
    month_day: int | None
    at: str
    anchor: date
    plan_zone: str
    next_nominal: str
    person_zone: str | None
    quiet_from: str
    quiet_to: str


RULE_COLUMNS = len(Rule._fields)


class Step(NamedTuple):
    """Hold what a rule says at this moment. Without a `nominal` nothing is sent, and only what comes next counts."""

    missed: int
    nominal: str | None
    due_at: datetime
    expires_at: datetime
    open_at: datetime
    next_nominal: str | None
    next_due_at: datetime | None
    # As in `DueCheckIn`; a nudge is for a regular check-in whose plan goes on.
    wanted_at: datetime
    nudge_at: datetime | None


def step_of(rule: Rule, plan: int, now: datetime) -> Step | None:
    """Return what to do about a due plan; None for one that makes no sense any more: it is paused, alone."""
    try:
        cadence = Cadence(
            unit=rule.unit,
            at=time.fromisoformat(rule.at),
            anchor=rule.anchor,
            interval=rule.interval,
            weekdays=tuple(map(int, rule.weekdays)),
            month_day=rule.month_day,
        )
        zone, hours, nominal = ZoneInfo(rule.plan_zone), quiet_hours(rule), Nominal.parse(rule.next_nominal)
        decision = catch_up(cadence, zone, Occurrence(nominal, instant(nominal, zone)), now, hours)
    except (ZoneInfoNotFoundError, ValueError, KeyError, OSError):
        log.exception("a plan cannot be read and is paused", plan=plan)
        return None
    send, following, open_at = decision.send, decision.next, quiet(now, zone, *hours)
    # From when it was wanted, as `catch_up` counts: what is taken up late gets no more time for that. A night that
    # holds it back does not count.
    wanted_at = quiet(send.due_at, zone, *hours) if send else now
    next_due_at = quiet(following.due_at, zone, *hours) if following else None
    return Step(
        missed=decision.missed,
        nominal=str(send.nominal) if send else None,
        due_at=send.due_at if send else now,
        expires_at=wanted_at + (open_at - now) + _patience(send, following) if send else now,
        open_at=open_at,
        next_nominal=str(following.nominal) if following else None,
        next_due_at=next_due_at,
        wanted_at=wanted_at,
        nudge_at=nudge_at(zone, next_due_at, hours, now),
    )


def _patience(occurrence: Occurrence, following: Occurrence | None) -> timedelta:
    """Return how late it may be sent: half the way to the next one, a day at most."""
    if following is None:
        return NO_LONGER_THAN
    return min(NO_LONGER_THAN, (following.nominal.day - occurrence.nominal.day) / 2)
