"""A sender that was taken for dead wakes up while another takes over from it, or after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from sqlalchemy import null, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db import claims
from scheduler.db.dues import CHECK_INS
from scheduler.db.engine import Database
from scheduler.db.rows import Many, Values
from scheduler.deliver import LEASE, Deliverer
from scheduler.due import Begin, DueCheckIn, Report
from tests.clock import StillClock
from tests.scheduler.builders import Post, all_check_ins, deliver_all, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

# How long a sender gets to write something down, in seconds: where it is held up, and where it ends before.
A_MOMENT, AMPLE = 0.3, 20.0

_FINISH_OF_ANYBODY = Many(
    {name: CHECK_INS.c[name] for name in claims._FINISHED},
    lambda given: (
        update(CHECK_INS)
        .where(CHECK_INS.c.id == given["id"])
        .values(state=given["state"], wake_at=given["wake_at"], unknowns=given["unknowns"], owner=null())
    ),
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


class _Sender:
    """Send what is due so that it arrives at once, and how that ended is known when `answered` is set."""

    def __init__(self, database: Database, clock: StillClock, owner: str, *reports: Report | Exception) -> None:
        self._post, self.begun, self.answered = Post(list(reports)), asyncio.Event(), asyncio.Event()
        self.deliverer = Deliverer(database, self._send, clock, owner)

    async def _send(self, due: DueCheckIn, begin: Begin) -> Report:
        report = await self._post.send(due, begin)
        self.begun.set()
        await self.answered.wait()
        return report

    async def begin(self) -> None:
        """Send, and stand still where no answer has come yet."""
        await self.deliverer.deliver_due()
        await self.begun.wait()

    def copies(self) -> int:
        """Return how many have arrived."""
        return len(self._post.sent)


@pytest.mark.case(55)
async def test_nothing_is_written_down_between_the_look_of_one_that_takes_over_and_its_claim(
    database: Database, database_url: str, clock: StillClock
) -> None:
    assert await _take_over_slowly(database, database_url, clock) == ("sending", 2)


# SQLite refuses by itself to write after a look that is out of date.
@pytest.mark.case(55)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_control_without_the_lock_what_was_written_down_as_sent_is_sent_again(
    database: Database, database_url: str, clock: StillClock
) -> None:
    with patch.object(claims._WAKING, "_for_update_arg", None):
        assert await _take_over_slowly(database, database_url, clock, AMPLE) == ("sent", 2)


async def _take_over_slowly(
    database: Database, database_url: str, clock: StillClock, seconds: float = A_MOMENT
) -> tuple[str, int]:
    """Take over from a sender that is answered between the other's look and its claim, and has some seconds to write.

    Return what stands there at the claim, and how many copies there are in the end.
    """
    await make_plan(database, clock())
    clock.move_to(DUE)
    sender, post = _Sender(database, clock, "sender"), Post()
    states: list[str] = []
    await sender.begin()
    clock.advance(seconds=LEASE.total_seconds() + 1)
    written = asyncio.create_task(sender.deliverer.settle())
    claim = claims._CHANGE.run

    async def claim_slowly(session: AsyncSession, rows: Sequence[Values]) -> None:
        sender.answered.set()
        await asyncio.wait({written}, timeout=seconds)
        states.extend(row.state for row in await all_check_ins(database))
        await claim(session, rows)

    async with opened(database_url) as other_connection:
        with patch.object(claims._CHANGE, "run", claim_slowly):
            await deliver_all(other_connection, post, clock, "other")
        await written
    (state,) = states
    return state, sender.copies() + len(post.sent)


@pytest.mark.case(55)
async def test_a_report_that_comes_after_another_took_over_brings_no_third_copy(
    database: Database, clock: StillClock
) -> None:
    assert await _report_late(database, clock) == 2


@pytest.mark.case(55)
async def test_control_without_the_fence_a_report_that_comes_late_brings_a_third_copy(
    database: Database, clock: StillClock
) -> None:
    with patch("scheduler.db.claims._FINISH", _FINISH_OF_ANYBODY):
        assert await _report_late(database, clock) == 3


async def _report_late(database: Database, clock: StillClock) -> int:
    """Take over from a sender, and be killed before the answer; only then it reports. Return the number of copies."""
    await make_plan(database, clock())
    clock.move_to(DUE)
    sender, other = _Sender(database, clock, "sender", Report("unknown")), _Sender(database, clock, "other")
    post = Post()

    await sender.begin()
    clock.advance(seconds=LEASE.total_seconds() + 1)
    await other.begin()
    other.deliverer.abandon()
    await other.deliverer.settle()
    sender.answered.set()
    await sender.deliverer.settle()
    clock.advance(seconds=LEASE.total_seconds() + 1)
    await deliver_all(database, post, clock, "third")

    return sender.copies() + other.copies() + len(post.sent)
