"""Fill every table, and read all of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, Table, insert, inspect, text

from scheduler.db import keys, revision
from scheduler.db.models import Base, CheckIn
from tests.clock import START
from tests.keys import new_vault
from tests.scheduler.builders import opened


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    """Open an engine for the length of a block."""
    engine = revision.open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def fill(url: str) -> None:
    """Put one row into every table, one person's where it is about people; what they said is sealed."""

    async def add() -> None:
        async with opened(url) as database, database.write() as session:
            await keys.check(session, new_vault(), START)
            for table in Base.metadata.sorted_tables:
                if table.name not in {"used_keys", "check_ins"}:
                    await session.execute(insert(table).values(values_of(table, 1)))
            session.add(CheckIn(**values_of(CheckIn.__table__, 1) | {"answer": "canary"}))

    asyncio.run(add())


def values_of(table: Any, number: int) -> dict[str, Any]:  # a table is a FromClause to mypy
    """Return a value for each column that needs one."""
    assert isinstance(table, Table)
    known = {"person_id": 1, "plan_id": 1, "chat_id": 7, "kind": "check_in", "unit": "week", "state": "sent"}
    by_type = {int: number, str: f"text{number}", bool: False, date: START.date()}
    values: dict[str, Any] = {}
    for column in table.c:
        if column.name in known:
            values[column.name] = known[column.name]
        elif not column.nullable and column.name != "id":
            kind = column.type.python_type
            values[column.name] = by_type.get(kind, START + timedelta(minutes=number))
    return values


def rows_of(url: str) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of all tables as the database has them."""
    with engine_of(url) as engine, engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.execute(text(f'SELECT * FROM "{name}" ORDER BY 1')).mappings()]
            for name in inspect(connection).get_table_names()
            if name != "sqlite_sequence"
        }
