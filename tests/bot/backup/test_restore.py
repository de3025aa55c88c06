"""A backup that is put back is the database; the one before stays beside it."""

from __future__ import annotations

import asyncio
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import __main__ as program
from scheduler.db import backup, people
from tests.bot.backup.files import add, chats, restore
from tests.scheduler.builders import opened


def test_a_backup_that_is_put_back_is_the_database_and_the_one_before_stays_beside_it(file: Path, copy: Path) -> None:
    asyncio.run(add(file, 8))

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
    asyncio.run(add(file, 8, 9))
    copy = tmp_path / "copy.db"
    backup.save(file, copy)

    async def forget() -> None:
        async with opened(f"sqlite:///{file}") as database, database.write() as session:
            await people.forget(session, 8)

    asyncio.run(forget())

    done = restore(copy, file)

    assert chats(file) == {7, 9}
    assert done.forgotten == 1


def test_the_time_that_is_given_is_read_in_its_zone() -> None:
    now = datetime(2026, 11, 22, 15, tzinfo=UTC)

    found = program.backup._time("2026-11-22T15:00+01:00", now)

    assert found == now - timedelta(hours=1)
