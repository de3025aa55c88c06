"""A loop that stands still, a clock that is set, a machine that slept: everything due comes, and nothing twice."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self, cast

import pytest
from sqlalchemy import delete, update
from structlog.testing import capture_logs
from telegram.ext import Application, ContextTypes

from scheduler.db.engine import Database
from scheduler.db.models import CheckIn, Plan
from scheduler.deliver import Deliverer
from scheduler.due import DueCheckIn
from scheduler.jobs import JUMP_PAUSE, LONGEST_SLEEP, Clockwork
from tests.clock import StillClock
from tests.scheduler.builders import Post, deliver_all, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

# Longer than the second that APScheduler gives a job by default, which is to run SOON.
BLOCKED = 1.6

# After a plan is due, and before its loop stands still, in seconds.
SOON = 0.4

# Far less than the next regular look, so that only one that was planned can be in time.
AT_ONCE = 0.7

HOUR = timedelta(hours=1)


class RunningClock:
    """Run from `begin` on, and be set now and then."""

    def __init__(self, begin: datetime) -> None:
        self._begin, self._zero = begin, time.monotonic()

    def __call__(self) -> datetime:
        return self._begin + timedelta(seconds=time.monotonic() - self._zero)

    def jump(self, step: timedelta) -> None:
        """Be set, or find that the machine slept."""
        self._begin += step


class Machine:
    """Be this machine's clock, which APScheduler goes by too; somebody may set it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._shift = timedelta()
        now = self

        class Shown(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Self:
                return cast(Self, now().astimezone(tz))

        for module in ("schedulers", "executors"):
            monkeypatch.setattr(f"apscheduler.{module}.base.datetime", Shown)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def jump(self, step: timedelta) -> None:
        """Be set, or find that it slept."""
        self._shift += step


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


class Bell:
    """Ring when a message was sent."""

    def __init__(self) -> None:
        self.post = Post(before=self._ring)
        self._rung: asyncio.Queue[int] = asyncio.Queue()

    async def _ring(self, due: DueCheckIn) -> None:
        self._rung.put_nowait(due.chat_id)

    async def next(self, seconds: float) -> int:
        """Return to whom the next one goes. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            return await self._rung.get()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


@pytest.mark.case(64)
async def test_what_came_due_while_the_loop_stood_still_is_sent_at_once_after_it(database: Database) -> None:
    bell, clock = Bell(), RunningClock(DUE - timedelta(seconds=SOON))
    await make_plan(database, DUE - 9 * HOUR, chat_id=1, at=(DUE + HOUR - timedelta(minutes=1)).time())
    await make_plan(database, DUE - 9 * HOUR, chat_id=2)
    clockwork = Clockwork(database, Deliverer(database, bell.post.send, clock, "one"), clock)

    clockwork.start()
    first = await bell.next(BLOCKED)
    time.sleep(BLOCKED)  # noqa: ASYNC251  # this is what happens: somebody's handler does not give way
    second = await bell.next(AT_ONCE)
    await clockwork.stop(AT_ONCE)

    assert (first, second) == (1, 2)


async def test_control_the_job_queue_of_the_library_drops_what_came_due_while_the_loop_stood_still() -> None:
    ran: asyncio.Queue[str] = asyncio.Queue()

    async def run(context: ContextTypes.DEFAULT_TYPE) -> None:
        assert context.job is not None
        ran.put_nowait(str(context.job.name))

    application = Application.builder().token("1:a").build()
    queue = application.job_queue
    assert queue is not None

    await queue.start()
    queue.run_once(run, SOON, name="due meanwhile")
    time.sleep(BLOCKED)  # noqa: ASYNC251  # as above
    queue.run_once(run, SOON, name="due later")
    async with asyncio.timeout(BLOCKED):
        first = await ran.get()
    await queue.stop()

    assert first == "due later"


@pytest.mark.case(92)
async def test_after_three_hours_of_sleep_what_came_due_is_sent_at_the_next_regular_look(
    database: Database, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert timedelta(seconds=5) >= LONGEST_SLEEP + JUMP_PAUSE
    monkeypatch.setattr("scheduler.jobs.LONGEST_SLEEP", timedelta(seconds=SOON) / 2)
    monkeypatch.setattr("scheduler.jobs.JUMP_PAUSE", timedelta(seconds=SOON) / 2)

    with capture_logs() as logs:
        await _sleep_three_hours(database, machine)

    alarm = "the clock jumped ahead, or the machine slept"
    assert [entry["seconds"] for entry in logs if entry["event"] == alarm] == [3 * 60 * 60]


async def test_control_a_clockwork_that_waits_for_the_due_time_alone_sleeps_on(
    database: Database, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.jobs.LONGEST_SLEEP", 9 * HOUR)

    with pytest.raises(TimeoutError):
        await _sleep_three_hours(database, machine)


async def _sleep_three_hours(database: Database, machine: Machine) -> None:
    """Deliver what is due, find that three hours are gone that the event loop did not see, and await the next."""
    bell, clock = Bell(), RunningClock(DUE)
    await make_plan(database, DUE - 9 * HOUR, chat_id=1)
    await make_plan(database, DUE - 9 * HOUR, chat_id=2, at=(DUE + 4 * HOUR).time())
    clockwork = Clockwork(database, Deliverer(database, bell.post.send, clock, "one"), clock, machine=machine)
    clockwork.start()
    try:
        await bell.next(BLOCKED)
        _set(3 * HOUR, clock, machine)
        await bell.next(BLOCKED)
    finally:
        await clockwork.stop(AT_ONCE)


def _set(step: timedelta, *clocks: RunningClock | Machine) -> None:
    for one in clocks:
        one.jump(step)


@pytest.mark.case(92)
async def test_a_clock_that_jumps_an_hour_ahead_and_is_set_right_soon_sends_nothing_early(
    database: Database, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.jobs.JUMP_PAUSE", timedelta(seconds=BLOCKED))

    assert await _jump_an_hour(database, machine) == []


async def test_control_a_clock_that_is_believed_whatever_it_says_sends_early(
    database: Database, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.jobs.CLOCKS_ASTRAY", 9 * HOUR)

    assert await _jump_an_hour(database, machine) == [2]


async def _jump_an_hour(database: Database, machine: Machine) -> list[int]:
    """Set the clock an hour ahead, and soon right again. Return to whom something came that was not due yet."""
    bell, clock = Bell(), RunningClock(DUE)
    await make_plan(database, DUE - 9 * HOUR, chat_id=1)
    await make_plan(database, DUE - 9 * HOUR, chat_id=2, at=(DUE + HOUR + timedelta(minutes=30)).time())
    clockwork = Clockwork(database, Deliverer(database, bell.post.send, clock, "one"), clock, machine=machine)
    clockwork.start()
    await bell.next(BLOCKED)

    early = []
    for step in (HOUR, -HOUR):
        _set(step, clock, machine)
        clockwork.wake()
        with contextlib.suppress(TimeoutError):
            early.append(await bell.next(AT_ONCE))
    await clockwork.stop(AT_ONCE)
    return early


@pytest.mark.case(92)
async def test_after_the_clock_was_set_back_what_comes_due_comes_in_time(
    database: Database, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.jobs.LONGEST_SLEEP", timedelta(seconds=SOON))

    assert await _set_back(database, machine) == 2


async def test_control_jobs_that_go_by_a_clock_that_was_set_back_wait_for_it(
    database: Database, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.jobs.LONGEST_SLEEP", timedelta(seconds=SOON))
    monkeypatch.setattr("scheduler.jobs.SET_BACK", 9 * HOUR)

    with pytest.raises(TimeoutError):
        await _set_back(database, machine)


async def _set_back(database: Database, machine: Machine) -> int:
    """Deliver what is due, set the clock an hour back, and return to whom what comes due there goes."""
    bell, clock = Bell(), RunningClock(DUE + HOUR - timedelta(seconds=SOON))
    await make_plan(database, DUE - 9 * HOUR, chat_id=1, at=(DUE + 2 * HOUR - timedelta(minutes=1)).time())
    clockwork = Clockwork(database, Deliverer(database, bell.post.send, clock, "one"), clock, machine=machine)
    clockwork.start()
    try:
        await bell.next(BLOCKED)
        _set(-HOUR, clock, machine)
        await make_plan(database, clock(), chat_id=2)
        return await bell.next(BLOCKED)
    finally:
        await clockwork.stop(AT_ONCE)


@pytest.mark.case(92)
@pytest.mark.parametrize("step", [-HOUR, HOUR])
async def test_a_clock_that_is_set_and_set_right_again_makes_nothing_come_twice_and_loses_none(
    database: Database, clock: StillClock, step: timedelta
) -> None:
    post, chats = Post(), range(1, 7)
    for chat_id in chats:
        at = (DUE + HOUR + timedelta(minutes=20 * chat_id - 70)).time()
        await make_plan(database, clock(), chat_id=chat_id, at=at)

    for moment in (DUE, DUE + step, DUE + step / 2, DUE + timedelta(minutes=1), DUE + HOUR, DUE + 2 * HOUR):
        clock.move_to(moment)
        await deliver_all(database, post, clock)

    assert sorted(due.chat_id for due in post.sent) == list(chats)
    assert not any(due.is_late for due in post.sent if due.due_at == DUE + HOUR)


async def test_control_a_plan_that_goes_by_the_clock_alone_comes_twice(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    post = Post()
    await deliver_all(database, post, clock)

    clock.move_to(DUE - HOUR)
    async with database.write() as session:
        await session.execute(delete(CheckIn))
        await session.execute(update(Plan).values(next_nominal="2026-11-23T09:00", next_due_at=DUE))
    clock.move_to(DUE)
    await deliver_all(database, post, clock)

    assert len(post.sent) == 2
