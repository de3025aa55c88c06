"""Keep walks through the checklist while they are open, and after when the person wants that."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db.models import Person, Run

# An open walk is worth going on with for a day; after that things may have changed.
OPEN_FOR = timedelta(hours=24)


async def start(
    session: AsyncSession, person: Person, public_id: str, version: int, flag: str | None, now: datetime
) -> Run:
    """Begin a new walk and drop the ones that were left unsaved."""
    await session.execute(delete(Run).where(Run.person_id == person.id, Run.saved_at.is_(None)))
    run = Run(
        public_id=public_id,
        person_id=person.id,
        checklist_version=version,
        started_at=now,
        flag=flag,
        answers={},
        screened=False,
    )
    session.add(run)
    await session.flush()
    return run


async def find(session: AsyncSession, person: Person, public_id: str) -> Run | None:
    """Return this walk of this person, locked; nobody else's, and none that was deleted from the history."""
    return await session.scalar(
        select(Run)
        .where(Run.public_id == public_id, Run.person_id == person.id, Run.deleted_at.is_(None))
        .with_for_update()
    )


async def find_open(session: AsyncSession, person: Person, now: datetime) -> Run | None:
    """Return the walk that goes on, locked: begun within a day, not ended."""
    return await session.scalar(
        select(Run)
        .where(Run.person_id == person.id, Run.ended_at.is_(None), Run.started_at > now - OPEN_FOR)
        .order_by(Run.id.desc())
        .with_for_update()
    )


def expired(run: Run, now: datetime) -> bool:
    """Return whether the walk was left open for too long."""
    return run.ended_at is None and run.started_at <= now - OPEN_FOR
