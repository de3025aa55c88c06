"""Delete what was kept for long enough. The numbers stand in docs/privacy-policy.md, and a test compares them."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ColumnElement

from scheduler.db.models import CheckIn, Person, Plan, Run
from scheduler.db.runs import OPEN_FOR

# A deleted entry can be brought back for so long; the next clean-up after that takes it.
UNDO_FOR = timedelta(hours=1)

# What a person may choose in place of the usual time, in months.
CHOICES = (3, 6, 12, 24)


@dataclass(frozen=True)
class Terms:
    """Say how long things are kept."""

    answers_months: int = 24
    # After the person blocked the bot or left Telegram.
    blocked_days: int = 90


async def forget_old(session: AsyncSession, terms: Terms, now: datetime) -> Counter[str]:
    """Delete everything whose time is over, and return how many rows of each table went.

    What is left of somebody without any check-in, checklist or plan goes as well, after the time for answers.
    """
    gone: Counter[str] = Counter()
    gone["people"] += await _delete(session, Person, Person.suspended_at < now - timedelta(days=terms.blocked_days))
    gone["runs"] += await _delete(session, Run, Run.saved_at.is_(None), Run.started_at < now - OPEN_FOR)
    gone["check_ins"] += await _delete(session, CheckIn, CheckIn.deleted_at <= now - UNDO_FOR)
    gone["runs"] += await _delete(session, Run, Run.deleted_at <= now - UNDO_FOR)
    for months, theirs in _terms_of_people(terms):
        limit = months_before(now, months)
        people = select(Person.id).where(theirs)
        gone["check_ins"] += await _delete(session, CheckIn, CheckIn.person_id.in_(people), CheckIn.due_at < limit)
        gone["runs"] += await _delete(session, Run, Run.person_id.in_(people), Run.started_at < limit)
        gone["plans"] += await _delete(
            session,
            Plan,
            Plan.person_id.in_(people),
            Plan.created_at < limit,
            # Over: stopped, or its one time has come.
            or_(Plan.stopped_at < limit, (Plan.unit == "once") & Plan.next_due_at.is_(None) & Plan.paused_at.is_(None)),
            ~exists().where(CheckIn.plan_id == Plan.id),
        )
        gone["people"] += await _delete(
            session,
            Person,
            theirs,
            Person.created_at < limit,
            *(~exists().where(table.person_id == Person.id) for table in (Plan, CheckIn, Run)),
        )
    return +gone


def months_before(now: datetime, months: int) -> datetime:
    """Return the same day and time some months ago; the last day of a shorter month."""
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def _terms_of_people(terms: Terms) -> Iterable[tuple[int, ColumnElement[bool]]]:
    """Yield each time that answers are kept for, and whose they are; nobody's are kept longer than usual."""
    kept = func.coalesce(Person.keep_months, terms.answers_months)
    yield terms.answers_months, kept >= terms.answers_months
    for months in CHOICES:
        if months < terms.answers_months:
            yield months, kept == months


async def _delete(session: AsyncSession, model: type[Any], *where: ColumnElement[bool]) -> int:
    statement = delete(model).where(*where).execution_options(synchronize_session=False)
    result = await session.execute(statement)
    assert isinstance(result, CursorResult)  # of a statement that returns no rows
    return result.rowcount
