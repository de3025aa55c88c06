"""Open the database: SQLite with the settings that keep it safe, or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Connection, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from scheduler.db import sqlite
from scheduler.db.crypto import Vault
from scheduler.db.types import VAULT

# A writer waits this long for the one before it. Transactions here are short, so a longer wait means a fault.
BUSY_SECONDS = 10

# Pages kept in memory. A delivery changes rows all over the tables: of 100,000 plans' tables this holds what is used
# most, and a small bot's are smaller. Others only read a few rows here and there.
WRITER_CACHE_KIB = 16_000
READER_CACHE_KIB = 2_000

# PostgreSQL ends a statement or an idle transaction after this long, so that no lock outlives its owner's lease.
STATEMENT_MILLISECONDS = 15_000

# An option of a connection to SQLite for a statement that needs no transaction around it.
_ALONE = "alone"


class Database:
    """Give out short transactions. `write` locks at its beginning on SQLite, `read` changes nothing."""

    def __init__(self, url: str, vault: Vault | None = None, *, checkpoint: bool = True) -> None:
        """Prepare engines for `sqlite:///path` or `postgresql://...`; nothing is opened yet.

        Without a vault, what is encrypted can be neither read nor written. A program that writes beside the running
        bot gives `checkpoint=False`.
        """
        self.url = with_driver(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite:
            # One connection writes: SQLite before 3.51.3 can damage a WAL file when two of them checkpoint at once.
            self._writer = _sqlite_engine(self.url, writes=True, size=1, checkpoint=checkpoint)
            self._reader = _sqlite_engine(self.url, writes=False, size=4, checkpoint=False)
        else:
            self._writer = self._reader = _postgresql_engine(self.url)
        without_begin = {_ALONE: True} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._looker = self._reader.execution_options(**without_begin)
        self.vault = vault
        info = {VAULT: vault}
        self._write_sessions = async_sessionmaker(self._writer, expire_on_commit=False, info=info)
        self._read_sessions = async_sessionmaker(self._reader, expire_on_commit=False, info=info)

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Open one transaction, committed at the end, rolled back on an exception. Never await Telegram inside."""
        async with self._write_sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """Open one transaction that sees one moment and changes nothing."""
        async with self._read_sessions() as session, session.begin():
            yield session

    @asynccontextmanager
    async def look(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection for one statement that changes nothing, without a transaction: it costs a third of one."""
        async with self._looker.connect() as connection:
            yield connection

    async def wipe(self) -> bool:
        """Bring deletions from SQLite's log into its file, and empty the log. Return whether nothing is left in it.

        Deleted rows are overwritten in the file (`secure_delete`), but older pages stay in the log until then.
        PostgreSQL keeps its own house: nothing is done there.
        """
        if not self.is_sqlite:
            return True
        async with self._writer.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None  # just connected
            cursor = await raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            is_busy, *_ = await cursor.fetchone()
            await cursor.close()
        return not is_busy

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def with_driver(url: str) -> URL:
    """Return the URL with the driver that this program uses. Raises ValueError for another database."""
    parsed = make_url(url)
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
    backend = parsed.drivername.split("+", maxsplit=1)[0]
    if backend not in drivers:
        raise ValueError(f"{backend} is not a database this program knows")
    return parsed.set(drivername=drivers[backend])


def _sqlite_engine(url: URL, *, writes: bool, size: int, checkpoint: bool) -> AsyncEngine:
    engine = create_async_engine(
        url,
        pool_size=size,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        connect_args={"timeout": BUSY_SECONDS},
        # An error's message must not quote what people wrote.
        hide_parameters=True,
    )

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # Python's driver would begin by itself, too late for a lock; SQLAlchemy begins below.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "foreign_keys=ON",
            # An acknowledged update must survive a power cut.
            "synchronous=FULL",
            "secure_delete=ON",
            f"cache_size={-WRITER_CACHE_KIB if writes else -READER_CACHE_KIB}",
            f"wal_autocheckpoint={1000 if checkpoint else 0}",
            f"query_only={'ON' if begin == 'BEGIN' else 'OFF'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def connect(_dialect: object, _record: object, _path: object, options: dict[str, Any]) -> None:
        options["async_creator_fn"] = sqlite.connect

    def start(connection: Connection) -> None:
        if not connection.get_execution_options().get(_ALONE):
            connection.exec_driver_sql(begin)

    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    event.listen(engine.sync_engine, "do_connect", connect)
    event.listen(engine.sync_engine, "connect", prepare)
    event.listen(engine.sync_engine, "begin", start)
    return engine


def _postgresql_engine(url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_timeout=BUSY_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            # No server-side prepared statements: a connection pooler between may hand each transaction another server.
            "prepare_threshold": None,
            "connect_timeout": BUSY_SECONDS,
            "options": f"-c statement_timeout={STATEMENT_MILLISECONDS} "
            f"-c idle_in_transaction_session_timeout={STATEMENT_MILLISECONDS} -c timezone=UTC",
        },
    )
