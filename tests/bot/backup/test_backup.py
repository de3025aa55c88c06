"""A backup is whole or not there, and nobody else may read it."""

from __future__ import annotations

import asyncio
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from bot.commands.backup import KEEP_DAYS
from scheduler.db import backup, people
from scheduler.db.backup import BackupError
from tests.bot.backup.files import chats, damage
from tests.clock import START
from tests.scheduler.builders import opened

ROOT = Path(__file__).parents[3]

WRITES = 300


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
    damage(file)

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


@pytest.mark.parametrize("words", [("backup",), ("restore", "--yes")])
def test_for_postgresql_its_own_tools_are_named(
    calcibot: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:canary@127.0.0.1:1/none")

    said = calcibot(*words, tmp_path / "copy.db")

    assert isinstance(said.exception, BackupError)
    assert {"backup": "pg_dump", "restore": "pg_restore"}[words[0]] in str(said.exception)
    assert "canary" not in str(said.exception)
