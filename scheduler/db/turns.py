"""Take up plans whose time has come: each becomes one claimed check-in, and the plan moves on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from sqlalchemy import case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.cadence import CatchUp, Nominal, Occurrence, catch_up, instant, quiet
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.db.plans import cadence_of, quiet_hours, set_next

log = structlog.get_logger(__name__)

# Silence after this many in a row is an answer: the plan ends, and says so.
MAX_UNANSWERED = 3

NO_LONGER_THAN = timedelta(hours=24)


async def next_wake(session: AsyncSession) -> datetime | None:
    """Return when the deliverer must look next: cheap, from two indexes."""
    plan = await session.scalar(select(func.min(Plan.next_due_at)).where(Plan.next_due_at.is_not(None)))
    row = await session.scalar(select(func.min(CheckIn.wake_at)).where(CheckIn.wake_at.is_not(None)))
    return min((at for at in (plan, row) if at is not None), default=None)


async def take_up(
    session: AsyncSession, now: datetime, owner: str, lease: timedelta, limit: int, tally: Counter[str]
) -> list[int]:
    """Turn plans whose time has come into claimed check-ins, and move each plan on. Return the check-ins' ids.

    `tally` counts what was "missed": too old to be sent.
    """
    rows = (
        await session.execute(
            select(Plan, Person)
            .join(Person, Person.id == Plan.person_id)
            .where(Plan.next_due_at <= now)
            .order_by(Plan.next_due_at)
            .limit(limit)
            .with_for_update(skip_locked=True, of=Plan)
        )
    ).all()
    if not rows:
        return []
    open_ones = await _close_open(session, [plan.id for plan, _ in rows], now)
    values = []
    for plan, person in rows:
        plan.unanswered += open_ones.get(plan.id, 0)
        missed_before = plan.missed
        row = _next_row(plan, person, now, owner, lease)
        tally["missed"] += plan.missed - missed_before
        if row is not None:
            values.append(row)
    await session.flush()
    if not values:
        return []
    taken = await session.scalars(insert(CheckIn).returning(CheckIn.id), values)
    return [number for row, number in zip(values, taken.all(), strict=True) if row["state"] == "claimed"]


def _next_row(plan: Plan, person: Person, now: datetime, owner: str, lease: timedelta) -> dict[str, Any] | None:
    """Move the plan on and return the new check-in's columns; None when there is nothing to send."""
    decision = _decide(plan, person, now)
    if decision is None:
        return None
    plan.missed += decision.missed
    if decision.send is None:
        set_next(plan, person, decision.next)
        return None
    occurrence = decision.send
    plan.done_nominal = str(occurrence.nominal)
    if plan.unanswered >= MAX_UNANSWERED:
        plan.stopped_at, plan.stopped_why = now, "silent"
    set_next(plan, person, decision.next)
    open_at = quiet(now, ZoneInfo(plan.zone), *quiet_hours(person))
    is_held_back = open_at > now
    return {
        "plan_id": plan.id,
        "person_id": person.id,
        "nominal": str(occurrence.nominal),
        "zone": plan.zone,
        "due_at": occurrence.due_at,
        "expires_at": max(open_at, occurrence.due_at) + _patience(occurrence, decision.next),
        "turn": 0,
        "state": "waiting" if is_held_back else "claimed",
        "wake_at": open_at if is_held_back else now + lease,
        "owner": None if is_held_back else owner,
        "attempt": 0 if is_held_back else 1,
        "unknowns": 0,
        "nudged": False,
    }


def _decide(plan: Plan, person: Person, now: datetime) -> CatchUp | None:
    """Return what to do about a due plan; a plan that makes no sense any more is paused, alone."""
    try:
        assert plan.next_nominal is not None  # set together with next_due_at
        zone = ZoneInfo(plan.zone)
        nominal = Nominal.parse(plan.next_nominal)
        due = Occurrence(nominal, instant(nominal, zone))
        return catch_up(cadence_of(plan), zone, due, now, quiet_hours(person))
    except (ZoneInfoNotFoundError, ValueError, KeyError, OSError):
        log.exception("a plan cannot be read and is paused", plan=plan.id)
        plan.paused_at, plan.next_nominal, plan.next_due_at = now, None, None
        return None


def _patience(occurrence: Occurrence, following: Occurrence | None) -> timedelta:
    """Return how late it may be sent: half the way to the next one, a day at most."""
    if following is None:
        return NO_LONGER_THAN
    return min(NO_LONGER_THAN, (following.nominal.day - occurrence.nominal.day) / 2)


async def _close_open(session: AsyncSession, plan_ids: Sequence[int], now: datetime) -> Mapping[int, int]:
    """Close what these plans asked before; return how many of those were sent and not answered, by plan."""
    ended = case(
        (CheckIn.state.in_(("waiting", "claimed")), "expired"),
        (CheckIn.state == "sending", "sent_unconfirmed"),
        else_=CheckIn.state,
    )
    closed = await session.execute(
        update(CheckIn)
        .where(CheckIn.plan_id.in_(plan_ids), CheckIn.closed_at.is_(None))
        .values(closed_at=now, wake_at=None, owner=None, state=ended)
        .returning(CheckIn.plan_id, CheckIn.sent_at, CheckIn.answered_at)
        .execution_options(synchronize_session=False)
    )
    return Counter(row.plan_id for row in closed if row.sent_at and not row.answered_at)
