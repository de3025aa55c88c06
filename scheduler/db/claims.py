"""Claim check-ins for sending, and write down what became of each. A claim is a lease with an attempt number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Table, bindparam, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.cadence import quiet
from scheduler.db.crypto import CannotOpen
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.db.plans import quiet_hours, suspend
from scheduler.due import DueCheckIn, LastAnswer, Report

log = structlog.get_logger(__name__)

# Telegram knows no key that would make a repeat harmless: of an unknown sending there is one repeat, never a second.
MAX_UNKNOWNS = 2

# A message that our own code cannot make is tried this often: a fault may pass with the next release.
MAX_ATTEMPTS = 5

FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(minutes=5)

# A late one says so.
LATE_AFTER = timedelta(minutes=15)

NUDGE_AFTER = timedelta(days=1)
NUDGE_PATIENCE = timedelta(hours=12)


async def wake_up(
    session: AsyncSession, now: datetime, owner: str, lease: timedelta, limit: int, tally: Counter[str]
) -> list[int]:
    """Claim the check-ins that must be looked at again: retries, snoozes, nudges, and those whose lease ran out.

    `tally` counts those that end unsent.
    """
    rows = (
        await session.execute(
            select(CheckIn, Plan.zone, Person)
            .join(Plan, Plan.id == CheckIn.plan_id)
            .join(Person, Person.id == CheckIn.person_id)
            .where(CheckIn.wake_at <= now)
            .order_by(CheckIn.wake_at)
            .limit(limit)
            .with_for_update(skip_locked=True, of=CheckIn)
        )
    ).all()
    claimed = []
    for row, zone, person in rows:
        if _ends(row, now):
            tally[row.state] += row.state != "sent"
            continue
        open_at = quiet(now, ZoneInfo(zone), *quiet_hours(person))
        if open_at > now:
            row.state, row.wake_at, row.owner = row.state if row.state == "sent" else "waiting", open_at, None
            continue
        if row.state == "sent":
            row.turn, row.nudged, row.attempt, row.unknowns = row.turn + 1, True, 0, 0
            row.expires_at = now + NUDGE_PATIENCE
        row.state, row.owner, row.wake_at, row.attempt = "claimed", owner, now + lease, row.attempt + 1
        claimed.append(row.id)
    await session.flush()
    return claimed


def _ends(row: CheckIn, now: datetime) -> bool:
    """Bring a check-in that must not be sent again into its last state, and return whether it was one."""
    if row.state == "sent":
        # A nudge: not for what is answered, nor long after its day.
        if row.answered_at or row.closed_at or (row.wake_at and now - row.wake_at > NUDGE_PATIENCE):
            row.wake_at = None
        return row.wake_at is None
    if row.state == "sending":
        # Its sender was gone for a whole lease: it may have arrived.
        row.unknowns += 1
    if row.unknowns >= MAX_UNKNOWNS:
        row.state = "sent_unconfirmed"
    elif now >= row.expires_at:
        row.state = "sent_unconfirmed" if row.unknowns else "expired"
    else:
        return False
    row.wake_at = row.owner = None
    return True


async def load(session: AsyncSession, ids: Sequence[int], now: datetime) -> list[DueCheckIn]:
    """Return what the sender needs to know of these claimed check-ins."""
    rows = (
        await session.execute(
            select(CheckIn, Plan, Person)
            .join(Plan, Plan.id == CheckIn.plan_id)
            .join(Person, Person.id == CheckIn.person_id)
            .where(CheckIn.id.in_(ids))
            .order_by(CheckIn.due_at)
        )
    ).all()
    last, closes = await _before(session, rows)
    return [
        DueCheckIn(
            id=row.id,
            attempt=row.attempt,
            unknowns=row.unknowns,
            chat_id=person.chat_id,
            plan_public_id=plan.public_id,
            kind=plan.kind,
            about=_readable(plan, "about"),
            interval=plan.interval,
            unit=plan.unit,
            nominal=row.nominal,
            zone=row.zone,
            due_at=row.due_at,
            expires_at=row.expires_at,
            is_nudge=row.nudged and row.turn > 0,
            is_late=row.turn == 0 and now - row.due_at > LATE_AFTER,
            discreet=person.discreet,
            unanswered=plan.unanswered,
            ends_plan=plan.stopped_why == "silent",
            closes_message_id=row.message_id if row.turn else closes.get(plan.id),
            nudge_at=_nudge_at(row, plan, person, now),
            wanted_at=None if row.turn else quiet(row.due_at, ZoneInfo(row.zone), *quiet_hours(person)),
            last=last.get(plan.id),
        )
        for row, plan, person in rows
    ]


def _nudge_at(row: CheckIn, plan: Plan, person: Person, now: datetime) -> datetime | None:
    """Return when to remind once of a first sending: the next day, if the next one is not due by then."""
    if row.turn or plan.kind != "check_in" or plan.stopped_at:
        return None
    at = quiet(now + NUDGE_AFTER, ZoneInfo(plan.zone), *quiet_hours(person))
    return at if plan.next_due_at is None or at + NUDGE_AFTER <= plan.next_due_at else None


async def _before(session: AsyncSession, rows: Iterable[Any]) -> tuple[Mapping[int, LastAnswer], Mapping[int, int]]:
    """Return, by plan, the last answer, and the message of the check-in before these."""
    ids = {row.id for row, _, _ in rows}
    plans = {plan.id for _, plan, _ in rows}
    older = select(CheckIn.plan_id, func.max(CheckIn.id).label("id")).where(
        CheckIn.plan_id.in_(plans), CheckIn.id.not_in(ids)
    )
    answered = older.where(CheckIn.answered_at.is_not(None)).group_by(CheckIn.plan_id).subquery()
    sent = older.where(CheckIn.message_id.is_not(None)).group_by(CheckIn.plan_id).subquery()
    answers = await session.scalars(select(CheckIn).join(answered, answered.c.id == CheckIn.id))
    messages = await session.execute(select(CheckIn.plan_id, CheckIn.message_id).join(sent, sent.c.id == CheckIn.id))
    return (
        {
            row.plan_id: LastAnswer(row.nominal, answer, _readable(row, "details"))
            for row in answers
            if (answer := _readable(row, "answer"))
        },
        {row.plan_id: row.message_id for row in messages},
    )


def _readable(row: CheckIn | Plan, name: str) -> Any:  # noqa: ANN401  # whatever the column holds
    """Return an encrypted value; None where no key opens it, so that one bad row does not stop the others."""
    try:
        return getattr(row, name)
    except CannotOpen:
        log.exception("a stored value cannot be opened", table=row.__tablename__, row=row.id)
        return None


async def begin(
    session: AsyncSession, dues: Iterable[DueCheckIn], owner: str, now: datetime, lease: timedelta
) -> set[int]:
    """Mark these as being sent, as far as they are still claimed by this owner; return the ids of those that are."""
    keys = [(due.id, due.attempt) for due in dues]
    allowed = await session.scalars(
        update(CheckIn)
        .where(
            tuple_(CheckIn.id, CheckIn.attempt).in_(keys),
            CheckIn.owner == owner,
            CheckIn.state == "claimed",
            CheckIn.expires_at > now,
        )
        .values(state="sending", wake_at=now + lease)
        .returning(CheckIn.id)
        .execution_options(synchronize_session=False)
    )
    return set(allowed)


async def finish(
    session: AsyncSession, reports: Sequence[tuple[DueCheckIn, Report]], owner: str, now: datetime
) -> None:
    """Write down how these sendings ended; one whose lease went to another changes nothing."""
    table = CheckIn.__table__
    assert isinstance(table, Table)  # mypy knows it as less
    await session.execute(
        update(table)
        .where(
            table.c.id == bindparam("b_id"),
            table.c.attempt == bindparam("b_attempt"),
            table.c.owner == owner,
            or_(table.c.state == "claimed", table.c.state == "sending"),
        )
        .values(
            state=bindparam("b_state"),
            wake_at=bindparam("b_wake_at"),
            unknowns=bindparam("b_unknowns"),
            message_id=func.coalesce(bindparam("b_message_id"), table.c.message_id),
            sent_at=func.coalesce(bindparam("b_sent_at", type_=table.c.sent_at.type), table.c.sent_at),
            owner=None,
        ),
        [_ending(due, report, now) for due, report in reports],
    )
    for due, report in reports:
        if report.kind == "gone":
            person = await session.scalar(select(Person).where(Person.chat_id == due.chat_id).with_for_update())
            if person is not None and person.suspended_at is None:
                await suspend(session, person, now, report.why)


def _ending(due: DueCheckIn, report: Report, now: datetime) -> dict[str, Any]:
    """Return the columns of a finished attempt."""
    state: str = report.kind
    wake_at: datetime | None = None
    sent_at: datetime | None = None
    unknowns = due.unknowns
    if report.kind == "sent":
        wake_at, sent_at = due.nudge_at, now
    elif report.kind == "gone":
        state = "cancelled"
    elif report.kind == "unknown" and (unknowns := due.unknowns + 1) >= MAX_UNKNOWNS:
        state, sent_at = "sent_unconfirmed", now
    elif report.kind in {"unknown", "not_sent"}:
        retry_in = report.retry_in or min(FIRST_RETRY * 2 ** (due.attempt - 1), LONGEST_RETRY)
        state, wake_at = "waiting", now + retry_in
    return {
        "b_id": due.id,
        "b_attempt": due.attempt,
        "b_state": state,
        "b_wake_at": wake_at,
        "b_unknowns": unknowns,
        "b_message_id": report.message_id,
        "b_sent_at": sent_at,
    }


async def hold(session: AsyncSession, ids: Sequence[int], owner: str, until: datetime) -> None:
    """Make the leases of these longer: their sender is alive."""
    await session.execute(
        update(CheckIn)
        .where(CheckIn.id.in_(ids), CheckIn.owner == owner, CheckIn.state.in_(("claimed", "sending")))
        .values(wake_at=until)
        .execution_options(synchronize_session=False)
    )


async def release(session: AsyncSession, owner: str, now: datetime) -> int:
    """Give back what this owner claimed and has not begun to send; return how many."""
    released = await session.scalars(
        update(CheckIn)
        .where(CheckIn.owner == owner, CheckIn.state == "claimed")
        .values(state="waiting", wake_at=now, owner=None)
        .returning(CheckIn.id)
        .execution_options(synchronize_session=False)
    )
    return len(released.all())
