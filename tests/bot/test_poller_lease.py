"""Replicas that poll: one does, the others stand by, and one of them goes on when it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from bot.health import Health
from bot.metrics import Metrics
from bot.standby import Standby
from scheduler.db import leases
from scheduler.db.engine import Database
from scheduler.db.models import Lease
from tests.bot.replicas import replica, until
from tests.chat import Chats, Talker
from tests.clock import StillClock
from tests.keys import new_vault

BOT = 42
NAME = f"poll:{BOT}"

# Short, so that one that died is soon followed; long enough for a slow machine to keep it.
LEASE = timedelta(seconds=1)
LONG = timedelta(minutes=5)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Return an open database."""
    opened = Database(database_url, new_vault())
    yield opened
    await opened.close()


async def take(database: Database, owner: str, length: timedelta = LONG) -> bool:
    """Try to take the lease."""
    async with database.write() as session:
        return await leases.take(session, NAME, owner, length)


async def test_a_lease_has_one_owner_until_it_is_given_back(database: Database) -> None:
    first, second, again = await take(database, "a"), await take(database, "b"), await take(database, "a")

    async with database.write() as session:
        await leases.give_back(session, NAME, "b")
    still = await take(database, "b")
    async with database.write() as session:
        await leases.give_back(session, NAME, "a")

    assert (first, second, again, still) == (True, False, True, False)
    assert await take(database, "b")


async def test_a_lease_that_ran_out_is_anybodys(database: Database) -> None:
    await take(database, "a", timedelta(seconds=-1))

    assert await take(database, "b")
    assert not await take(database, "a")


async def test_many_who_want_a_lease_at_once_get_one(database: Database) -> None:
    taken = await asyncio.gather(*(take(database, f"owner{number}") for number in range(8)))

    assert sum(taken) == 1


@pytest.mark.case(93)
async def test_a_lease_counts_by_the_clock_of_the_database(database: Database) -> None:
    await take(database, "a", LONG)

    async with database.read() as session:
        until_ = await session.scalar(select(Lease.until))
        if database.is_sqlite:
            now = await session.scalar(text("SELECT (julianday('now') - 2440587.5) * 86400000"))
        else:
            now = await session.scalar(text("SELECT extract(epoch FROM now()) * 1000"))

    assert until_ is not None
    assert abs(until_.timestamp() * 1000 - float(now) - LONG.total_seconds() * 1000) < 5000


async def test_leases_that_ran_out_are_forgotten(database: Database) -> None:
    await take(database, "a", timedelta(seconds=-1))

    async with database.write() as session:
        await leases.forget_old(session)

    async with database.read() as session:
        assert (await session.scalars(select(Lease.name))).all() == []


class Worker:
    """Stand by, and note when it polls."""

    def __init__(self, database: Database, clock: StillClock, owner: str) -> None:
        """Begin nothing yet."""
        self.health = Health(database, clock, Metrics())
        self.standby = Standby(database, owner, self.health, Metrics(), LEASE)
        self.polls = False
        self.stop = asyncio.Event()

    async def poll(self, over: asyncio.Event) -> None:
        """Poll until told to end."""
        self.polls = True
        try:
            await over.wait()
        finally:
            self.polls = False

    async def run(self) -> None:
        """Run until stopped."""
        await self.standby.run(BOT, self.poll, self.stop)


@asynccontextmanager
async def workers(database: Database, clock: StillClock) -> AsyncIterator[tuple[Worker, Worker]]:
    """Run two; the first polls."""
    first, second = Worker(database, clock, "first"), Worker(database, clock, "second")
    running = [asyncio.create_task(first.run())]
    await until(lambda: first.polls)
    running.append(asyncio.create_task(second.run()))
    await until(lambda: second.health.stage == "standing by" or second.polls)
    try:
        yield first, second
    finally:
        first.stop.set()
        second.stop.set()
        await asyncio.gather(*running, return_exceptions=True)


@pytest.fixture
def on_postgresql(database: Database) -> Database:
    """Return a database that replicas share."""
    return database


postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@postgresql
async def test_only_one_replica_polls(on_postgresql: Database, clock: StillClock) -> None:
    async with workers(on_postgresql, clock) as (first, second):
        # Longer than the lease: it is kept.
        for _ in range(3):
            await until(lambda: first.polls)
            assert not await take(on_postgresql, "third")
            await asyncio.sleep(LEASE.total_seconds() / 2)

        assert (first.polls, second.polls) == (True, False)


@postgresql
async def test_another_replica_goes_on_after_a_stop(on_postgresql: Database, clock: StillClock) -> None:
    async with workers(on_postgresql, clock) as (first, second):
        first.stop.set()
        await until(lambda: second.polls)

        assert not first.polls
        assert second.health.stage == "listening"


@postgresql
async def test_a_replica_that_lost_its_lease_stops_polling(on_postgresql: Database, clock: StillClock) -> None:
    async with workers(on_postgresql, clock) as (first, second):
        # What a pause of the process beyond its lease looks like.
        async with on_postgresql.write() as session:
            await session.execute(text("UPDATE leases SET owner = 'second'"))
        await until(lambda: not first.polls)
        await until(lambda: second.polls)

        assert first.health.stage in {"listening", "standing by"}


@postgresql
async def test_without_a_database_the_one_that_polls_goes_on(
    on_postgresql: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def broken(_self: Database) -> None:
        nonlocal asked
        asked += 1
        raise OperationalError("BEGIN", {}, Exception("the database is down"))

    async with workers(on_postgresql, clock) as (first, second):
        with monkeypatch.context() as patch:
            patch.setattr(Database, "write", broken)
            await until(lambda: asked >= 4)
            polls = (first.polls, second.polls)

    assert polls == (True, False)


@postgresql
async def test_two_programs_that_poll_answer_everything_once(chats: Chats, alice: Talker) -> None:
    async with replica(chats, polls=True) as first, replica(chats, polls=True) as second:
        stages = (first.program.health.stage, second.program.health.stage)
        alice.phone.writes("/start")
        await until(lambda: len(alice.answers()) == 1)
        await first.stop()
        await until(lambda: second.program.health.stage == "listening")
        alice.phone.writes("/help")
        await until(lambda: len(alice.answers()) == 2)

    assert stages == ("listening", "standing by")
    assert not [call for call in chats.phone.calls(chats.token, "getUpdates") if call.status == 409]


async def test_one_process_on_sqlite_needs_no_lease(tmp_path: object, clock: StillClock) -> None:
    database = Database(f"sqlite:///{tmp_path}/nothing.db", new_vault())
    worker = Worker(database, clock, "only")
    running = asyncio.create_task(worker.run())
    await until(lambda: worker.polls)

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await database.close()

    assert worker.health.stage == "listening"
