"""Changes that come while a check-in is on its way."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from scheduler.cadence import next_occurrence
from scheduler.db import answers, people, plans
from scheduler.db.engine import Database
from scheduler.db.models import Plan
from scheduler.deliver import LEASE, Deliverer, FatalSendError
from scheduler.due import Begin, DueCheckIn, Report
from scheduler.zones import zone
from tests.clock import StillClock
from tests.scheduler.builders import Post, SlowPost, all_check_ins, deliver_all, get_plan, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

# Some of them are quicker than the rescuer, some are not.
MANY = 40


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


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

    post = SlowPost(move) if is_begun else Post(before=move)
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

    slow, post = SlowPost(arrive_slowly), Post()
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
