"""Know when a deliverer has something to do next, without asking it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from scheduler.db.engine import Database
from scheduler.db.models import CheckIn, Plan


async def next_look(database: Database) -> datetime | None:
    """Return the earliest moment at which a plan or a check-in has to be looked at."""
    async with database.read() as session:
        plan, check_in = select(func.min(Plan.next_due_at)), select(func.min(CheckIn.wake_at))
        found = (await session.execute(select(plan.scalar_subquery(), check_in.scalar_subquery()))).one()
    return min((at for at in found if at is not None), default=None)
