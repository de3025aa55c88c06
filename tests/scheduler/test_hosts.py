"""Replicas on several machines, whose clocks differ."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from scheduler.db.engine import Database
from scheduler.db.leases import machine_clock
from scheduler.deliver import LEASE, Deliverer
from scheduler.due import DueCheckIn
from tests.clock import StillClock
from tests.scheduler.builders import Post, SlowPost, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

APART = timedelta(seconds=5)

# More than a lease.
FAR_APART = timedelta(seconds=90)

ASTRAY = timedelta(hours=1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


@pytest.mark.case(94)
@pytest.mark.parametrize("apart", [APART, -APART])
async def test_two_hosts_whose_clocks_differ_by_seconds_do_not_take_over_from_each_other(
    database: Database, clock: StillClock, apart: timedelta
) -> None:
    assert await _copies(database, clock, apart, LEASE) == 1


async def test_control_with_a_lease_shorter_than_the_difference_a_second_copy_comes(
    database: Database, clock: StillClock
) -> None:
    assert await _copies(database, clock, APART, APART - timedelta(seconds=1)) == 2


# SQLite's file is used from one machine.
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.mark.case(93)
@on_postgresql
@pytest.mark.parametrize("apart", [FAR_APART, -FAR_APART])
async def test_a_host_whose_clock_is_far_from_the_databases_takes_nothing_over_that_is_being_sent(
    database: Database, clock: StillClock, apart: timedelta
) -> None:
    with capture_logs() as logs:
        copies = await _copies(database, clock, apart, LEASE, _set_wrongly(apart))

    assert copies == 1
    differing = [entry for entry in logs if entry["event"] == "this machine's clock and the database's differ"]
    assert [(one["log_level"], round(one["database_ahead"])) for one in differing] == [
        ("warning", -apart.total_seconds())
    ]


@on_postgresql
async def test_control_a_host_that_does_not_compare_its_clock_with_the_databases_takes_over(
    database: Database, clock: StillClock
) -> None:
    assert await _copies(database, clock, FAR_APART, LEASE, machine_clock) == 2


@pytest.mark.case(92)
@on_postgresql
@pytest.mark.parametrize("apart", [ASTRAY, -ASTRAY])
async def test_a_host_whose_clock_cannot_be_believed_sends_nothing_until_it_agrees_with_the_databases(
    database: Database, clock: StillClock, apart: timedelta
) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    post, wrong_by = Post(), apart
    deliverer = Deliverer(
        database, post.send, lambda: clock() + wrong_by, "astray", machine=lambda: machine_clock() + wrong_by
    )

    with capture_logs() as logs:
        for _ in range(3):
            assert not await deliverer.deliver_due()
        before = deliverer.under_way
        wrong_by = timedelta()
        await deliverer.deliver_due()
        await deliverer.settle()

    assert (before, len(post.sent)) == (0, 1)
    assert [entry["log_level"] for entry in logs if entry["log_level"] in {"warning", "error"}] == ["error"]


def _set_wrongly(by: timedelta) -> Callable[[], datetime]:
    return lambda: machine_clock() + by


async def _copies(
    database: Database,
    clock: StillClock,
    apart: timedelta,
    lease: timedelta,
    machine: Callable[[], datetime] = machine_clock,
) -> int:
    """Send slowly on one host, holding the lease as the program does, while another host looks again and again."""
    await make_plan(database, clock())
    clock.move_to(DUE + abs(apart))
    begun, answered = asyncio.Event(), asyncio.Event()

    async def arrive_slowly(due: DueCheckIn) -> None:
        begun.set()
        await answered.wait()

    slow, post = SlowPost(arrive_slowly), Post()
    sender = Deliverer(database, slow.send, clock, "sender", lease=lease)
    other = Deliverer(database, post.send, lambda: clock() + apart, "other", lease=lease, machine=machine)

    await sender.deliver_due()
    await begun.wait()
    for _ in range(8):
        await sender.hold_leases()
        clock.advance(seconds=lease.total_seconds() / 4)
        await other.deliver_due()
        await other.settle()
    answered.set()
    await sender.settle()
    return len(slow.sent) + len(post.sent)
