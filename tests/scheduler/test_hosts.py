"""Replicas on several machines, and changes that come while a check-in is on its way."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from scheduler.cadence import next_occurrence
from scheduler.db import answers, people, plans
from scheduler.db.engine import Database
from scheduler.db.leases import machine_clock
from scheduler.db.models import Plan
from scheduler.deliver import LEASE, Deliverer, FatalSendError
from scheduler.due import Begin, DueCheckIn, Report
from scheduler.zones import zone
from tests.clock import StillClock
from tests.scheduler.builders import Post, all_check_ins, deliver_all, get_plan, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

# Some of them are quicker than the rescuer, some are not.
MANY = 40

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

    slow, post = _SlowPost(arrive_slowly), Post()
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


class _SlowPost(Post):
    """Let each message arrive, and its answer take as long as `wait` does."""

    def __init__(self, wait: Callable[[DueCheckIn], Awaitable[object]]) -> None:
        super().__init__()
        self._wait = wait

    async def send(self, due: DueCheckIn, begin: Begin) -> Report:
        """Send one check-in."""
        report = await super().send(due, begin)
        await self._wait(due)
        return report


@pytest.mark.case(86)
@pytest.mark.parametrize("is_begun", [False, True])
@pytest.mark.parametrize("to", ["Pacific/Honolulu", "Pacific/Auckland", "Pacific/Kiritimati"])
async def test_a_move_while_a_check_in_is_on_its_way_makes_its_date_come_once(
    database: Database, clock: StillClock, to: str, is_begun: bool
) -> None:
    await make_plan(database, clock(), unit="day")
    clock.move_to(DUE)

    async def move(due: DueCheckIn) -> None:
        if due.nominal == "2026-11-23T09:00":
            async with database.write() as session:
                person = await people.find(session, due.chat_id, lock=True)
                assert person is not None
                await plans.change_zone(session, person, to, clock())

    post = _SlowPost(move) if is_begun else Post(before=move)
    for _ in range(4 * 24):
        await deliver_all(database, post, clock)
        clock.advance(hours=1)

    copies = post.copies()
    assert set(copies.values()) == {1}
    # On to the date line: the day that is skipped there is not made up for.
    days = [due.nominal[:10] for due in post.sent if not due.is_nudge]
    assert days[:3] == ["2026-11-23", "2026-11-24", "2026-11-25"]


async def test_control_a_move_that_counts_from_the_clock_plans_the_date_again_and_the_table_refuses_it(
    database: Database, clock: StillClock
) -> None:
    public_id = await make_plan(database, clock(), unit="day")
    clock.move_to(DUE)

    async def move_badly(due: DueCheckIn) -> None:
        async with database.write() as session:
            plan = (await session.scalars(select(Plan))).one()
            person = await people.find(session, due.chat_id)
            assert person is not None
            person.zone = plan.zone = "Pacific/Honolulu"
            plans.set_next(plan, person, next_occurrence(plans.cadence_of(plan), zone(plan.zone), clock()))

    post = Post(before=move_badly)
    await deliver_all(database, post, clock)
    planned = (await get_plan(database, public_id)).next_nominal
    post.before = None
    for _ in range(48):
        clock.advance(hours=1)
        await deliver_all(database, post, clock)

    assert planned == "2026-11-23T09:00"
    assert set(post.copies().values()) == {1}
    assert [due.nominal[:10] for due in post.sent if not due.is_nudge] == ["2026-11-23", "2026-11-24"]


@pytest.mark.case(61)
async def test_an_answer_before_a_snoozed_check_in_comes_again_closes_it_and_the_rhythm_stays(
    database: Database, clock: StillClock
) -> None:
    public_id = await make_plan(database, clock())
    clock.move_to(DUE)
    post = Post()
    await deliver_all(database, post, clock)

    for deed in ("snooze", "answer"):
        async with database.write() as session:
            person = await people.find(session, 7, lock=True)
            assert person is not None
            found = await answers.find(session, person, public_id, "2026-11-23T09:00")
            assert found is not None
            if deed == "snooze":
                answers.snooze(found[0], person, found[1].zone, clock() + timedelta(hours=3))
            else:
                answers.write(*found, "same", None, clock())
    for _ in range(8):
        clock.advance(days=1)
        await deliver_all(database, post, clock)

    assert [due.nominal for due in post.sent if not due.is_nudge] == ["2026-11-23T09:00", "2026-11-30T09:00"]
    assert (await all_check_ins(database))[0].state == "sent"


@pytest.mark.case(45)
async def test_a_refused_token_in_the_middle_leaves_the_rest_for_the_next_program(
    database: Database, clock: StillClock
) -> None:
    for chat_id in range(1, 41):
        await make_plan(database, clock(), chat_id=chat_id)
    clock.move_to(DUE)
    post, tries = Post(), itertools.count()
    fatal: list[BaseException] = []

    async def send(due: DueCheckIn, begin: Begin) -> Report:
        if next(tries) >= 10:
            raise FatalSendError("token refused")
        return await post.send(due, begin)

    deliverer = Deliverer(database, send, clock, "refused", on_fatal=fatal.append)
    await deliverer.deliver_due()
    await deliverer.settle()
    await deliverer.finish(0)
    before = len(post.sent)
    await deliver_all(database, post, clock, "next")

    assert fatal
    assert before == 10
    assert len(post.copies()) == len(post.sent) == 40


@pytest.mark.case(55)
async def test_what_is_written_down_while_another_takes_it_over_stays_written_down(
    database: Database, database_url: str, clock: StillClock
) -> None:
    for chat_id in range(1, MANY + 1):
        await make_plan(database, clock(), chat_id=chat_id)
    clock.move_to(DUE)
    arrived, answered = asyncio.Semaphore(0), asyncio.Event()

    async def arrive_slowly(due: DueCheckIn) -> None:
        arrived.release()
        await answered.wait()

    slow, post = _SlowPost(arrive_slowly), Post()
    sender = Deliverer(database, slow.send, clock, "sender")
    await sender.deliver_due()
    for _ in range(MANY):
        await arrived.acquire()
    clock.advance(seconds=LEASE.total_seconds() + 1)
    async with opened(database_url) as other_connection:
        rescuer = Deliverer(other_connection, post.send, clock, "rescuer")
        answered.set()
        await asyncio.gather(sender.settle(), rescuer.deliver_due())
        await rescuer.settle()
        await deliver_all(other_connection, post, clock, "third")

    copies = slow.copies() + post.copies()
    assert len(copies) == MANY
    rows = await all_check_ins(database)
    # Who was quicker is chance, each time anew; who was taken over from is repeated once, and the rest never.
    assert sorted(copies.values()) == sorted(1 + row.unknowns for row in rows)
    assert {row.state for row in rows} == {"sent"}
