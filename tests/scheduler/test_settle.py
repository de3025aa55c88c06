"""After a database was put back nothing that was sent since the backup is sent again, and all goes on from there."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import make_url, update

from scheduler.db import backup
from scheduler.db.engine import Database
from scheduler.db.models import CheckIn, Plan
from scheduler.db.settle import settle
from scheduler.due import Report
from tests.clock import StillClock
from tests.keys import new_vault
from tests.scheduler.builders import Post, all_check_ins, deliver_all, get_plan, make_plan, opened

WEEK = timedelta(weeks=1)
PEOPLE = 20


@pytest.mark.case(70)
@pytest.mark.parametrize("settles", [True, False], ids=["settled", "control"])
async def test_what_was_sent_after_the_backup_is_not_sent_again(
    empty_database: Path, tmp_path: Path, clock: StillClock, *, settles: bool
) -> None:
    """Control: the same file put back by a plain copy."""
    file, copy = tmp_path / "data" / "bot.db", tmp_path / "copy.db"
    file.parent.mkdir()
    shutil.copy(empty_database, file)
    post = Post()
    async with opened(f"sqlite:///{file}") as database:
        first = await _people(database, clock)
        await asyncio.to_thread(backup.save, file, copy)
        clock.now = first
        await deliver_all(database, post, clock)
    assert len(post.sent) == PEOPLE

    clock.now += timedelta(minutes=10)
    if settles:
        await asyncio.to_thread(backup.restore, copy, file, new_vault(), clock(), clock())
    else:
        shutil.copy(copy, file)
    async with opened(f"sqlite:///{file}") as database:
        await deliver_all(database, post, clock, "two")
        repeated = len(post.sent) - PEOPLE
        clock.now = first + WEEK
        await deliver_all(database, post, clock, "two")

    assert repeated == (0 if settles else PEOPLE)
    assert len(post.copies()) == 2 * PEOPLE
    assert max(post.copies().values()) == (1 if settles else 2)


@pytest.mark.case(70)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_dump_of_postgresql_that_is_put_back_and_settled_sends_nothing_again(
    database_url: str, tmp_path: Path, clock: StillClock
) -> None:
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not here (Debian: postgresql-client)")
    dump, post = tmp_path / "calcibot.dump", Post()
    url = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    async with opened(database_url) as database:
        first = await _people(database, clock)
    await _tool("pg_dump", "--format=custom", f"--file={dump}", url)
    async with opened(database_url) as database:
        clock.now = first
        await deliver_all(database, post, clock)

    await _tool("pg_restore", "--clean", "--if-exists", "--no-owner", f"--dbname={url}", str(dump))
    clock.now += timedelta(minutes=10)
    async with opened(database_url) as database:
        await settle(database, clock())
        await deliver_all(database, post, clock, "two")
        again = len(post.sent)
        clock.now = first + WEEK
        await deliver_all(database, post, clock, "two")

    assert again == PEOPLE
    assert sorted(post.copies().values()) == [1] * 2 * PEOPLE


async def test_the_last_one_can_still_be_answered_and_the_older_are_missed(
    database_url: str, clock: StillClock
) -> None:
    async with opened(database_url) as database:
        public_id = await make_plan(database, clock(), unit="day", anchor=clock().date())
        clock.now = (await _due(database, public_id)) + timedelta(days=3, hours=1)

        tally = await settle(database, clock())

        plan, (row,) = await get_plan(database, public_id), await all_check_ins(database)
    assert tally == {"sent": 1, "missed": 3, "check_ins": 0, "nudges": 0}
    assert (row.state, row.closed_at, row.wake_at) == ("sent_unconfirmed", None, None)
    assert (plan.missed, plan.done_nominal) == (3, row.nominal)
    assert plan.next_due_at is not None
    assert plan.next_due_at > clock()


async def test_what_was_on_its_way_at_the_backup_is_not_sent_again(database_url: str, clock: StillClock) -> None:
    """One claimed, one begun, one that waits for a repeat: the old bot went on with each of them."""
    post = Post(reports=[Report("not_sent"), Report("unknown"), Report("sent", message_id=1), Report("sent")])
    async with opened(database_url) as database:
        for chat_id in range(4):
            due = await _due(database, await make_plan(database, clock(), chat_id=chat_id + 1))
        clock.now = due
        await deliver_all(database, post, clock)
        rows = {row.state: row.id for row in await all_check_ins(database)}
        assert set(rows) == {"waiting", "sent"}
        async with database.write() as session:
            await session.execute(update(CheckIn).where(CheckIn.id == rows["sent"]).values(state="sending"))
        sent = len(post.sent)
        clock.now += timedelta(days=1, hours=2)

        tally = await settle(database, clock())
        await deliver_all(database, post, clock, "two")

        assert len(post.sent) == sent
        assert {row.state for row in await all_check_ins(database)} == {"sent_unconfirmed", "sent"}
    assert (tally["check_ins"], tally["nudges"]) == (3, 1)


async def test_what_quiet_hours_hold_back_until_later_is_sent_then_and_once(
    database_url: str, clock: StillClock
) -> None:
    """Daily at 23:00, quiet until 8:00, put back at 1:00: the one of the evening is still to come."""
    post, berlin = Post(), ZoneInfo("Europe/Berlin")
    async with opened(database_url) as database:
        public_id = await make_plan(database, clock(), unit="day", at=time(23), anchor=date(2026, 11, 22))
        clock.now = clock.now.astimezone(berlin).replace(day=25, hour=1, minute=0)
        await settle(database, clock())
        await deliver_all(database, post, clock)
        early = len(post.sent)
        clock.now = clock.now.replace(hour=8, minute=1)
        await deliver_all(database, post, clock)

        assert (await get_plan(database, public_id)).missed == 2
    assert early == 0
    assert list(post.copies()) == [f"{public_id} 2026-11-24T23:00"]


async def test_what_came_due_after_the_old_bot_s_end_is_caught_up_once(database_url: str, clock: StillClock) -> None:
    post = Post()
    async with opened(database_url) as database:
        early = await make_plan(database, clock(), chat_id=1, at=time(9))
        late = await make_plan(database, clock(), chat_id=2, at=time(12))
        ended_at = await _due(database, early) + timedelta(hours=1)
        clock.now = await _due(database, late) + timedelta(hours=1)

        await settle(database, ended_at)
        await deliver_all(database, post, clock)

    assert [due.plan_public_id for due in post.sent] == [late]
    assert post.sent[0].is_late


async def test_settling_twice_changes_nothing_more(database_url: str, clock: StillClock) -> None:
    async with opened(database_url) as database:
        clock.now = await _people(database, clock) + timedelta(hours=1)
        await settle(database, clock())
        before = [row.id for row in await all_check_ins(database)]

        again = await settle(database, clock())

        assert [row.id for row in await all_check_ins(database)] == before
    assert again.total() == 0


async def test_a_plan_that_cannot_be_read_is_left_to_the_bot_and_stops_nobody(
    database_url: str, clock: StillClock
) -> None:
    async with opened(database_url) as database:
        clock.now = await _people(database, clock)
        broken = await make_plan(database, clock() - WEEK, chat_id=1000)
        async with database.write() as session:
            await session.execute(update(Plan).where(Plan.public_id == broken).values(zone="Nowhere/Town"))

        tally = await settle(database, clock())

    assert tally["sent"] == PEOPLE


async def _people(database: Database, clock: StillClock) -> datetime:
    """Make many people with a plan each; return when all are due first."""
    plans = [await make_plan(database, clock(), chat_id=number + 1) for number in range(PEOPLE)]
    return await _due(database, plans[0])


async def _due(database: Database, public_id: str) -> datetime:
    due = (await get_plan(database, public_id)).next_due_at
    assert due is not None
    return due


async def _tool(*words: str) -> None:
    done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
