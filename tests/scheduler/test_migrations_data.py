"""Tables change under data, beside running programs, and after an interruption, on both databases.

There is one migration so far. What is promised for the next ones is tried with one of the tests' own.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table, func, insert, inspect, select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from scheduler.db import backup, keys, migrate, people, revision
from scheduler.db.models import Base, CheckIn, Person, Plan
from scheduler.db.revision import NewerDatabaseError
from tests.clock import START
from tests.keys import KEY, new_vault
from tests.scheduler.builders import opened

ROOT = Path(__file__).parents[2]

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
    _fill(database_url)
    yield database_url
    with _engine(database_url) as engine, engine.begin() as connection:
        # Whatever a test left there.
        for name in reversed(inspect(connection).get_table_names()):
            cascade = " CASCADE" if engine.dialect.name == "postgresql" else ""
            connection.execute(text(f'DROP TABLE "{name}"{cascade}'))
    migrate.upgrade(database_url)


@pytest.mark.case(71)
def test_full_tables_can_be_taken_away_and_made_again(full: str) -> None:
    assert all(rows for name, rows in _rows(full).items() if name != "alembic_version")

    migrate.downgrade(full, "base")
    with _engine(full) as engine:
        left = inspect(engine).get_table_names()
    migrate.upgrade(full)

    assert left == ["alembic_version"]
    assert not any(rows for name, rows in _rows(full).items() if name != "alembic_version")
    _fill(full)


@pytest.mark.case(71)
def test_the_next_tables_keep_every_row_and_rule_and_so_does_the_way_back(
    full: str, next_release: Callable[..., None]
) -> None:
    before = _rows(full)
    next_release()

    migrate.upgrade(full)
    upgraded = _rows(full)
    with _engine(full) as engine:
        rules = {rule["name"] for rule in inspect(engine).get_check_constraints("plans")}
    with pytest.raises(IntegrityError), _engine(full) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE plans SET kind = 'nonsense'"))
    migrate.downgrade(full, "0001")

    assert {"ck_plans_kind", "ck_plans_unit", "ck_plans_interval", "ck_plans_tone"} <= rules
    assert upgraded["moods"] == []
    for name, rows in before.items():
        if name != "alembic_version":
            assert [{key: row[key] for key in row if key != "tone"} for row in upgraded[name]] == rows, name
    assert _rows(full) == before


@pytest.mark.case(71)
async def test_a_program_that_runs_goes_on_while_the_tables_become_those_of_the_next_release(
    full: str, next_release: Callable[..., None]
) -> None:
    next_release()
    writes = 0
    upgrading = asyncio.create_task(asyncio.to_thread(migrate.upgrade, full))

    async with opened(full) as old:
        while not upgrading.done() or writes < 20:
            async with old.write() as session:
                person = await people.ensure(session, 10_000 + writes, START)
                session.add(Plan(**_values(Plan.__table__, 1000 + writes) | {"person_id": person.id}))
            async with old.read() as session:
                await session.scalars(select(Plan).limit(5))
            writes += 1
        await upgrading

        assert revision.current(full) == "0002"
        async with old.read() as session:
            assert await session.scalar(select(func.count()).select_from(Person)) == writes + 1
            assert await session.scalar(select(func.count()).select_from(Plan)) == writes + 1


@pytest.mark.case(71)
def test_a_program_that_starts_on_the_tables_of_a_later_release_refuses_in_one_sentence(full: str) -> None:
    with _engine(full) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    ended = [_calcibot(full, *words).wait_for_it() for words in (("run",), ("db", "check"), ("db", "upgrade"))]

    for code, said in ended:
        assert code == 2
        assert "a later release made or changed it" in said
        assert "Traceback" not in said
    with pytest.raises(NewerDatabaseError):
        migrate.upgrade(full)
    with _engine(full) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))


@pytest.mark.case(72)
def test_programs_that_upgrade_at_the_same_moment_do_it_once(full: str) -> None:
    migrate.downgrade(full, "base")

    ended = [one.wait_for_it() for one in [_calcibot(full, "db", "upgrade") for _ in range(3)]]

    assert [code for code, _ in ended] == [0, 0, 0], ended
    assert revision.current(full) == "0001"


@pytest.mark.case(72)
def test_an_upgrade_that_breaks_off_changes_nothing_and_the_next_one_goes_through(
    full: str, next_release: Callable[..., None]
) -> None:
    before = _rows(full)

    next_release(is_broken=True)
    with pytest.raises(RuntimeError):
        migrate.upgrade(full)
    left = _rows(full)
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
    with _engine(full) as engine, engine.connect() as connection:
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
    assert len(_rows(full)["people"]) == 1
    assert revision.current(f"sqlite:///{copy}") == "0001"


class _Running:
    """Hold one process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def wait_for_it(self) -> tuple[int, str]:
        """Return the exit code, and everything that was said."""
        out, err = self._process.communicate(timeout=60)
        return self._process.returncode, out + err


def _calcibot(url: str, *words: str) -> _Running:
    environment = os.environ | {
        "TELEGRAM_BOT_TOKEN": f"123456:{'A' * 35}",
        "TELEGRAM_API_URL": "http://127.0.0.1:9",
        "DATABASE_URL": url,
        "CALCIBOT_KEYS": KEY,
        "WEB_PORT": "1",
    }
    return _Running(
        subprocess.Popen(
            [sys.executable, "-m", "bot", *words],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = revision.open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


def _fill(url: str) -> None:
    """Put one row into every table, one person's where it is about people; what they said is sealed."""

    async def fill() -> None:
        async with opened(url) as database, database.write() as session:
            await keys.check(session, new_vault(), START)
            for table in Base.metadata.sorted_tables:
                if table.name not in {"used_keys", "check_ins"}:
                    await session.execute(insert(table).values(_values(table, 1)))
            session.add(CheckIn(**_values(CheckIn.__table__, 1) | {"answer": "canary"}))

    asyncio.run(fill())


def _values(table: Any, number: int) -> dict[str, Any]:  # a table is a FromClause to mypy
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


def _rows(url: str) -> dict[str, list[dict[str, Any]]]:
    """Return all rows of all tables as the database has them."""
    with _engine(url) as engine, engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.execute(text(f'SELECT * FROM "{name}" ORDER BY 1')).mappings()]
            for name in inspect(connection).get_table_names()
            if name != "sqlite_sequence"
        }
