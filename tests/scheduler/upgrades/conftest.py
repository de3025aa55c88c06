"""Share full tables, and the tables of a release to come."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from scheduler.db import migrate, revision
from tests.scheduler.upgrades.tables import engine_of, fill

# As the next release might: a column that the old programs do not know, a rule, and a table of its own.
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table("moods", sa.Column("id", sa.Integer(), primary_key=True))
    with op.batch_alter_table("plans", table_kwargs={"sqlite_autoincrement": True}) as plans:
        plans.add_column(sa.Column("tone", sa.String(), nullable=True))
        plans.create_check_constraint(op.f("ck_plans_tone"), "tone IN ('calm', 'plain')")
    # broken here


def downgrade() -> None:
    with op.batch_alter_table("plans", table_kwargs={"sqlite_autoincrement": True}) as plans:
        plans.drop_constraint(op.f("ck_plans_tone"), type_="check")
        plans.drop_column("tone")
    op.drop_table("moods")
"""


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what makes the tables of the next release known here, whole or broken."""
    folder = tmp_path / "migrations"
    shutil.copytree(revision.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))

    def release(*, is_broken: bool = False) -> None:
        code = NEXT.replace("# broken here", "raise RuntimeError") if is_broken else NEXT
        (folder / "versions" / "0002_the_next.py").write_text(code, encoding="utf-8")
        monkeypatch.setattr(revision, "MIGRATIONS", folder)
        monkeypatch.setattr(migrate, "MIGRATIONS", folder)

    return release


@pytest.fixture
def full(database_url: str) -> Iterator[str]:
    """Return a database with rows in every table; in the end it has the tables of this release."""
    fill(database_url)
    yield database_url
    with engine_of(database_url) as engine, engine.begin() as connection:
        # Whatever a test left there.
        for name in reversed(inspect(connection).get_table_names()):
            cascade = " CASCADE" if engine.dialect.name == "postgresql" else ""
            connection.execute(text(f'DROP TABLE "{name}"{cascade}'))
    migrate.upgrade(database_url)
