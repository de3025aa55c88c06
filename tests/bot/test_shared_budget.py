"""Several replicas on one PostgreSQL keep one sending limit together. In real time: the database's clock counts."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.budget import ALONE_SHARE, ASK_SECONDS, EvenBudget, SharedBudget, budget_of
from bot.errors import Flooded
from bot.pacing import Pace, Pacing, Priority, Reminder
from scheduler.db.engine import Database

LIMIT = 50
REPLICAS = 3
SECONDS = 3.0

# Reminders of one replica that wait at any moment: more than it could send while it takes new places.
WAITING = 20

_forks = multiprocessing.get_context("spawn")


@pytest.fixture
def url(postgresql_database: str) -> str:
    """Return the address of a PostgreSQL database; no two tests share a limit."""
    return postgresql_database


def limiter(database: Database, name: str, *, shared: bool = True) -> Pacing:
    budget = SharedBudget(database, name, LIMIT) if shared else EvenBudget(LIMIT, time.monotonic)
    return Pacing(LIMIT, budget=budget)


async def send(pacing: Pacing, chat: int, left: list[float], pace: Pace | None = None, error: Any = None) -> None:
    async def leave() -> bool:
        left.append(time.monotonic())
        if error is not None:
            raise error
        return True

    await pacing.process_request(leave, (), {}, "sendMessage", {"chat_id": chat}, pace)


async def keep_sending(pacing: Pacing, left: list[float], begun_at: float) -> None:
    """Send reminders to many people for some seconds, with more of them always waiting."""

    async def one(place: int) -> None:
        chat = place * 1_000_000
        while time.monotonic() < begun_at + SECONDS:
            chat += 1
            await send(pacing, chat, left, Reminder())

    async with asyncio.TaskGroup() as group:
        for place in range(WAITING):
            group.create_task(one(place))


def replica(url: str, name: str, shared: bool, all_here: Any, results: Any) -> None:
    """Send in a process of its own, and tell when each left: on Linux the monotonic clock is that of all processes."""

    async def main() -> list[float]:
        database = Database(url)
        left: list[float] = []
        try:
            await keep_sending(limiter(database, name, shared=shared), left, time.monotonic())
        finally:
            await database.close()
        return left

    all_here.wait(30)
    results.put(asyncio.run(main()))


def together(url: str, name: str, *, shared: bool) -> list[float]:
    """Return when every message of all replicas left."""
    results = _forks.Queue()
    # They take a while to import everything.
    all_here = _forks.Barrier(REPLICAS)
    processes = [_forks.Process(target=replica, args=(url, name, shared, all_here, results)) for _ in range(REPLICAS)]
    for process in processes:
        process.start()
    left = sorted(at for _ in processes for at in results.get(timeout=60))
    for process in processes:
        process.join()
    return left


def worst_second(times: list[float]) -> int:
    return max(sum(start <= at < start + 1 for at in times) for start in times)


def test_replicas_keep_one_limit_together_and_use_all_of_it(url: str) -> None:
    left = together(url, "together", shared=True)

    assert worst_second(left) <= LIMIT
    assert len(left) >= LIMIT * SECONDS * 0.7


def test_control_replicas_that_do_not_share_pass_the_limit(url: str) -> None:
    left = together(url, "apart", shared=False)

    assert worst_second(left) > 2 * LIMIT


async def with_databases(url: str, work: Callable[..., Awaitable[None]], count: int = 2) -> None:
    databases = [Database(url) for _ in range(count)]
    try:
        await work(*databases)
    finally:
        for database in databases:
            await database.close()


async def test_an_answer_of_one_replica_does_not_wait_for_the_reminders_of_another(url: str) -> None:
    async def work(busy: Database, calm: Database) -> None:
        left: list[float] = []
        reminding = asyncio.create_task(keep_sending(limiter(busy, "answers"), left, time.monotonic()))
        await asyncio.sleep(1)
        pacing, waits = limiter(calm, "answers"), []
        for chat in range(5):
            asked_at, answered = time.monotonic(), []
            await send(pacing, chat, answered, Pace(Priority.ANSWER))
            waits.append(answered[0] - asked_at)
            await asyncio.sleep(0.1)
        await reminding

        assert max(waits) < 0.6
        assert len(left) > LIMIT

    await with_databases(url, work)


@pytest.mark.case(38)
async def test_a_429_to_one_replica_stops_the_others_too(url: str) -> None:
    async def work(one: Database, other: Database) -> None:
        first, second = limiter(one, "held"), limiter(other, "held")
        left: list[float] = []
        await send(second, 1, left)
        with pytest.raises(Flooded):
            await send(first, 2, [], Pace(give_up_after=0.2), error=Flooded(2))
        told_at = time.monotonic()
        await asyncio.sleep(0.1)

        await send(second, 3, left)

        assert left[1] >= told_at + 1.9

    await with_databases(url, work)


async def test_while_the_database_is_away_a_replica_sends_from_a_share_of_its_own() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    pacing, left = limiter(database, "away"), []
    begun_at = time.monotonic()

    async with asyncio.TaskGroup() as group:
        for chat in range(20):
            group.create_task(send(pacing, chat, left))

    await database.close()
    assert left[0] < begun_at + ASK_SECONDS + 0.5
    assert worst_second(left) <= LIMIT * ALONE_SHARE + 5


async def test_one_process_with_sqlite_needs_no_database_to_count() -> None:
    database = Database("sqlite:///nowhere.db")

    budget = budget_of(database, "1:x", LIMIT)

    assert isinstance(budget, EvenBudget)
    assert timedelta(seconds=await budget.reserve(1) - time.monotonic()) < timedelta(seconds=0.1)
