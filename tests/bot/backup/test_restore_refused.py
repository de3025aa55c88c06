"""Nothing is put back under a running bot, nor what is no whole backup of ours."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import Result

from scheduler.db import migrate
from scheduler.db.backup import BackupError
from scheduler.db.engine import Database
from scheduler.db.keys import MissingKeysError
from scheduler.db.models import Person
from scheduler.db.revision import NewerDatabaseError
from tests.bot.backup.files import chats, damage, restore
from tests.keys import OTHER_KEY, new_vault


def test_nothing_is_put_back_while_somebody_has_the_database_open(file: Path, copy: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("SELECT * FROM people").fetchall()
        before = file.stat().st_ino

        with pytest.raises(BackupError, match="in use"):
            restore(copy, file)

    assert file.stat().st_ino == before
    assert restore(copy, file).aside


def test_without_a_yes_nothing_is_put_back(file: Path, copy: Path, calcibot: Callable[..., Result]) -> None:
    before = file.stat().st_ino

    said = calcibot("restore", copy)

    assert said.exit_code == 1
    assert file.stat().st_ino == before


def test_a_damaged_backup_is_refused(file: Path, copy: Path) -> None:
    damage(copy)
    before = file.stat().st_ino

    with pytest.raises(BackupError):
        restore(copy, file)

    assert file.stat().st_ino == before
    assert [one.name for one in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("content", [b"", b"hello" * 1000])
def test_what_is_no_backup_is_refused(file: Path, tmp_path: Path, content: bytes) -> None:
    other = tmp_path / "letter.txt"
    other.write_bytes(content)

    with pytest.raises(BackupError):
        restore(other, file)

    assert chats(file) == {7}


def test_a_backup_of_other_keys_is_refused(file: Path, copy: Path) -> None:
    before = file.stat().st_ino

    with pytest.raises(MissingKeysError):
        restore(copy, file, OTHER_KEY)

    assert file.stat().st_ino == before
    assert [one.name for one in file.parent.iterdir()] == [file.name]


def test_a_backup_of_a_later_release_is_refused(file: Path, copy: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(NewerDatabaseError, match="9999"):
        restore(copy, file)

    assert chats(file) == {7}


def test_a_database_is_not_put_back_over_itself(file: Path) -> None:
    with pytest.raises(BackupError, match="itself"):
        restore(file, file)


@pytest.mark.parametrize("given", ["yesterday", "2026-11-22T14:00", "9000-01-01T00:00Z"])
def test_a_time_that_means_nothing_is_refused(copy: Path, calcibot: Callable[..., Result], given: str) -> None:
    said = calcibot("restore", copy, "--yes", "--sent-until", given)

    assert isinstance(said.exception, BackupError)
    assert "--sent-until" in str(said.exception)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_settling_waits_until_nobody_else_is_connected(
    database_url: str, calcibot: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    runner = asyncio.Runner()
    other = Database(database_url, new_vault())

    async def look() -> None:
        async with other.read() as session:
            await session.scalar(select(func.count()).select_from(Person))

    with runner:
        runner.run(look())
        refused = calcibot("settle", "--yes")
        runner.run(other.close())
    accepted = calcibot("settle", "--yes")

    assert isinstance(refused.exception, BackupError)
    assert "stop every bot" in str(refused.exception)
    assert accepted.exit_code == 0, accepted.output


def test_a_database_without_tables_is_no_backup(tmp_path: Path, file: Path) -> None:
    older = tmp_path / "older.db"
    migrate.upgrade(f"sqlite:///{older}")
    migrate.downgrade(f"sqlite:///{older}", "base")

    with pytest.raises(BackupError, match="no tables"):
        restore(older, file)
