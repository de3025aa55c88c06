"""Whatever delivery asks the database is found by an index: what it costs does not grow with the tables."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, event, text, tuple_, update
from sqlalchemy.engine import Engine

from scheduler.db.dues import CHECK_INS
from scheduler.db.engine import Database
from scheduler.deliver import LEASE, Deliverer
from scheduler.due import Report
from tests.clock import StillClock
from tests.scheduler.builders import Post, deliver_all, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

Asked = list[tuple[str, Any]]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Return an open database."""
    async with opened(database_url) as database:
        yield database


@contextmanager
def listening() -> Iterator[Asked]:
    """Note every statement on a table of ours, with its parameters."""
    asked: Asked = []

    def note(_c: object, _cursor: object, statement: str, parameters: Any, _x: object, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and ("plans" in statement or "check_ins" in statement):
            asked.append((statement, parameters[0] if many else parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def whole_reads(database: Database, asked: Asked) -> list[str]:
    """Return the statements for which a table would be read from end to end."""
    found = []
    async with database.write() as session:
        connection = await session.connection()
        if not database.is_sqlite:
            # A small table is always read whole; without that way out, only what no index can find still is.
            await connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        for statement, parameters in asked:
            lines = [str(row) for row in await connection.exec_driver_sql(explain + statement, parameters)]
            if any(
                ("'SCAN " in line and "CONSTANT" not in line and "VIRTUAL" not in line) or "Seq Scan" in line
                for line in lines
            ):
                found.append(statement)
    return found


async def deliver_in_every_way(database: Database, clock: StillClock) -> None:
    """Let some come and be sent, some be refused and come again, some be nudged, and some be given back."""
    for chat_id in range(1, 6):
        await make_plan(database, clock(), chat_id)
    clock.move_to(DUE)
    await deliver_all(database, Post([Report("sent"), Report("not_sent"), Report("unknown"), Report("gone")]), clock)
    clock.advance(minutes=5)
    await deliver_all(database, Post(), clock)
    clock.advance(days=1)
    deliverer = Deliverer(database, Post().send, clock, "nudging")
    await deliverer.deliver_due()
    await deliverer.hold_leases()
    await deliverer.finish(1)
    clock.move_to(DUE + timedelta(days=7))
    await deliver_all(database, Post(), clock)


@pytest.mark.case(116)
async def test_no_statement_of_a_delivery_reads_a_whole_table(database: Database, clock: StillClock) -> None:
    with listening() as asked:
        await deliver_in_every_way(database, clock)

    assert len({statement for statement, _ in asked}) > 8
    assert await whole_reads(database, asked) == []


async def test_control_sqlite_reads_the_whole_table_to_find_pairs(database: Database) -> None:
    pairs = tuple_(CHECK_INS.c.id, CHECK_INS.c.attempt).in_(bindparam("pairs", expanding=True))
    by_pairs = update(CHECK_INS).where(pairs).values(wake_at=DUE + LEASE)

    with listening() as asked:
        async with database.write() as session:
            await session.execute(by_pairs, {"pairs": [(1, 1), (2, 1)]})

    assert len(await whole_reads(database, asked)) == database.is_sqlite
