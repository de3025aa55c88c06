"""Say how much is due, for those who watch over the bot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db.models import CheckIn, Plan
from scheduler.db.taking import next_wake


@dataclass(frozen=True, slots=True)
class Figures:
    """Hold what is due at a moment. `states` counts the check-ins that will be looked at again."""

    due: int
    oldest_due_at: datetime | None
    states: Mapping[str, int]

    def oldest_due_seconds(self, now: datetime) -> float:
        """Return how long the oldest has waited."""
        return (now - self.oldest_due_at).total_seconds() if self.oldest_due_at else 0.0


async def oldest_due(session: AsyncSession, now: datetime) -> datetime | None:
    """Return when the oldest of what is due became due; None when nothing is."""
    wake = await next_wake(session)
    return wake if wake is not None and wake <= now else None


async def figures(session: AsyncSession, now: datetime) -> Figures:
    """Count from the indexes of what is due: the cost does not grow with what is done."""
    plans = await session.scalar(select(func.count()).where(Plan.next_due_at <= now)) or 0
    rows = await session.scalar(select(func.count()).where(CheckIn.wake_at <= now)) or 0
    states = await session.execute(
        select(CheckIn.state, func.count()).where(CheckIn.wake_at.is_not(None)).group_by(CheckIn.state)
    )
    return Figures(plans + rows, await oldest_due(session, now), dict(states.all()))
