"""Bring a database to the tables of this release. Loads Alembic: `revision` tells whether that is needed."""

from __future__ import annotations

from collections.abc import Callable

from alembic import command
from alembic.config import Config

from scheduler.db.revision import MIGRATIONS, open_engine


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database to `revision`. Run it in one place at a time, before the replicas start."""
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take the database back to `revision`, or to "base": no tables."""
    _run(url, lambda config: command.downgrade(config, revision))


def _run(url: str, work: Callable[[Config], None]) -> None:
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            config = Config()
            config.set_main_option("script_location", str(MIGRATIONS))
            config.attributes["connection"] = connection
            work(config)
    finally:
        engine.dispose()
