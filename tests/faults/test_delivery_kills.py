"""Check-ins survive `kill -9`: none is lost, and none comes a third time."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, make_url, select

from bot.pacing import SENDS_PER_SECOND
from bot.phone.faults import Fault
from scheduler.db.models import CheckIn
from tests.conftest import EVERYTHING
from tests.faults import unprotected
from tests.faults.checker import Verdict, judge, unfinished
from tests.faults.crowd import gather, open_chats
from tests.faults.harness import HELD, RUNS, SEEDS, TOKEN, Child, Scene, dice, eventually, tell

# As in the promise that is kept here: killed ten times while 200 are being delivered.
DUE, KILLS = 200, 10

# So many are delivered in a life at most. With those under way at the kills there are enough for all lives.
A_LIFE = 12

# Fewer than the real number, so that the test is over in seconds.
CROWD = 1200 if RUNS > 1 else 300 if EVERYTHING else 60

# More than two on one SQLite file are never there, and two only while one takes over from the other.
REPLICAS = {"postgresql": 6, "sqlite": 2}

# Six replicas, one of which is killed every 0.3 s: how long each of them lives, in seconds.
LIFE = 1.8

# On a machine with nothing else to do it is a twentieth; on a busy one a replica may sleep past so short a lease.
MOST_DOUBLED = 0.25

# Each of them leaves behind what comes once more; far fewer than this are needed.
MOST_KILLS = CROWD

# Shorter than the real one, which would have the test wait for a minute after each kill.
LEASE = timedelta(seconds=1)

# Where nothing is under way for long, so that one that is awake holds it even on a busy machine.
SHORT_LEASE = timedelta(seconds=0.4)

# As long as a request to Telegram is under way.
LATENCY = 0.05

# What is under way at a kill, at the usual pace and with that latency: 2 by the benchmark, more on a busy machine, and
# far less than a batch.
UNDER_WAY = 5

FEW = 20

# Between two sends of a slow one, in seconds.
SPACE = 0.1

# How many jobs the library stores, and from when on it is to send them: adding them takes a moment.
JOBS, JOBS_DUE_IN = 60, timedelta(seconds=1.2)

# Longer than the second that the library gives a job by default, and shorter than it takes to start a program again.
PAUSE = timedelta(seconds=1.2)


@pytest.mark.parametrize("seed", SEEDS)
async def test_none_is_lost_and_each_comes_twice_at_most_when_the_bot_is_killed_ten_times(
    scene: Scene, seed: int
) -> None:
    chance = dice(seed)
    due = await gather(scene, DUE)
    scene.phone.fail(TOKEN, "sendMessage", times=-1, status=200, delay=LATENCY)

    for _ in range(KILLS):
        bot = await scene.start(lease=SHORT_LEASE, per_second=SENDS_PER_SECOND)
        goal = scene.count("sendMessage") + chance.randint(1, A_LIFE)
        await scene.until(lambda goal=goal: scene.count("sendMessage") >= goal)  # type: ignore[misc]  # bound now
        await asyncio.sleep(chance.uniform(0, LATENCY))
        await bot.kill()
    await scene.start(lease=SHORT_LEASE)
    await _all_ended(scene)

    verdict = await judge(scene, due)
    tell(verdict)
    assert not verdict.broken
    assert len(verdict.doubled) <= KILLS * UNDER_WAY


@pytest.mark.case(51)
@pytest.mark.parametrize("seed", SEEDS)
async def test_none_is_lost_when_one_of_several_replicas_is_killed_again_and_again(scene: Scene, seed: int) -> None:
    chance = dice(seed)
    due = await gather(scene, CROWD)
    scene.phone.fail(TOKEN, "sendMessage", times=-1, status=200, delay=LATENCY)
    count = REPLICAS["sqlite" if scene.database.is_sqlite else "postgresql"]
    how = {"lease": 2 * LEASE, "per_second": SENDS_PER_SECOND, "polls": False}
    replicas = list(await asyncio.gather(*(scene.start(**how) for _ in range(count))))

    kills = 0
    next_kill = time.monotonic()
    while await unfinished(scene):
        assert kills < MOST_KILLS, "the deliveries come to no end"
        next_kill += LIFE / count
        await asyncio.sleep(max(0.0, next_kill - time.monotonic()))
        await replicas.pop(chance.randrange(count)).kill()
        replicas.append(await scene.start(**how))
        kills += 1

    verdict = await judge(scene, due)
    tell(f"{kills} kills: {verdict}")
    assert not verdict.broken
    assert len(verdict.doubled) <= CROWD * MOST_DOUBLED


@pytest.mark.case(52)
async def test_what_never_reached_telegram_before_the_kill_is_sent_once_by_the_next(scene: Scene) -> None:
    verdict = await _killed_before_anything_arrives(scene)

    assert not verdict.broken
    assert not verdict.doubled


async def test_control_a_mark_before_the_sending_loses_what_never_reached_telegram(small_scene: Scene) -> None:
    verdict = await _killed_before_anything_arrives(small_scene, without="sending first")

    assert len(verdict.lost) == FEW


async def _killed_before_anything_arrives(scene: Scene, **without: str) -> Verdict:
    due = await gather(scene, FEW)
    fault = scene.phone.fail(TOKEN, "sendMessage", times=-1, drop=True, delay=HELD)
    bot = await scene.start(lease=LEASE, **without)
    await eventually(lambda: fault.happened == FEW, "every request under way")
    await bot.kill()
    scene.phone.heal(TOKEN)
    await scene.start(lease=LEASE, **without)
    await _all_ended(scene)
    return await judge(scene, due)


@pytest.mark.case(53)
async def test_a_bot_that_is_killed_at_every_answer_sends_two_copies_and_no_third(scene: Scene) -> None:
    verdict = await _killed_at_every_answer(scene, {})

    assert not verdict.broken
    assert len(verdict.doubled) == 1


async def test_control_without_the_limit_of_repeats_there_are_more_than_two_copies(small_scene: Scene) -> None:
    verdict = await _killed_at_every_answer(small_scene, {"scheduler.db.claims.MAX_UNKNOWNS": 99})

    assert len(verdict.too_often) == 1


async def _killed_at_every_answer(scene: Scene, instead: Mapping[str, int]) -> Verdict:
    due = await gather(scene, 1)
    fault = scene.phone.fail(TOKEN, "sendMessage", times=-1, status=200, delay=HELD, after_recording=True)
    for copy in range(1, 4):
        bot = await scene.start(lease=SHORT_LEASE, instead=instead)
        await eventually(partial(_copied_or_over, scene, fault, copy), "a copy, or the end")
        await bot.kill()
    scene.phone.heal(TOKEN)
    await scene.start(lease=SHORT_LEASE, instead=instead)
    await _all_ended(scene)
    return await judge(scene, due)


async def test_control_a_stored_job_for_each_reminder_loses_those_that_waited_at_the_kill(small_scene: Scene) -> None:
    scene, stored = small_scene, str(small_scene.folder / "jobs.db")
    chats = open_chats(scene, JOBS)
    scene.phone.fail(TOKEN, "sendMessage", times=-1, status=200, delay=LATENCY)
    to = f"{scene.phone.base_url}{TOKEN}"

    due_at = datetime.now(UTC) + JOBS_DUE_IN
    first = scene.fork(unprotected.keep_one_job_each, stored, to, chats, due_at)
    await scene.until(lambda: scene.count("sendMessage") >= FEW)
    await first.kill()
    await eventually(lambda: datetime.now(UTC) > due_at + PAUSE, "the end of the pause")
    sent = scene.count("sendMessage")
    scene.fork(unprotected.keep_one_job_each, stored, to, (), due_at)
    await eventually(lambda: _is_without_jobs(stored), "a job store with nothing left to do")

    tell(f"{JOBS - sent} of {JOBS} lost")
    assert scene.count("sendMessage") == sent < JOBS


@pytest.mark.case(54)
async def test_a_bot_that_slept_past_its_lease_sends_nothing_that_another_has_sent(scene: Scene) -> None:
    verdict = await _asleep_past_the_lease(scene)

    assert not verdict.broken
    assert not verdict.doubled


async def test_control_a_bot_that_does_not_ask_before_it_sends_doubles_what_it_slept_over(small_scene: Scene) -> None:
    verdict = await _asleep_past_the_lease(small_scene, without="asking")

    assert len(verdict.doubled) > 1


async def _asleep_past_the_lease(scene: Scene, **without: str) -> Verdict:
    due = await gather(scene, FEW)
    sleeper = await scene.start(lease=SHORT_LEASE, per_second=1 / SPACE, **without)
    await scene.until(lambda: scene.count("sendMessage") >= FEW // 4)
    await _fall_asleep(scene, sleeper)
    await scene.start(lease=SHORT_LEASE, polls=False)
    await _all_ended(scene)
    sleeper.signal(signal.SIGCONT)
    sleeper.signal(signal.SIGTERM)
    assert await sleeper.ended() == 0
    return await judge(scene, due)


async def _fall_asleep(scene: Scene, sleeper: Child) -> None:
    """Stop it between two sends: what is begun is then also written down, and no transaction stays open."""
    while True:
        await asyncio.sleep(SPACE / 2)
        sleeper.signal(signal.SIGSTOP)
        if not await _is_sending(scene) and (not scene.database.is_sqlite or _can_be_written(scene.database_url)):
            return
        sleeper.signal(signal.SIGCONT)


async def _is_sending(scene: Scene) -> bool:
    async with scene.database.read() as session:
        return bool(await session.scalar(select(func.count()).where(CheckIn.state == "sending")))


def _can_be_written(url: str) -> bool:
    path = make_url(url).database or ""
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
        return True


@pytest.mark.case(58)
@pytest.mark.case(59)
async def test_two_that_start_at_the_same_moment_send_each_check_in_once(scene: Scene) -> None:
    due = await gather(scene, DUE)

    await asyncio.gather(scene.start(), scene.start(polls=False))
    await _all_ended(scene)

    verdict = await judge(scene, due)
    assert not verdict.broken
    assert not verdict.doubled


def _is_without_jobs(path: str) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.execute("SELECT id FROM apscheduler_jobs")) == []


async def _all_ended(scene: Scene) -> None:
    await eventually(lambda: _none_is_left(scene), "the end of every delivery")


async def _none_is_left(scene: Scene) -> bool:
    return not await unfinished(scene)


async def _copied_or_over(scene: Scene, fault: Fault, copy: int) -> bool:
    return fault.happened >= copy or await _none_is_left(scene)
