"""Share out moments among replicas, one after the other, on the database's clock. PostgreSQL only."""

from __future__ import annotations

from sqlalchemy import BigInteger, bindparam, func, literal_column, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db.models import Moment

_MICROSECONDS = 1_000_000

# As it is when the row's lock was waited for, not when the statement came.
_NOW = literal_column("CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)", BigInteger)

_TAKE = (
    update(Moment)
    .where(Moment.name == bindparam("whose"), Moment.next_at <= _NOW + bindparam("ahead", type_=BigInteger))
    .values(
        next_at=func.greatest(Moment.next_at, _NOW - bindparam("late", type_=BigInteger))
        + bindparam("length", type_=BigInteger)
    )
    .returning(Moment.next_at - _NOW)
    .execution_options(synchronize_session=False)
)

# No row yet, or none near enough: then this says how far the next one is.
_LOOK = (
    insert(Moment)
    .values(name=bindparam("whose"), next_at=_NOW)
    .on_conflict_do_update(index_elements=[Moment.name], set_={"next_at": Moment.next_at})
    .returning(Moment.next_at - _NOW)
)

_FAR = 10 * 365 * 86_400 * _MICROSECONDS


async def take(
    session: AsyncSession, name: str, count: int, interval: float, ahead: float | None, late: float
) -> float:
    """Take `count` moments, `interval` apart, and return in how many seconds the first of them is; all are seconds.

    It is `late` in the past at the most. With `ahead`, when the first would be further away than that none is taken,
    and what is returned is larger.
    """
    length = round(count * interval * _MICROSECONDS)
    values = {
        "whose": name,
        "length": length,
        "late": round(late * _MICROSECONDS),
        "ahead": _FAR if ahead is None else round(ahead * _MICROSECONDS),
    }
    end = await session.scalar(_TAKE, values)
    if end is None:
        away = (await session.execute(_LOOK, {"whose": name})).scalar_one() / _MICROSECONDS
        if ahead is not None and away > ahead:
            return float(away)
        # Made just now, or come near meanwhile; held by this transaction, so nobody else takes it.
        end = (await session.execute(_TAKE, values | {"ahead": _FAR})).scalar_one()
    return float(end - length) / _MICROSECONDS


async def hold(session: AsyncSession, name: str, seconds: float) -> None:
    """Let the next moment be so many seconds away, at least."""
    until = _NOW + round(seconds * _MICROSECONDS)
    statement = insert(Moment).values(name=name, next_at=until)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[Moment.name], set_={"next_at": func.greatest(Moment.next_at, until)}
        )
    )
