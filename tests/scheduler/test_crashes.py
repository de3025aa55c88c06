"""A crash only delays, costs one repeat at most, and gives nobody else's work away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from scheduler.db.engine import Database
from scheduler.db.models import CheckIn
from scheduler.deliver import LEASE, Deliverer
from scheduler.due import DueCheckIn, Report
from tests.clock import StillClock
from tests.scheduler.builders import Post, all_check_ins, deliver_all, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


@pytest.mark.case(52)
async def test_a_crash_between_claim_and_sending_only_delays(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    post = Post(before=lambda due: asyncio.Event().wait())

    for crash in range(4):
        deliverer = Deliverer(database, post.send, clock, f"crashed{crash}")
        await deliverer.deliver_due()
        await _crash(deliverer)
        clock.advance(seconds=LEASE.total_seconds() + 1)
    post.before = None
    await deliver_all(database, post, clock)

    assert len(post.sent) == 1
    assert (await all_check_ins(database))[0].state == "sent"


@pytest.mark.case(53)
async def test_a_crash_after_sending_costs_one_repeat_at_most(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)

    copies = 0
    for crash in range(5):
        arrived = asyncio.Event()

        async def send(due: DueCheckIn, begin, arrived=arrived) -> Report:
            nonlocal copies
            if await begin():
                copies += 1
                arrived.set()
                await asyncio.Event().wait()
            return Report("not_sent")

        deliverer = Deliverer(database, send, clock, f"crashed{crash}")
        if await _claims_something(deliverer):
            await arrived.wait()
        await _crash(deliverer)
        clock.advance(seconds=LEASE.total_seconds() + 1)

    assert copies == 2
    assert (await all_check_ins(database))[0].state == "sent_unconfirmed"


@pytest.mark.case(54)
async def test_a_sender_that_slept_past_its_lease_neither_sends_nor_writes(
    database: Database, clock: StillClock
) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    asleep, post = asyncio.Event(), Post()
    slow = Post(before=lambda due: asleep.wait())

    sleeper = Deliverer(database, slow.send, clock, "sleeper")
    await sleeper.deliver_due()
    clock.advance(seconds=LEASE.total_seconds() + 1)
    await deliver_all(database, post, clock, "rescuer")
    asleep.set()
    await sleeper.settle()

    assert (len(post.sent), len(slow.sent)) == (1, 0)
    assert (await all_check_ins(database))[0].message_id == 1


@pytest.mark.case(58)
@pytest.mark.case(59)
async def test_many_deliverers_on_one_database_send_each_check_in_once(database_url: str, clock: StillClock) -> None:
    post = Post()
    async with opened(database_url) as database:
        for chat_id in range(1, 101):
            await make_plan(database, clock(), chat_id=chat_id)
    clock.move_to(DUE)

    async def deliver(name: str) -> None:
        async with opened(database_url) as database:
            await deliver_all(database, post, clock, name)

    await asyncio.gather(*(deliver(f"replica{n}") for n in range(4)))

    assert len(post.copies()) == 100
    assert set(post.copies().values()) == {1}


@pytest.mark.case(62)
async def test_stopping_gives_back_what_was_not_begun(database: Database, clock: StillClock) -> None:
    for chat_id in range(1, 41):
        await make_plan(database, clock(), chat_id=chat_id)
    clock.move_to(DUE)
    post = Post(before=lambda due: asyncio.Event().wait())

    deliverer = Deliverer(database, post.send, clock, "stopped")
    await deliverer.deliver_due()
    await deliverer.finish(0.01)

    assert {row.state for row in await all_check_ins(database)} == {"waiting"}
    await deliver_all(database, after := Post(), clock)
    assert len(after.sent) == 40


# SQLite lets one write at a time: there nobody has some rows and waits for others.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_leases_are_made_longer_without_waiting_for_one_that_is_just_written_down(
    database: Database, clock: StillClock
) -> None:
    for chat_id in (1, 2):
        await make_plan(database, clock(), chat_id=chat_id)
    clock.move_to(DUE)
    deliverer = Deliverer(database, Post(before=lambda due: asyncio.Event().wait()).send, clock, "sender")
    await deliverer.deliver_due()
    clock.advance(seconds=1)

    async with database.write() as session:
        locked = await session.scalar(select(CheckIn.id).order_by(CheckIn.id).limit(1).with_for_update())
        async with asyncio.timeout(5):
            await deliverer.hold_leases()
    await _crash(deliverer)

    until = {row.id == locked: row.wake_at for row in await all_check_ins(database)}
    assert until == {True: DUE + LEASE, False: clock() + LEASE}


async def _claims_something(deliverer: Deliverer) -> bool:
    await deliverer.deliver_due()
    return bool(deliverer.under_way)


async def _crash(deliverer: Deliverer) -> None:
    """Leave everything as it is, as a kill does."""
    deliverer.abandon()
    await asyncio.sleep(0)
