"""Bring a database to the tables of this release, and tell whether it is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine

from scheduler.db.engine import with_driver

MIGRATIONS = Path(__file__).parent / "migrations"


def newest() -> str:
    """Return the revision that this release works with."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # there is a first migration
    return head


def current(url: str) -> str | None:
    """Return the revision of a database; None for one without tables."""
    engine = _open(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to `revision`. Run it in one place at a time, before the replicas start."""
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take the database back to `revision`, or to "base": no tables."""
    _run(url, lambda config: command.downgrade(config, revision))


def _run(url: str, work: Callable[[Config], None]) -> None:
    engine = _open(url)
    try:
        with engine.connect() as connection:
            work(_config(connection))
    finally:
        engine.dispose()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _open(url: str) -> Engine:
    parsed = with_driver(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).absolute().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        parsed = parsed.set(drivername="sqlite+pysqlite")
    return create_engine(parsed)
