"""Know which keys a database needs, and seal everything anew with the first of them while the bot runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from scheduler.db.base import Base
from scheduler.db.crypto import CannotOpen, KeysError, Vault
from scheduler.db.engine import Database
from scheduler.db.models import UsedKey
from scheduler.db.types import sealed_columns

# Short enough that nobody waits for it: a writer holds up all others on SQLite.
BATCH = 100


class MissingKeysError(KeysError):
    """Values are stored that no given key opens."""

    def __init__(self, names: Collection[str]) -> None:
        """Name the missing keys; a name tells nothing about its key."""
        super().__init__(
            f"The database holds answers that were encrypted with a key that is not here ({', '.join(sorted(names))}). "
            "Put that key back, from where you keep a copy of it. If it is lost for good, those answers cannot be read "
            "by anybody: calcibot keys give-up removes them, and the bot can start again."
        )


async def check(session: AsyncSession, vault: Vault, now: datetime) -> None:
    """Note that the first key is used from now on. Raises MissingKeysError when the database needs others."""
    if missing := await find_missing(session, vault):
        raise MissingKeysError(missing)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    await session.execute(insert(UsedKey).values(name=vault.names[0], since=now).on_conflict_do_nothing())


async def find_missing(session: AsyncSession, vault: Vault) -> set[str]:
    """Return the names of keys that the database was used with and that `vault` lacks."""
    return set(await session.scalars(select(UsedKey.name))) - set(vault.names)


async def rotate(database: Database, now: datetime) -> int:
    """Seal every value with the first key, a few at a time, and return how many were sealed with another.

    Raises MissingKeysError, and CannotOpen for a value that no key opens.
    """
    vault = _vault(database)
    async with database.write() as session:
        await check(session, vault, now)
    count = 0
    for model, column in columns():
        last = 0
        while True:
            async with database.write() as session:
                rows = await _batch(session, model, column, last)
                for row in rows:
                    if (token := vault.reseal(getattr(row, column.key))) is not None:
                        setattr(row, column.key, token)
                        count += 1
            if not rows:
                break
            last = rows[-1].id
    return count


async def retire(database: Database, now: datetime) -> None:
    """Seal what is left with the first key, and forget that any other was ever needed. Raises as `rotate`."""
    vault = _vault(database)
    await rotate(database, now)
    async with database.write() as session:
        await session.execute(delete(UsedKey).where(UsedKey.name != vault.names[0]))


async def give_up(database: Database, now: datetime) -> Counter[str]:
    """Remove the values that no key opens, and return how many there were, by table and column."""
    vault = _vault(database)
    lost: Counter[str] = Counter()
    for model, column in columns():
        last = 0
        while True:
            async with database.write() as session:
                rows = await _batch(session, model, column, last)
                for row in rows:
                    if _opens(vault, getattr(row, column.key)):
                        continue
                    lost[_name(column)] += 1
                    if model.__table__.c[column.key.removeprefix("_")].nullable:
                        setattr(row, column.key, None)
                    else:
                        await session.delete(row)
            if not rows:
                break
            last = rows[-1].id
    async with database.write() as session:
        await session.execute(delete(UsedKey).where(UsedKey.name.not_in(vault.names)))
        await check(session, vault, now)
    return lost


async def count_unreadable(database: Database) -> Counter[str]:
    """Return how many values no key opens, by table and column."""
    vault = _vault(database)
    lost: Counter[str] = Counter()
    async with database.read() as session:
        for _, column in columns():
            tokens = await session.stream_scalars(select(column).where(column.is_not(None)))
            async for token in tokens:
                lost[_name(column)] += not _opens(vault, token)
    return +lost


def columns() -> Iterator[tuple[type[Base], InstrumentedAttribute[Any]]]:
    """Yield every encrypted column with its model."""
    for mapper in Base.registry.mappers:
        for name in sealed_columns(mapper.class_):
            yield mapper.class_, getattr(mapper.class_, f"_{name}")


def _name(column: InstrumentedAttribute[Any]) -> str:
    return f"{column.class_.__tablename__}.{column.key.removeprefix('_')}"


async def _batch(session: AsyncSession, model: type[Base], column: InstrumentedAttribute[Any], after: int) -> list[Any]:
    number: Any = model.__table__.c.id
    query = select(model).where(number > after, column.is_not(None)).order_by(number).limit(BATCH).with_for_update()
    return list(await session.scalars(query))


def _opens(vault: Vault, token: str) -> bool:
    try:
        vault.reseal(token)
    except CannotOpen:
        return False
    return True


def _vault(database: Database) -> Vault:
    if database.vault is None:
        raise KeysError("this database was opened without keys")
    return database.vault
