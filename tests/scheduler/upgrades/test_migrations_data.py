"""Tables change under data, and after an interruption, on both databases.

There is one migration so far. What is promised for the next ones is tried with one of the tests' own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, inspect, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from scheduler.db import backup, migrate, people, revision
from scheduler.db.models import Base, CheckIn, Person, Plan
from tests.clock import START
from tests.keys import new_vault
from tests.scheduler.builders import opened
from tests.scheduler.upgrades.tables import engine_of, fill, rows_of


@pytest.mark.case(71)
def test_full_tables_can_be_taken_away_and_made_again(full: str) -> None:
    assert all(rows for name, rows in rows_of(full).items() if name != "alembic_version")

    migrate.downgrade(full, "base")
    with engine_of(full) as engine:
        left = inspect(engine).get_table_names()
    migrate.upgrade(full)

    assert left == ["alembic_version"]
    assert not any(rows for name, rows in rows_of(full).items() if name != "alembic_version")
    fill(full)


@pytest.mark.case(71)
def test_the_next_tables_keep_every_row_and_rule_and_so_does_the_way_back(
    full: str, next_release: Callable[..., None]
) -> None:
    before = rows_of(full)
    next_release()

    migrate.upgrade(full)
    upgraded = rows_of(full)
    with engine_of(full) as engine:
        rules = {rule["name"] for rule in inspect(engine).get_check_constraints("plans")}
    with pytest.raises(IntegrityError), engine_of(full) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE plans SET kind = 'nonsense'"))
    migrate.downgrade(full, "0001")

    assert {"ck_plans_kind", "ck_plans_unit", "ck_plans_interval", "ck_plans_tone"} <= rules
    assert upgraded["moods"] == []
    for name, rows in before.items():
        if name != "alembic_version":
            assert [{key: row[key] for key in row if key != "tone"} for row in upgraded[name]] == rows, name
    assert rows_of(full) == before


@pytest.mark.case(72)
def test_an_upgrade_that_breaks_off_changes_nothing_and_the_next_one_goes_through(
    full: str, next_release: Callable[..., None]
) -> None:
    before = rows_of(full)

    next_release(is_broken=True)
    with pytest.raises(RuntimeError):
        migrate.upgrade(full)
    left = rows_of(full)
    next_release()
    migrate.upgrade(full)

    assert left == before
    assert revision.current(full) == "0002"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_control_outside_of_one_transaction_a_broken_upgrade_leaves_half_of_its_tables(
    full: str, next_release: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's driver alone commits after each change of a table."""

    def unprotected(engine: Engine) -> AbstractContextManager[Connection]:
        return engine.connect()

    monkeypatch.setattr(migrate, "_alone", unprotected)
    next_release(is_broken=True)
    with pytest.raises(RuntimeError):
        migrate.upgrade(full)
    next_release()

    with pytest.raises(DatabaseError, match="moods already exists"):
        migrate.upgrade(full)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_row_numbers_are_never_given_out_again_in_any_table_of_people(full: str) -> None:
    """A table that Alembic copies loses this without a word, unless the migration asks for it."""
    with engine_of(full) as engine, engine.connect() as connection:
        made = dict(connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'table'")).all())

    numbered = [table.name for table in Base.metadata.sorted_tables if "id" in table.c]
    assert {"people", "plans", "check_ins", "runs"} <= set(numbered)
    assert [name for name in numbered if "AUTOINCREMENT" not in made[name]] == []


async def test_rows_of_before_an_upgrade_are_read_and_deleted_by_the_models(
    full: str, next_release: Callable[..., None]
) -> None:
    next_release()
    await asyncio.to_thread(migrate.upgrade, full)

    async with opened(full) as database:
        async with database.read() as session:
            row = await session.scalar(select(CheckIn))
            assert row is not None
            assert row.answer == "canary"
        async with database.write() as session:
            await people.forget(session, 7)
        async with database.read() as session:
            left = [await session.scalar(select(func.count()).select_from(one)) for one in (Person, Plan, CheckIn)]
    assert left == [0, 0, 0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_backup_of_the_release_before_gets_the_tables_of_the_next(
    full: str, next_release: Callable[..., None], tmp_path: Path
) -> None:
    file, copy = tmp_path / "calcibot.db", tmp_path / "copy.db"
    backup.save(file, copy)
    next_release()

    backup.restore(copy, file, new_vault(), START, START)

    assert revision.current(full) == "0002"
    assert len(rows_of(full)["people"]) == 1
    assert revision.current(f"sqlite:///{copy}") == "0001"
