"""Find the check-in that waits for its answer."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db.models import CheckIn, Person, Plan

# What is asked only once is not asked under everything else for ever. Its buttons go on working.
ONE_OFF_WAITS = timedelta(days=3)


async def find(
    session: AsyncSession, person: Person, now: datetime, *, one_offs: bool = True
) -> tuple[CheckIn, Plan] | None:
    """Return the newest check-in that was sent and not answered, with its plan; with or without what is asked once."""
    is_regular = Plan.kind == "check_in"
    row = (
        await session.execute(
            select(CheckIn, Plan)
            .join(Plan, Plan.id == CheckIn.plan_id)
            .where(
                CheckIn.person_id == person.id,
                CheckIn.closed_at.is_(None),
                CheckIn.answered_at.is_(None),
                Plan.stopped_at.is_(None),
                or_(is_regular, CheckIn.sent_at > now - ONE_OFF_WAITS) if one_offs else is_regular,
                CheckIn.sent_at.is_not(None),
            )
            .order_by(CheckIn.id.desc())
            .limit(1)
        )
    ).first()
    return (row[0], row[1]) if row else None
