"""Let only one replica do a thing at a time, for as long as it says that it is alive. The database's clock counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, ColumnElement, delete, literal_column, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db.models import Lease
from scheduler.db.types import UtcDateTime

# Milliseconds since 1970, as every instant is stored.
_NOW = {
    "sqlite": "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
    "postgresql": "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
}

# PostgreSQL's.
SHOWN = literal_column(_NOW["postgresql"], UtcDateTime)

# A comparison over the network is no better than this, and leases are far longer.
CERTAIN = timedelta(seconds=1)


async def take(session: AsyncSession, name: str, owner: str, length: timedelta) -> bool:
    """Take the lease if nobody else holds it, or make one's own longer. Return whether it is held now."""
    insert = sqlite.insert if _kind(session) == "sqlite" else postgresql.insert
    now = _now(session)
    statement = insert(Lease).values(name=name, owner=owner, until=now + length // timedelta(milliseconds=1))
    taken = await session.scalar(
        statement.on_conflict_do_update(
            index_elements=[Lease.name],
            set_={"owner": statement.excluded.owner, "until": statement.excluded.until},
            where=or_(Lease.owner == owner, Lease.until < now),
        ).returning(Lease.name)
    )
    return taken is not None


async def give_back(session: AsyncSession, name: str, owner: str) -> None:
    """Let the next one take it at once."""
    await session.execute(delete(Lease).where(Lease.name == name, Lease.owner == owner))


async def forget_old(session: AsyncSession) -> None:
    """Delete what killed programs left behind."""
    await session.execute(delete(Lease).where(Lease.until < _now(session)))


def machine_clock() -> datetime:
    """Return this machine's own time, aware, UTC: to compare clocks with, whatever clock a program goes by."""
    return datetime.now(UTC)


async def clock_ahead(session: AsyncSession, machine: Callable[[], datetime] = machine_clock) -> timedelta | None:
    """Return how far the database's clock is ahead of this machine's; nothing below a second, where it is a guess.

    None when the answer took too long to tell. SQLite has the machine's clock.
    """
    if _kind(session) == "sqlite":
        return timedelta()
    asked_at = machine()
    return ahead(asked_at, (await session.execute(select(SHOWN))).scalar_one(), machine())


def ahead(asked_at: datetime, shown: datetime, answered_at: datetime) -> timedelta | None:
    """Return how far a clock that showed this is ahead of the one that asked, as `clock_ahead` does."""
    took = answered_at - asked_at
    if not timedelta() <= took < CERTAIN:
        return None
    found = shown - (asked_at + took / 2)
    return found if abs(found) > CERTAIN else timedelta()


def _kind(session: AsyncSession) -> str:
    return session.get_bind().dialect.name


def _now(session: AsyncSession) -> ColumnElement[int]:
    return literal_column(_NOW[_kind(session)], BigInteger)
