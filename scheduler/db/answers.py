"""Keep what people answer to check-ins, and give it back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.cadence import quiet
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.db.plans import quiet_hours

# A snoozed check-in that could not be sent for so long has been forgotten about.
SNOOZE_PATIENCE = timedelta(hours=12)


async def find(session: AsyncSession, person: Person, plan_public_id: str, nominal: str) -> tuple[CheckIn, Plan] | None:
    """Return this check-in of this person and its plan, locked; nobody else's."""
    row = (
        await session.execute(
            select(CheckIn, Plan)
            .join(Plan, Plan.id == CheckIn.plan_id)
            .where(
                Plan.public_id == plan_public_id,
                Plan.person_id == person.id,
                CheckIn.nominal == nominal,
                CheckIn.deleted_at.is_(None),
            )
            .with_for_update()
        )
    ).first()
    return (row[0], row[1]) if row else None


def write(check_in: CheckIn, plan: Plan, answer: str, details: dict[str, Any] | None, now: datetime) -> None:
    """Keep an answer; the last one given counts. Nothing more comes about this check-in."""
    check_in.answer, check_in.details = answer, details
    check_in.answered_at = check_in.answered_at or now
    check_in.wake_at = None
    if check_in.state in {"waiting", "claimed", "sending"}:
        # One that is answered while it is being sent has arrived; its sender may be dead and never write that down.
        has_arrived = check_in.sent_at is not None or check_in.state == "sending"
        check_in.state = "sent" if has_arrived else "cancelled"
        check_in.owner = None
    plan.unanswered = 0


def snooze(check_in: CheckIn, person: Person, zone: str, until: datetime) -> datetime:
    """Send this check-in again at `until`, or when the quiet hours are over; the rhythm stays. Return when."""
    at = quiet(until, ZoneInfo(zone), *quiet_hours(person))
    check_in.turn += 1
    check_in.nudged = False
    check_in.state, check_in.wake_at, check_in.owner = "waiting", at, None
    check_in.attempt = check_in.unknowns = 0
    check_in.expires_at = at + SNOOZE_PATIENCE
    return at


async def before(session: AsyncSession, check_in: CheckIn) -> CheckIn | None:
    """Return the answered check-in before this one, of the same plan."""
    return await session.scalar(
        select(CheckIn)
        .where(
            CheckIn.plan_id == check_in.plan_id,
            CheckIn.id < check_in.id,
            CheckIn.answered_at.is_not(None),
            CheckIn.deleted_at.is_(None),
        )
        .order_by(CheckIn.id.desc())
        .limit(1)
    )
