"""Statements of SQLite in one hand-over: their rows come all, however many there are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from scheduler.db.engine import Database
from scheduler.db.sqlite import AT_ONCE

MANY = 2 * AT_ONCE + 7

NUMBERS = text("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :last) SELECT i FROM n")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'rows.db'}")
    async with database.write() as session:
        await session.execute(text("CREATE TABLE things (id INTEGER PRIMARY KEY, seen INTEGER DEFAULT 0)"))
    yield database
    await database.close()


@pytest.mark.parametrize("last", [1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, MANY])
async def test_every_row_comes_once_and_in_order(database: Database, last: int) -> None:
    async with database.read() as session:
        rows = (await session.scalars(NUMBERS, {"last": last})).all()

    assert rows == list(range(1, last + 1))


async def test_a_stream_gives_every_row(database: Database) -> None:
    async with database.read() as session:
        rows = [row async for row in await session.stream_scalars(NUMBERS, {"last": MANY})]

    assert rows == list(range(1, MANY + 1))


async def test_the_rest_of_a_stream_that_nobody_reads_holds_nobody_up(database: Database) -> None:
    async with database.write() as session:
        stream = await session.stream_scalars(NUMBERS, {"last": MANY})
        first = await anext(aiter(stream))
        await stream.close()
    async with database.write() as session:
        await session.execute(text("INSERT INTO things (id) VALUES (1)"))

    assert first == 1


async def test_changes_are_counted_and_given_back(database: Database) -> None:
    async with database.write() as session:
        await session.execute(text("INSERT INTO things (id) VALUES (:id)"), [{"id": i} for i in range(MANY)])
        changed = await session.execute(text("UPDATE things SET seen = 1 WHERE id < 10"))
        returned = (await session.execute(text("UPDATE things SET seen = 2 RETURNING id"))).all()

    assert changed.rowcount == 10
    assert len(returned) == MANY


async def test_an_error_is_told_and_the_connection_goes_on(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.write() as session:
            await session.execute(text("INSERT INTO things (id) VALUES (1), (1)"))
    with pytest.raises(OperationalError):
        async with database.read() as session:
            await session.execute(text("SELECT nothing FROM nowhere"))

    async with database.read() as session:
        assert (await session.scalars(text("SELECT count(*) FROM things"))).one() == 0
