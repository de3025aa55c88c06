"""Tell which tables a database has and which this release needs, without loading the tool that changes them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, create_engine, inspect, text

from scheduler.db.engine import with_driver

MIGRATIONS = Path(__file__).parent / "migrations"


class NewerDatabaseError(Exception):
    """A later release made or changed this database."""

    def __init__(self, found: str) -> None:
        """Name both revisions."""
        super().__init__(
            f"The database is at {found}, and this release knows nothing after {newest()}: a later release made or "
            "changed it. Start that release, or put back a backup from before it. Nothing was changed."
        )


def newest() -> str:
    """Return the revision that this release works with: migrations are numbered files."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def refuse_newer(found: str | None) -> None:
    """Raise NewerDatabaseError for a revision that only a later release knows."""
    if found is not None and found > newest():
        raise NewerDatabaseError(found)


def current(url: str) -> str | None:
    """Return the revision of a database; None for one without tables."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
            return found
    finally:
        engine.dispose()


def open_engine(url: str) -> Engine:
    """Return an engine for one connection at a time; an SQLite file's folder is made if it is missing."""
    parsed = with_driver(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).absolute().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        parsed = parsed.set(drivername="sqlite+pysqlite")
    return create_engine(parsed)
