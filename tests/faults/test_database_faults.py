"""A database that is cut off, locked, read-only or full delays things; it loses and doubles none."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, make_url, text

from scheduler.db import people, plans
from scheduler.db.engine import Database
from scheduler.db.models import Plan
from tests.clock import StillClock
from tests.conftest import EVERYTHING
from tests.faults.checker import judge, unfinished
from tests.faults.crowd import gather
from tests.faults.harness import SEEDS, TOKEN, Scene, dice, eventually
from tests.faults.proxy import Proxy
from tests.scheduler.builders import get_plan, make_plan

DUE = 60

# Out of the first commits; on a busy machine it takes hardly more to deliver all, as each is then for many.
CUTS, COMMITS = 5, 15

LEASE = timedelta(seconds=1)

# Instead of ten seconds, so that the test is over in a few.
RETRY = {"scheduler.db.claims.FIRST_RETRY": timedelta(seconds=0.5)}

LOCKS = 20

# Between two attempts to fetch updates, in seconds.
SHORT_PAUSE = {"bot.polling.FIRST_PAUSE": 0.2}

# What waits for a lock gives up after ten seconds as shipped.
IMPATIENT = SHORT_PAUSE if EVERYTHING else SHORT_PAUSE | {"scheduler.db.engine.BUSY_SECONDS": 1}

# The regular look comes sooner than every four seconds.
LOOKS_SOON = SHORT_PAUSE | {"scheduler.jobs.LONGEST_SLEEP": timedelta(seconds=0.5)}

EDITS = 5

# Small enough to stop a write into the write-ahead log, large enough for what the bot has to say about it.
FULL_AT = 8_192

NOT_RECORDED = "updates cannot be recorded"


@pytest.mark.case(66)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_line_to_the_database_that_is_cut_at_commits_costs_no_check_in(scene: Scene, seed: int) -> None:
    chance = dice(seed)
    due = await gather(scene, DUE)

    async with Proxy(scene.database_url, chance.sample(range(2, COMMITS), CUTS)) as proxy:
        bot = await scene.start(database_url=proxy.url, lease=LEASE, per_second=50, instead=RETRY)
        alice = scene.person("Alice")
        alice.writes("/help")
        await eventually(lambda: _is_over(scene), "the end of every delivery")
        await scene.until_done(1)
        await bot.kill()

    assert proxy.cuts == CUTS
    verdict = await judge(scene, due)
    assert not verdict.broken
    assert len(verdict.doubled) <= DUE // 2
    assert 1 <= sum(seen.from_bot for seen in alice.sees()) <= 2


@pytest.mark.case(67)
async def test_five_edits_of_one_row_at_the_same_moment_all_count(
    database_url: str, clock: StillClock, scene: Scene
) -> None:
    public_id = await make_plan(scene.database, clock())

    await asyncio.gather(*(_count_one_more(scene.database, public_id) for _ in range(EDITS)))

    assert (await get_plan(scene.database, public_id)).missed == EDITS


async def _count_one_more(database: Database, public_id: str) -> None:
    async with database.write() as session:
        person = await people.find(session, 7)
        assert person is not None
        plan = await plans.find(session, person, public_id)
        assert plan is not None
        missed = plan.missed
        # Give all others the chance to read the same.
        await asyncio.sleep(0)
        plan.missed = missed + 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_control_edits_that_do_not_lock_what_they_read_are_lost(clock: StillClock, scene: Scene) -> None:
    public_id = await make_plan(scene.database, clock())
    all_have_read = asyncio.Barrier(EDITS)
    number = (await get_plan(scene.database, public_id)).id

    async def count_one_more() -> None:
        async with scene.database.write() as session:
            plan = await session.get(Plan, number)
            assert plan is not None
            await all_have_read.wait()
            plan.missed += 1

    await asyncio.gather(*(count_one_more() for _ in range(EDITS)))

    assert (await get_plan(scene.database, public_id)).missed == 1


@pytest.mark.case(67)
async def test_a_file_that_is_locked_again_and_again_only_delays(small_scene: Scene) -> None:
    scene, alice = small_scene, small_scene.person("Alice")
    due = await gather(scene, DUE)
    bot = await scene.start(per_second=DUE)

    for number in range(1, LOCKS + 1):
        with _locked(scene.database_url):
            if number % 5 == 0:
                alice.writes("/help")
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.01)
    await eventually(lambda: _is_over(scene), "the end of every delivery")
    await scene.until_done(LOCKS // 5)

    verdict = await judge(scene, due)
    assert not verdict.broken
    assert not verdict.doubled
    assert "error" not in bot.log()


@pytest.mark.case(17)
@pytest.mark.case(101)
async def test_a_file_that_stays_locked_leaves_updates_with_telegram_and_emergencies_are_answered(
    small_scene: Scene,
) -> None:
    scene, alice, bob = small_scene, small_scene.person("Alice"), small_scene.person("Bob")
    bot = await scene.start(instead=IMPATIENT)

    with _locked(scene.database_url):
        alice.writes("/help")
        bob.writes("I can not breathe and my throat is swelling")
        await bot.says(NOT_RECORDED)
        await scene.until(lambda: "emergency number" in bob.last.text)
        assert scene.phone.pending(TOKEN) == 2
        assert not alice.last.raw["from"]["is_bot"]
    await scene.until_done(2)

    assert sum(seen.from_bot for seen in alice.sees()) == 1
    await scene.until(lambda: not scene.phone.pending(TOKEN))


@pytest.mark.case(17)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_database_that_turns_read_only_leaves_updates_with_telegram(scene: Scene) -> None:
    alice = scene.person("Alice")
    bot = await scene.start(instead=SHORT_PAUSE)
    # By then it has the lease for polling.
    alice.writes("/start")
    await scene.until_done(1)

    with _read_only(scene.database_url):
        alice.writes("/help")
        await bot.says(NOT_RECORDED)
        assert scene.phone.pending(TOKEN) == 1
    await scene.until_done(2)

    assert sum(seen.from_bot for seen in alice.sees()) == 2


@pytest.mark.case(17)
@pytest.mark.case(68)
async def test_a_full_disk_stops_everything_and_nothing_is_lost_when_there_is_room_again(small_scene: Scene) -> None:
    scene, alice = small_scene, small_scene.person("Alice")
    bot = await scene.start(instead=LOOKS_SOON)
    # A process that may write files only up to a size fails as on a full disk, in the same system call.
    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (FULL_AT, resource.RLIM_INFINITY))

    due = await gather(scene, DUE)
    alice.writes("/help")
    await eventually(lambda: bot.log().count(NOT_RECORDED) >= 2, "two attempts to record")
    assert scene.phone.pending(TOKEN) == 1
    assert scene.count("sendMessage") == 0
    resource.prlimit(bot.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await scene.until_done(1)
    await eventually(lambda: _is_over(scene), "the end of every delivery")

    assert bot.exit_code() is None
    verdict = await judge(scene, due)
    assert not verdict.broken
    assert not verdict.doubled
    assert sum(seen.from_bot for seen in alice.sees()) == 1


async def _is_over(scene: Scene) -> bool:
    return not await unfinished(scene)


@contextmanager
def _locked(url: str) -> Iterator[None]:
    """Hold the one lock for writing, as another program does."""
    path = make_url(url).database
    assert path is not None
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def _read_only(url: str) -> Iterator[None]:
    """Let the database refuse every change, as one does that has become the copy of another."""
    _for_all_sessions(url, "on")
    try:
        yield
    finally:
        _for_all_sessions(url, "off")


def _for_all_sessions(url: str, read_only: str) -> None:
    parsed = make_url(url)
    engine = create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        isolation_level="AUTOCOMMIT",
        connect_args={"options": "-c default_transaction_read_only=off"},
    )
    with engine.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{parsed.database}" SET default_transaction_read_only = {read_only}'))
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    engine.dispose()
