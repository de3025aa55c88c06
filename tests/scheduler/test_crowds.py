"""Many rows of which nothing is to be sent hold up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import Row

from scheduler.db import claims
from scheduler.db.engine import Database
from scheduler.deliver import BATCH, LEASE, Deliverer
from scheduler.due import DueCheckIn
from scheduler.jobs import Clockwork
from scheduler.rule import Cadence
from tests.clock import StillClock
from tests.scheduler.builders import Post, Wish, make_many, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

# More than twice of what is claimed at once.
CROWD = 1200

# Less than until the next regular look, in seconds: each of them may be about a part of the crowd only.
AT_ONCE = 4.0


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


@pytest.mark.case(56)
async def test_many_that_are_too_old_do_not_hold_up_one_that_is_due(database: Database, clock: StillClock) -> None:
    await _make_crowd(database, clock())
    clock.move_to(DUE + timedelta(hours=30))
    await make_plan(database, DUE, chat_id=CROWD + 1, unit="day", at=time(15), zone="Europe/Berlin")

    assert await _first_sent_to(database, clock) == CROWD + 1


@pytest.mark.case(56)
async def test_many_that_can_be_rescued_no_more_do_not_hold_up_one_that_can(
    database: Database, clock: StillClock
) -> None:
    await _crash_before_one_that_can_be_rescued(database, clock)

    assert await _first_sent_to(database, clock) == CROWD + 1


@pytest.mark.case(56)
async def test_control_without_an_end_for_what_can_be_rescued_no_more_the_one_behind_it_is_never_reached(
    database: Database, clock: StillClock
) -> None:
    await _crash_before_one_that_can_be_rescued(database, clock)
    post, decide = Post(), claims._change

    def leave(row: Row[Any], *more: Any) -> dict[str, Any]:
        change = decide(row, *more)
        if change["state"] != "expired":
            return change
        return change | {name: getattr(row, name) for name in ("state", "wake_at")}

    deliverer = Deliverer(database, post.send, clock, "next")
    with patch("scheduler.db.claims._change", leave):
        for _ in range(CROWD // BATCH + 2):
            await deliverer.deliver_due()
            await deliverer.settle()

    assert post.sent == []


async def _crash_before_one_that_can_be_rescued(database: Database, clock: StillClock) -> None:
    """Leave behind a crowd that can be rescued no more, and then one that still can."""
    await _make_crowd(database, clock())
    await make_plan(database, clock(), chat_id=CROWD + 1, unit="day", at=time(8, 59), anchor=date(2026, 11, 24))
    # What is due at nine can be sent until nine of the next day. The one comes due in the last minute before that.
    for moment in (DUE, DUE + timedelta(hours=23, minutes=58, seconds=50), DUE + timedelta(hours=23, minutes=59)):
        clock.move_to(moment)
        await _crash_with_everything_claimed(database, clock)
    clock.advance(seconds=LEASE.total_seconds() + 1)


async def _make_crowd(database: Database, now: datetime) -> None:
    """Make many whose only check-in is due at DUE."""
    once = Cadence(unit="once", at=DUE.time(), anchor=DUE.date())
    await make_many(database, [Wish(number, f"once{number}", once, "UTC") for number in range(1, CROWD + 1)], now)


async def _crash_with_everything_claimed(database: Database, clock: StillClock) -> None:
    for number in range(CROWD):
        post = Post(before=lambda due: asyncio.Event().wait())
        deliverer = Deliverer(database, post.send, clock, f"crashed {number}")
        await deliverer.deliver_due()
        if not deliverer.under_way:
            return
        deliverer.abandon()
        await deliverer.settle()


async def _first_sent_to(database: Database, clock: StillClock) -> int:
    """Return to whom the first message goes when the program starts. Raises TimeoutError."""
    sent: asyncio.Queue[int] = asyncio.Queue()

    async def ring(due: DueCheckIn) -> None:
        sent.put_nowait(due.chat_id)

    clockwork = Clockwork(database, Deliverer(database, Post(before=ring).send, clock, "next"), clock)
    clockwork.start()
    try:
        async with asyncio.timeout(AT_ONCE):
            return await sent.get()
    finally:
        await clockwork.stop(AT_ONCE)
