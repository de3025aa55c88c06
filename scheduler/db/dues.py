"""Put together what the sender must know of claimed check-ins, from plain rows: no objects are made on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import structlog
from sqlalchemy import Row, Select, Table, select
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.cadence import QuietHours
from scheduler.db.crypto import CannotOpen, KeysError, Vault
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.db.rows import among
from scheduler.db.types import VAULT
from scheduler.due import DueCheckIn, LastAnswer

log = structlog.get_logger(__name__)

# A late one says so.
LATE_AFTER = timedelta(minutes=15)


def table_of(model: type[CheckIn] | type[Person] | type[Plan]) -> Table:
    """Return the table itself: statements on it load plain rows."""
    table = model.__table__
    assert isinstance(table, Table)  # mypy knows it as less
    return table


CHECK_INS, PLANS, PEOPLE = table_of(CheckIn), table_of(Plan), table_of(Person)

# What a message is made of, beside the check-in's own row.
CONTEXT = (
    PLANS.c.id.label("plan_id"),
    PLANS.c.public_id,
    PLANS.c.kind,
    PLANS.c.about,
    PLANS.c.interval,
    PLANS.c.unit,
    PLANS.c.unanswered,
    PEOPLE.c.id.label("person_id"),
    PEOPLE.c.chat_id,
    PEOPLE.c.discreet,
)

# When somebody is asked nothing: as `quiet_hours` reads it.
NIGHT = (PEOPLE.c.zone.label("person_zone"), PEOPLE.c.quiet_from, PEOPLE.c.quiet_to)


class Claim(NamedTuple):
    """Hold the check-in's own side of a claim that was just made, and how its plan stands after it."""

    id: int
    attempt: int
    unknowns: int
    turn: int
    is_nudge: bool
    nominal: str
    zone: str
    due_at: datetime
    expires_at: datetime
    message_id: int | None
    unanswered: int
    is_over: bool
    wanted_at: datetime | None
    nudge_at: datetime | None


@dataclass(frozen=True, slots=True)
class Before:
    """Hold what a plan's earlier check-ins left: the last answer, and the message that is the newest."""

    last: LastAnswer | None = None
    message_id: int | None = None


NOTHING_BEFORE = Before()


class HasNight(Protocol):
    """Something with a person's quiet hours, as they are stored."""

    @property
    def person_zone(self) -> str | None:
        """Return the person's zone, if it is known."""

    @property
    def quiet_from(self) -> str:
        """Return when they begin."""

    @property
    def quiet_to(self) -> str:
        """Return when they end."""


def quiet_hours(row: Row[*tuple[Any, ...]] | HasNight) -> QuietHours:
    """Return the person's quiet hours as wall times; none while nobody knows when their night is."""
    if row.person_zone is None:
        return time(0), time(0)
    return _wall_time(row.quiet_from), _wall_time(row.quiet_to)


# A handful of wall times are everybody's.
_wall_time = lru_cache(maxsize=2000)(time.fromisoformat)


def due_check_in(
    session: AsyncSession, row: Row[*tuple[Any, ...]], claim: Claim, before: Mapping[int, Before], now: datetime
) -> DueCheckIn:
    """Return what the sender needs; `row` has the columns of CONTEXT."""
    earlier = before.get(row.plan_id, NOTHING_BEFORE)
    return DueCheckIn(
        id=claim.id,
        attempt=claim.attempt,
        unknowns=claim.unknowns,
        chat_id=row.chat_id,
        plan_public_id=row.public_id,
        kind=row.kind,
        about=opened(session, row.about, "plans.about", row.person_id),
        interval=row.interval,
        unit=row.unit,
        nominal=claim.nominal,
        zone=claim.zone,
        due_at=claim.due_at,
        expires_at=claim.expires_at,
        is_nudge=claim.is_nudge,
        is_late=claim.turn == 0 and now - claim.due_at > LATE_AFTER,
        discreet=row.discreet,
        unanswered=claim.unanswered,
        ends_plan=claim.is_over,
        closes_message_id=claim.message_id if claim.turn else earlier.message_id,
        nudge_at=claim.nudge_at,
        wanted_at=claim.wanted_at,
        last=earlier.last,
    )


def _before() -> Select[Any]:
    """Make the query for the newest message and the newest answer of each plan, beside those just claimed.

    One look into the index for each: nominal times grow with each check-in, and a plan may have hundreds.
    """
    older = CHECK_INS.alias("older")
    answered = CHECK_INS.alias("answered")
    of_plan = (older.c.plan_id == PLANS.c.id, ~among(older.c.id, "claimed"))
    newest_first = older.c.nominal.desc()
    message = (
        select(older.c.message_id).where(*of_plan, older.c.message_id.is_not(None)).order_by(newest_first).limit(1)
    )
    kept = (older.c.answered_at.is_not(None), older.c.deleted_at.is_(None))
    answer = select(older.c.id).where(*of_plan, *kept).order_by(newest_first).limit(1)
    return (
        select(
            PLANS.c.id,
            PLANS.c.person_id,
            message.correlate(PLANS).scalar_subquery().label("message_id"),
            answered.c.id.label("row_id"),
            answered.c.nominal,
            answered.c.answer,
            answered.c.details,
        )
        .outerjoin_from(PLANS, answered, answered.c.id == answer.correlate(PLANS).scalar_subquery())
        .where(among(PLANS.c.id, "plans"))
    )


_BEFORE = _before()


async def before(session: AsyncSession, plans: Sequence[int], claimed: Sequence[int]) -> Mapping[int, Before]:
    """Return, by plan, what the check-ins before these left."""
    rows = await session.execute(_BEFORE, {"plans": plans, "claimed": claimed})
    found: dict[int, Before] = {}
    for row in rows:
        if row.row_id is None and row.message_id is None:
            continue
        answer = opened(session, row.answer, "check_ins.answer", row.person_id)
        last = None
        if answer:
            last = LastAnswer(row.nominal, answer, opened(session, row.details, "check_ins.details", row.person_id))
        found[row.id] = Before(last, row.message_id)
    return found


def opened(session: AsyncSession, token: str | None, field: str, person_id: int) -> Any:  # noqa: ANN401  # any column
    """Return an encrypted value; None where no key opens it, so that one bad row does not stop the others."""
    if token is None:
        return None
    vault = session.info.get(VAULT)
    if not isinstance(vault, Vault):
        raise KeysError("this database was opened without keys")
    try:
        return vault.open(token, field, person_id)
    except CannotOpen:
        log.exception("a stored value cannot be opened", field=field, person=person_id)
        return None
