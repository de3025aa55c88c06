"""Due plans are taken up in batches, and a batch is only as good as its worst row: a bad one must cost itself alone."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from sqlalchemy import select, text, update

from scheduler.db import claims, taking
from scheduler.db.engine import Database
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.deliver import CLAIMED, LEASE, Deliverer
from scheduler.jobs import LONGEST_SLEEP, Clockwork
from tests.clock import StillClock
from tests.scheduler.builders import Post, all_check_ins, deliver_all, get_plan, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Return an open database."""
    async with opened(database_url) as database:
        yield database


@pytest.mark.parametrize("column", ["zone", "at", "next_nominal", "weekdays"])
async def test_a_plan_that_cannot_be_read_is_paused_and_delays_nobody(
    database: Database, clock: StillClock, column: str
) -> None:
    bad = await make_plan(database, clock(), chat_id=1)
    await make_plan(database, clock(), chat_id=2)
    async with database.write() as session:
        await session.execute(update(Plan).where(Plan.public_id == bad).values({column: "x"}))
    clock.move_to(DUE)
    post = Post()

    await deliver_all(database, post, clock)

    assert [due.chat_id for due in post.sent] == [2]
    plan = await get_plan(database, bad)
    assert (plan.paused_at, plan.next_due_at) == (DUE, None)


async def test_quiet_hours_that_cannot_be_read_delay_nobody_else(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock(), chat_id=1)
    await make_plan(database, clock(), chat_id=2)
    async with database.write() as session:
        await session.execute(update(Person).where(Person.chat_id == 1).values(quiet_from="x"))
    clock.move_to(DUE)
    post = Post()

    await deliver_all(database, post, clock)

    assert [due.chat_id for due in post.sent] == [2]


async def test_one_that_was_there_already_is_not_sent_again_and_delays_nobody(
    database: Database, clock: StillClock
) -> None:
    doubled = await make_plan(database, clock(), chat_id=1)
    await make_plan(database, clock(), chat_id=2)
    clock.move_to(DUE)
    async with database.write() as session:
        plan = await session.scalar(select(Plan).where(Plan.public_id == doubled))
        assert plan is not None
        session.add(
            CheckIn(
                plan_id=plan.id, person_id=plan.person_id, nominal="2026-11-23T09:00", zone=plan.zone, due_at=DUE,
                expires_at=DUE, state="sent", sent_at=DUE,
            )
        )  # fmt: skip
    post = Post()

    await deliver_all(database, post, clock)

    assert [due.chat_id for due in post.sent] == [2]
    assert len(await all_check_ins(database)) == 2
    assert (await get_plan(database, doubled)).next_due_at == DUE + timedelta(days=7)


async def test_more_than_one_claim_holds_come_once_each(database: Database, clock: StillClock) -> None:
    for chat_id in range(1, CLAIMED + 50):
        await make_plan(database, clock(), chat_id=chat_id)
    clock.move_to(DUE)
    post = Post()

    await deliver_all(database, post, clock)

    assert len(post.sent) == CLAIMED + 49
    assert set(post.copies().values()) == {1}


async def test_the_one_before_is_what_a_message_refers_to_however_many_there_were(
    database: Database, clock: StillClock
) -> None:
    public_id = await make_plan(database, clock())
    plan = await get_plan(database, public_id)
    async with database.write() as session:
        for week, answer in enumerate((None, "same", "changed", None)):
            at = DUE - timedelta(weeks=10 - week)
            session.add(
                CheckIn(
                    plan_id=plan.id, person_id=plan.person_id, nominal=f"{at:%Y-%m-%d}T09:00", zone=plan.zone,
                    due_at=at, expires_at=at, state="sent", message_id=100 + week, closed_at=at,
                    answered_at=at if answer else None, answer=answer,
                )
            )  # fmt: skip
    clock.move_to(DUE)
    post = Post()

    await deliver_all(database, post, clock)

    [due] = post.sent
    assert due.last is not None
    assert (due.last.answer, due.closes_message_id) == ("changed", 103)


async def test_a_claim_that_ran_out_cannot_begin_even_if_the_same_program_has_it_again(
    database: Database, clock: StillClock
) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    async with database.write() as session:
        [old] = await taking.take_up(session, clock(), "one", LEASE, 9, Counter())
    clock.advance(seconds=LEASE.total_seconds() + 1)
    async with database.write() as session:
        [new] = await claims.wake_up(session, clock(), "one", LEASE, 9, Counter())

    async with database.write() as session:
        late = await claims.begin(session, [old], "one", clock(), LEASE)
        begun = await claims.begin(session, [new], "one", clock(), LEASE)

    assert (old.attempt, new.attempt) == (1, 2)
    assert (late, begun) == (set(), {new.id})


async def test_a_look_at_nothing_due_writes_nothing(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock())
    post = Post()

    async with database.write() as session:
        # A writer would have to wait for this one: on SQLite for any.
        lock = "SELECT 1" if database.is_sqlite else "LOCK TABLE plans, check_ins IN EXCLUSIVE MODE"
        await session.execute(text(lock))
        async with asyncio.timeout(5):
            deliverer = await deliver_all(database, post, clock)

    assert post.sent == []
    assert deliverer.wakes_at == DUE


class NeverThere:
    """Stand for a deliverer whose next one has just come due at each look."""

    lease = LEASE

    def __init__(self) -> None:
        self.looks = 0
        self.looked_often = asyncio.Event()

    async def deliver_due(self) -> bool:
        """Count."""
        self.looks += 1
        if self.looks == 5:
            self.looked_often.set()
        return False

    @property
    def wakes_at(self) -> datetime:
        """Return a moment that is just over."""
        return datetime.now(UTC) - timedelta(milliseconds=1)

    async def hold_leases(self) -> None:
        """Do nothing."""

    def claim_no_more(self) -> None:
        """Do nothing."""

    async def finish(self, seconds: float) -> None:
        """Do nothing."""


async def test_what_comes_due_during_a_look_is_not_left_for_the_next_regular_one(
    database: Database, clock: StillClock
) -> None:
    deliverer = NeverThere()
    clockwork = Clockwork(database, cast(Deliverer, deliverer), lambda: datetime.now(UTC))

    clockwork.start()
    async with asyncio.timeout(LONGEST_SLEEP.total_seconds() - 1):
        await deliverer.looked_often.wait()
    await clockwork.stop(0)

    assert deliverer.looks < 20


class InAStatement(NeverThere):
    """Stand for a deliverer that is in the middle of a statement when the program stops."""

    def __init__(self) -> None:
        super().__init__()
        self.stopping, self.came_to_its_end = asyncio.Event(), False

    async def deliver_due(self) -> bool:
        """Look for as long as nobody stops."""
        self.looked_often.set()
        await self.stopping.wait()
        await asyncio.sleep(0)
        self.came_to_its_end = True
        return False

    def claim_no_more(self) -> None:
        """Let the statement end."""
        self.stopping.set()


async def test_a_look_that_is_at_work_when_the_program_stops_comes_to_its_end(database: Database) -> None:
    deliverer = InAStatement()
    clockwork = Clockwork(database, cast(Deliverer, deliverer), lambda: datetime.now(UTC))
    clockwork.start()
    await deliverer.looked_often.wait()

    await clockwork.stop(0)

    assert deliverer.came_to_its_end
