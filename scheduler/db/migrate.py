"""Bring a database to the tables of this release. Loads Alembic: `revision` tells whether that is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, text

from scheduler.db.revision import MIGRATIONS, open_engine

# Any number will do, as long as nobody else on the server takes the same.
LOCK = 2_026_112_201


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to `revision`. Run it in one place at a time, before the replicas start."""
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take the database back to `revision`, or to "base": no tables."""
    _run(url, lambda config: command.downgrade(config, revision))


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Let one process at a time change the tables; SQLite sees to that itself."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": LOCK})


def _run(url: str, work: Callable[[Config], None]) -> None:
    engine = open_engine(url)
    try:
        with _alone(engine), engine.connect() as connection:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            work(config)
    finally:
        engine.dispose()
