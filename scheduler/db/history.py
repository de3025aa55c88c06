"""Give back what was answered and saved, and let each entry be corrected, noted on, deleted, and for a while undone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from scheduler.db.models import CheckIn, Person, Plan, Run
from scheduler.db.retention import UNDO_FOR

# An answered check-in, or a saved checklist.
Told = CheckIn | Run


async def entries(session: AsyncSession, person: Person) -> list[Told]:
    """Return answered check-ins and saved checklists, newest first; nothing that was deleted."""
    check_ins = await session.scalars(
        select(CheckIn).where(
            CheckIn.person_id == person.id, CheckIn.answered_at.is_not(None), CheckIn.deleted_at.is_(None)
        )
    )
    saved = await session.scalars(
        select(Run).where(Run.person_id == person.id, Run.saved_at.is_not(None), Run.deleted_at.is_(None))
    )
    return sorted([*check_ins, *saved], key=moment, reverse=True)


def moment(entry: Told) -> datetime:
    """Return the instant that an entry stands for in the order of the history."""
    return entry.due_at if isinstance(entry, CheckIn) else entry.started_at


async def names(session: AsyncSession, person: Person) -> Mapping[int, str]:
    """Return the public id of each plan of this person by its row number: it names the plan's check-ins."""
    rows = await session.execute(select(Plan.id, Plan.public_id).where(Plan.person_id == person.id))
    return {row.id: row.public_id for row in rows}


async def find(session: AsyncSession, person: Person, public_id: str, nominal: str, now: datetime) -> Told | None:
    """Return this entry of this person, locked; nobody else's. One that was deleted is found while it can be undone.

    A check-in is named by its plan and nominal time, a checklist by its own id and no time.
    """
    if nominal:
        return await session.scalar(
            select(CheckIn)
            .join(Plan, Plan.id == CheckIn.plan_id)
            .where(
                Plan.public_id == public_id,
                CheckIn.person_id == person.id,
                CheckIn.nominal == nominal,
                CheckIn.answered_at.is_not(None),
                _can_be_shown(CheckIn, now),
            )
            .with_for_update(of=CheckIn)
        )
    return await session.scalar(
        select(Run)
        .where(
            Run.public_id == public_id,
            Run.person_id == person.id,
            Run.saved_at.is_not(None),
            _can_be_shown(Run, now),
        )
        .with_for_update()
    )


def _can_be_shown(model: type[CheckIn] | type[Run], now: datetime) -> ColumnElement[bool]:
    return or_(model.deleted_at.is_(None), model.deleted_at > now - UNDO_FOR)


def rewrite(check_in: CheckIn, answer: str, details: Mapping[str, Any]) -> None:
    """Replace what was answered; when it was answered stays. Empty values are left out."""
    check_in.answer, check_in.details = answer, {key: value for key, value in details.items() if value} or None
