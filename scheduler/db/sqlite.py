"""Run each SQLite statement in one hand-over to its thread: aiosqlite makes four of it, which cost more than it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar

import aiosqlite

T = TypeVar("T")

# So many rows come with the statement; more are fetched as they are asked for.
AT_ONCE = 2000


class OneHandOver(aiosqlite.Connection):
    """Give out cursors whose rows come with their statement."""

    def cursor(self) -> Cursor:  # type: ignore[override]  # SQLAlchemy takes either kind
        """Return a cursor; nothing is handed over for that."""
        return Cursor(self)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in the thread."""
        result: T = await self._execute(work, self._conn)  # type: ignore[no-untyped-call]  # aiosqlite's own
        return result


class Cursor:
    """Hold what a statement gave: as much of a cursor as SQLAlchemy asks for."""

    arraysize = 1

    def __init__(self, connection: OneHandOver) -> None:
        """Hold nothing yet."""
        self._connection = connection
        # Open while it has more rows.
        self._real: sqlite3.Cursor | None = None
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        """Do nothing."""
        return self

    async def execute(self, statement: str, values: Sequence[Any] = ()) -> Self:
        """Run a statement."""
        await self._connection.run(lambda connection: self._take(connection.execute(statement, values)))
        return self

    async def executemany(self, statement: str, rows: Sequence[Sequence[Any]]) -> Self:
        """Run a statement for each set of values."""
        await self._connection.run(lambda connection: self._take(connection.executemany(statement, rows)))
        return self

    def _take(self, real: sqlite3.Cursor) -> None:
        """Take over what the real cursor has. In the thread."""
        self.description = real.description
        self._rows = real.fetchmany(AT_ONCE) if real.description else []
        # Known only when all is read.
        self.rowcount, self.lastrowid = real.rowcount, real.lastrowid
        if len(self._rows) < AT_ONCE:
            real.close()
        else:
            self._real = real

    async def fetchmany(self, size: int = AT_ONCE) -> list[Any]:
        """Return the next rows, as many as are there already or asked for."""
        if not self._rows and (real := self._real) is not None:
            return await self._connection.run(lambda _: real.fetchmany(size))
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    async def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        rows, self._rows = self._rows, []
        if (real := self._real) is not None:
            rows += await self._connection.run(lambda _: real.fetchall())
            self.rowcount = real.rowcount
        return rows

    async def close(self) -> None:
        """Close the real one, if it is still open."""
        if (real := self._real) is not None:
            self._real = None
            await self._connection.run(lambda _: real.close())


async def connect(path: str, **options: Any) -> OneHandOver:  # noqa: ANN401  # as sqlite3
    """Open a database file. A program that ends does not wait for the thread."""
    connection = OneHandOver(lambda: sqlite3.connect(path, **options), iter_chunk_size=AT_ONCE)
    connection._thread.daemon = True
    await connection
    return connection
