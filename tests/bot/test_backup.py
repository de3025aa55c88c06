"""A backup is whole or not there; one that is put back sends nothing a second time."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner, Result

from bot import __main__ as program
from bot.commands.backup import KEEP_DAYS
from bot.phone.server import Phone
from scheduler.db import backup, migrate, people
from scheduler.db.backup import BackupError
from scheduler.db.crypto import Vault
from scheduler.db.engine import Database
from scheduler.db.keys import MissingKeysError
from scheduler.db.models import Person, UsedKey
from scheduler.db.revision import NewerDatabaseError
from tests.clock import START
from tests.keys import KEY, OTHER_KEY, new_vault
from tests.scheduler.builders import opened

ROOT = Path(__file__).parents[2]
TOKEN = "123456:" + "A" * 35
WRITES = 300


@pytest.fixture
def file(empty_database: Path, tmp_path: Path) -> Path:
    """Return an SQLite database in use, with one person."""
    path = tmp_path / "data" / "bot.db"
    path.parent.mkdir()
    shutil.copy(empty_database, path)
    asyncio.run(_add(path, 7))
    return path


@pytest.fixture
def calcibot(file: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return the command line, with this database in its environment."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    monkeypatch.setenv("CALCIBOT_KEYS", KEY)
    return lambda *words: CliRunner().invoke(program.app, [str(word) for word in words])


@pytest.fixture
def copy(file: Path, tmp_path: Path) -> Path:
    """Return a backup of that database."""
    path = tmp_path / "copy.db"
    backup.save(file, path)
    return path


async def _add(path: Path, *chat_ids: int) -> None:
    async with opened(f"sqlite:///{path}") as database, database.write() as session:
        for chat_id in chat_ids:
            people.ask(await people.ensure(session, chat_id, START), {"said": "canary"})
        if not await session.scalar(select(func.count()).select_from(UsedKey)):
            session.add(UsedKey(name=new_vault().names[0], since=START))


def chats(path: Path) -> set[int]:
    with closing(sqlite3.connect(path)) as connection:
        return {number for (number,) in connection.execute("SELECT chat_id FROM people")}


def restore(copy: Path, file: Path, *keys: str) -> backup.Restored:
    return backup.restore(copy, file, Vault(keys or [KEY]), START, START)


@pytest.mark.case(70)
def test_a_backup_while_the_bot_writes_is_one_moment_of_it_whole_and_private(file: Path, tmp_path: Path) -> None:
    """Pairs are written in one transaction each: a copy of half a moment would hold an odd number."""
    begun, enough = threading.Event(), threading.Event()

    async def write() -> None:
        async with opened(f"sqlite:///{file}") as database:
            for number in range(WRITES):
                async with database.write() as session:
                    await people.ensure(session, 1000 + 2 * number, START)
                    await people.ensure(session, 1001 + 2 * number, START)
                begun.set()
                if enough.is_set():
                    return

    writer = threading.Thread(target=asyncio.run, args=(write(),))
    writer.start()
    begun.wait()
    copies = [tmp_path / f"copy{number}.db" for number in range(5)]
    for one in copies:
        backup.save(file, one)
    enough.set()
    writer.join()

    counts = [len(chats(one)) - 1 for one in copies]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0] > 0
    assert all(count % 2 == 0 for count in counts)
    assert {stat.S_IMODE(one.stat().st_mode) for one in copies} == {0o600}
    assert sorted(one.name for one in tmp_path.iterdir() if one.is_file()) == [one.name for one in copies]


def test_a_backup_overwrites_nothing(file: Path, copy: Path) -> None:
    before = copy.read_bytes()

    with pytest.raises(BackupError, match="is there already"):
        backup.save(file, copy)

    assert copy.read_bytes() == before


def test_a_backup_that_fails_leaves_nothing_behind(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_sync", full)
    with pytest.raises(OSError, match="No space left"):
        backup.save(file, tmp_path / "copy.db")

    assert [one.name for one in tmp_path.iterdir()] == ["data"]


def test_a_damaged_database_makes_no_backup(file: Path, tmp_path: Path) -> None:
    _damage(file)

    with pytest.raises(BackupError):
        backup.save(file, tmp_path / "copy.db")

    assert [one.name for one in tmp_path.iterdir()] == ["data"]


def test_the_command_says_what_a_backup_needs_and_how_long_it_may_be_kept(
    calcibot: Callable[..., Result], tmp_path: Path
) -> None:
    said = calcibot("backup", tmp_path / "copy.db")

    assert said.exit_code == 0, said.output
    assert "keys" in said.output
    assert f"{KEEP_DAYS} days" in said.output
    policy = (ROOT / "docs" / "privacy-policy.md").read_text(encoding="utf-8")
    assert f"keeps backups for **{KEEP_DAYS} days**" in policy


def test_a_backup_that_is_put_back_is_the_database_and_the_one_before_stays_beside_it(file: Path, copy: Path) -> None:
    asyncio.run(_add(file, 8))

    done = restore(copy, file)

    assert chats(file) == {7}
    assert done.aside is not None
    assert chats(done.aside) == {7, 8}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {one.name for one in file.parent.iterdir()} == {file.name, done.aside.name}
    assert chats(copy) == {7}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_puts_back_belongs_to_the_bot_s_user(file: Path, copy: Path) -> None:
    os.chown(file, 10001, 10001)

    restore(copy, file)

    assert (file.stat().st_uid, file.stat().st_gid) == (10001, 10001)


def test_a_backup_is_put_back_where_nothing_is_left(file: Path, copy: Path) -> None:
    file.unlink()
    # Of the lost one: taken for a part of the next database it would destroy that.
    Path(f"{file}-wal").write_bytes(b"what a crash left")

    done = restore(copy, file)

    assert chats(file) == {7}
    assert (done.aside, done.forgotten) == (None, None)


def test_a_backup_is_put_back_over_a_damaged_database(file: Path, copy: Path) -> None:
    file.write_bytes(b"no database at all" * 1000)

    done = restore(copy, file)

    assert chats(file) == {7}
    assert done.forgotten is None


@pytest.mark.case(112)
def test_who_was_deleted_since_the_backup_is_deleted_again(file: Path, tmp_path: Path) -> None:
    asyncio.run(_add(file, 8, 9))
    copy = tmp_path / "copy.db"
    backup.save(file, copy)

    async def forget() -> None:
        async with opened(f"sqlite:///{file}") as database, database.write() as session:
            await people.forget(session, 8)

    asyncio.run(forget())

    done = restore(copy, file)

    assert chats(file) == {7, 9}
    assert done.forgotten == 1


def test_nothing_is_put_back_while_somebody_has_the_database_open(file: Path, copy: Path) -> None:
    with closing(sqlite3.connect(file)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("SELECT * FROM people").fetchall()
        before = file.stat().st_ino

        with pytest.raises(BackupError, match="in use"):
            restore(copy, file)

    assert file.stat().st_ino == before
    assert restore(copy, file).aside


def test_nothing_is_put_back_under_a_running_bot(
    file: Path, copy: Path, calcibot: Callable[..., Result], bot: subprocess.Popen[str]
) -> None:
    assert bot.stderr is not None
    while "the bot listens" not in bot.stderr.readline():
        assert bot.poll() is None

    refused = calcibot("restore", copy, "--yes")
    bot.send_signal(signal.SIGTERM)
    bot.wait(30)
    accepted = calcibot("restore", copy, "--yes")

    assert isinstance(refused.exception, BackupError)
    assert "stop the bot first" in str(refused.exception)
    assert accepted.exit_code == 0, accepted.output


@pytest.fixture
def bot(file: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the bot on that database."""
    with Phone(tokens=[TOKEN]).in_thread() as phone:
        environment = os.environ | {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": phone.url,
            "DATABASE_URL": f"sqlite:///{file}",
            "CALCIBOT_KEYS": KEY,
        }
        with subprocess.Popen(
            [sys.executable, "-m", "bot", "run"], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
        ) as process:
            yield process
            process.kill()


def test_without_a_yes_nothing_is_put_back(file: Path, copy: Path, calcibot: Callable[..., Result]) -> None:
    before = file.stat().st_ino

    said = calcibot("restore", copy)

    assert said.exit_code == 1
    assert file.stat().st_ino == before


def test_a_damaged_backup_is_refused(file: Path, copy: Path) -> None:
    _damage(copy)
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


@pytest.mark.parametrize("words", [("backup",), ("restore", "--yes")])
def test_for_postgresql_its_own_tools_are_named(
    calcibot: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:canary@127.0.0.1:1/none")

    said = calcibot(*words, tmp_path / "copy.db")

    assert isinstance(said.exception, BackupError)
    assert {"backup": "pg_dump", "restore": "pg_restore"}[words[0]] in str(said.exception)
    assert "canary" not in str(said.exception)


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


def test_the_time_that_is_given_is_read_in_its_zone() -> None:
    now = datetime(2026, 11, 22, 15, tzinfo=UTC)

    found = program.backup._time("2026-11-22T15:00+01:00", now)

    assert found == now - timedelta(hours=1)


def _damage(path: Path) -> None:
    """Write over the middle, as a failing disk does; the head stays."""
    with path.open("r+b") as file:
        size = path.stat().st_size
        for page in range(2, size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 512)
