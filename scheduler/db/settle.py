"""Note what an older program may have sent, after its database was put back from a backup: nothing comes twice."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from sqlalchemy import CursorResult, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.cadence import CatchUp, Nominal, Occurrence, catch_up, instant, quiet
from scheduler.db.engine import Database
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.db.plans import cadence_of, quiet_hours, set_next

log = structlog.get_logger(__name__)

# Plans in one transaction: nobody else works on this database, so only memory counts.
BATCH = 500


async def settle(database: Database, until: datetime) -> Counter[str]:
    """Take everything that was to be sent up to `until` for sent, as far as anybody can know; nothing of it is sent.

    What the catch-up rule would send now becomes a check-in that can still be answered, "sent_unconfirmed"; what is too
    old for that is missed. What comes after `until` is sent as ever. Return how many occurrences count as "sent" and as
    "missed", and how many "check_ins" and "nudges" that were on their way end. Harmless when run again.
    """
    tally: Counter[str] = Counter()
    async with database.write() as session:
        tally["check_ins"] += await _end(session, until)
        tally["nudges"] += await _without_nudge(session, until)
    last = 0
    while True:
        async with database.write() as session:
            rows = await session.execute(
                select(Plan, Person)
                .join(Person, Person.id == Plan.person_id)
                .where(Plan.next_due_at <= until, Plan.id > last)
                .order_by(Plan.id)
                .limit(BATCH)
            )
            found = rows.all()
            if not found:
                return tally
            for plan, person in found:
                await _move_on(session, plan, person, until, tally)
        last = found[-1][0].id


async def count_others(session: AsyncSession) -> int:
    """Return how many other connections this database's user has on PostgreSQL: a bot has some as long as it runs."""
    others = await session.scalar(
        text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )
    )
    return others or 0


async def _end(session: AsyncSession, until: datetime) -> int:
    """End what was on its way: its sender went on after the backup was made."""
    in_hand = CheckIn.state.in_(("claimed", "sending"))
    return await _change(
        session,
        update(CheckIn)
        .where(or_(in_hand, (CheckIn.state == "waiting") & (CheckIn.wake_at <= until)))
        .values(state="sent_unconfirmed", wake_at=None, owner=None),
    )


async def _without_nudge(session: AsyncSession, until: datetime) -> int:
    return await _change(
        session,
        update(CheckIn)
        .where(CheckIn.state.in_(("sent", "sent_unconfirmed")), CheckIn.wake_at <= until)
        .values(wake_at=None),
    )


async def _change(session: AsyncSession, statement: Any) -> int:  # noqa: ANN401  # an update of any table
    result = await session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)  # of a statement that returns no rows
    return result.rowcount


async def _move_on(session: AsyncSession, plan: Plan, person: Person, until: datetime, tally: Counter[str]) -> None:
    decision = _decide(plan, person, until)
    if decision is None:
        return
    plan.missed += decision.missed
    tally["missed"] += decision.missed
    sent = decision.send
    if sent is not None and quiet(sent.due_at, ZoneInfo(plan.zone), *quiet_hours(person)) > until:
        # Held back by quiet hours that were not over: nobody has sent it yet.
        set_next(plan, person, sent)
        return
    if sent is not None:
        plan.done_nominal = str(sent.nominal)
        await _add(session, plan, sent, until)
        tally["sent"] += 1
    set_next(plan, person, decision.next)


async def _add(session: AsyncSession, plan: Plan, sent: Occurrence, until: datetime) -> None:
    """Add the check-in that the person may have before them, in place of the one before it."""
    await _change(
        session,
        update(CheckIn)
        .where(CheckIn.plan_id == plan.id, CheckIn.closed_at.is_(None))
        .values(closed_at=until, wake_at=None, owner=None),
    )
    await session.execute(
        insert(CheckIn).values(
            plan_id=plan.id,
            person_id=plan.person_id,
            nominal=str(sent.nominal),
            zone=plan.zone,
            due_at=sent.due_at,
            expires_at=until,
            state="sent_unconfirmed",
        )
    )


def _decide(plan: Plan, person: Person, until: datetime) -> CatchUp | None:
    try:
        assert plan.next_nominal is not None  # set together with next_due_at
        zone = ZoneInfo(plan.zone)
        nominal = Nominal.parse(plan.next_nominal)
        due = Occurrence(nominal, instant(nominal, zone))
        return catch_up(cadence_of(plan), zone, due, until, quiet_hours(person))
    except (ZoneInfoNotFoundError, ValueError, KeyError, OSError):
        # The bot itself pauses such a plan, and says so.
        log.exception("a plan cannot be read", plan=plan.id)
        return None
