"""Bring a database to the tables of this release. Loads Alembic: `revision` tells whether that is needed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, event, text

from scheduler.db.revision import MIGRATIONS, current, open_engine, refuse_newer

# Any number will do, as long as nobody else on the server takes the same.
LOCK = 2_026_112_201

# Another program that changes the tables is waited for so long.
PATIENCE_SECONDS = 60


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to `revision`; whoever comes second finds it done. Raises NewerDatabaseError."""
    refuse_newer(current(url))
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take the database back to `revision`, or to "base": no tables."""
    _run(url, lambda config: command.downgrade(config, revision))


def _run(url: str, work: Callable[[Config], None]) -> None:
    engine = open_engine(url)
    try:
        with _alone(engine) as connection:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            work(config)
    finally:
        engine.dispose()


def _alone(engine: Engine) -> AbstractContextManager[Connection]:
    """Open a connection, and let one process at a time change the tables."""
    return _alone_on_sqlite(engine) if engine.dialect.name == "sqlite" else _alone_on_postgresql(engine)


@contextmanager
def _alone_on_sqlite(engine: Engine) -> Iterator[Connection]:
    """Do everything in one transaction: all of it counts or nothing, and a second process finds it done."""

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        # Python's driver would commit after each table.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout={PATIENCE_SECONDS * 1000}")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def _alone_on_postgresql(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as guard:
        guard.execute(text("SELECT pg_advisory_lock(:number)"), {"number": LOCK})
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            guard.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": LOCK})
