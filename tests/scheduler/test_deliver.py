"""Check-ins are delivered once, whatever happens in between. Each test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from scheduler.db import people, plans
from scheduler.db.engine import Database
from scheduler.db.models import CheckIn
from scheduler.deliver import LEASE, Deliverer
from scheduler.due import DueCheckIn, Report
from tests.clock import StillClock
from tests.scheduler.builders import Post, all_check_ins, deliver_all, get_plan, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


async def test_a_check_in_comes_once_at_its_wall_time_and_the_plan_moves_on(
    database: Database, clock: StillClock
) -> None:
    plan = await make_plan(database, clock())
    post = Post()

    await deliver_all(database, post, clock)
    assert post.sent == []
    clock.move_to(DUE)
    await deliver_all(database, post, clock)
    await deliver_all(database, post, clock)

    assert [due.nominal for due in post.sent] == ["2026-11-23T09:00"]
    assert (await all_check_ins(database))[0].state == "sent"
    assert (await get_plan(database, plan)).next_due_at == DUE + timedelta(days=7)


async def test_a_connection_that_cannot_be_made_is_tried_until_it_can(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    post = Post([Report("not_sent")] * 5)

    for _ in range(10):
        await deliver_all(database, post, clock)
        clock.advance(minutes=5)

    assert len(post.sent) == 1
    assert (await all_check_ins(database))[0].state == "sent"


@pytest.mark.case(41)
@pytest.mark.case(42)
async def test_an_unknown_outcome_is_repeated_once_and_never_again(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    post = Post([Report("unknown")] * 9)

    for _ in range(10):
        await deliver_all(database, post, clock)
        clock.advance(minutes=5)

    assert len(post.sent) == 2
    assert (await all_check_ins(database))[0].state == "sent_unconfirmed"


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


@pytest.mark.case(57)
async def test_a_check_in_that_cannot_be_made_is_given_up_after_five_attempts_and_delays_nobody(
    database: Database, clock: StillClock
) -> None:
    await make_plan(database, clock(), chat_id=1, at=DUE.time().replace(hour=9))
    await make_plan(database, clock(), chat_id=2)
    clock.move_to(DUE)
    post = Post()
    made = post.send

    async def send(due: DueCheckIn, begin) -> Report:
        if due.chat_id == 1:
            raise ZeroDivisionError
        return await made(due, begin)

    post.send = send  # type: ignore[method-assign]
    for _ in range(12):
        await deliver_all(database, post, clock)
        clock.advance(minutes=5)

    rows = {row.person_id: row for row in await all_check_ins(database)}
    assert sorted(row.state for row in rows.values()) == ["failed", "sent"]
    assert max(row.attempt for row in rows.values()) == 5
    assert len(post.sent) == 1


@pytest.mark.case(60)
async def test_a_plan_paused_between_claim_and_sending_is_not_sent(database: Database, clock: StillClock) -> None:
    public_id = await make_plan(database, clock())
    clock.move_to(DUE)

    async def pause(due: DueCheckIn) -> None:
        async with database.write() as session:
            person = await people.find(session, 7)
            assert person is not None
            plan = await plans.find(session, person, public_id)
            assert plan is not None
            await plans.pause(session, plan, clock())

    post = Post(before=pause)
    await deliver_all(database, post, clock)

    assert post.sent == []
    assert (await all_check_ins(database))[0].state == "cancelled"


async def test_a_person_deleted_between_claim_and_sending_is_not_written_to(
    database: Database, clock: StillClock
) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)

    async def forget(due: DueCheckIn) -> None:
        async with database.write() as session:
            await people.forget(session, 7)

    post = Post(before=forget)
    await deliver_all(database, post, clock)

    assert post.sent == []
    assert await all_check_ins(database) == []


@pytest.mark.case(34)
async def test_nothing_more_is_sent_to_a_chat_that_is_gone(database: Database, clock: StillClock) -> None:
    plan = await make_plan(database, clock())
    clock.move_to(DUE)
    post = Post([Report("gone", why="blocked")])

    for _ in range(4):
        await deliver_all(database, post, clock)
        clock.advance(days=7)

    assert post.sent == []
    assert (await get_plan(database, plan)).next_due_at is None
    async with database.read() as session:
        person = await people.find(session, 7)
    assert person is not None
    assert person.suspended_why == "blocked"


@pytest.mark.case(33)
async def test_a_message_that_is_refused_says_nothing_about_the_next(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    post = Post([Report("failed")])

    await deliver_all(database, post, clock)
    clock.advance(days=7)
    await deliver_all(database, post, clock)

    assert [row.state for row in await all_check_ins(database)] == ["failed", "sent"]


@pytest.mark.case(89)
@pytest.mark.parametrize(("hours", "sent", "missed"), [(2, 1, 0), (23, 1, 0), (26, 0, 1), (30 * 24, 0, 5)])
async def test_after_a_downtime_at_most_one_comes_and_the_older_are_counted_as_missed(
    database: Database, clock: StillClock, hours: int, sent: int, missed: int
) -> None:
    plan = await make_plan(database, clock())
    clock.move_to(DUE + timedelta(hours=hours))
    post = Post()

    await deliver_all(database, post, clock)

    # At 2 and 23 hours: 11:00 and 8:00 local, neither is quiet. After 30 days: the 22nd of December was a day ago.
    assert len(post.sent) == sent
    assert all(due.is_late for due in post.sent)
    assert (await get_plan(database, plan)).missed == missed


@pytest.mark.case(91)
async def test_a_check_in_in_quiet_hours_comes_when_they_are_over(database: Database, clock: StillClock) -> None:
    from datetime import time

    await make_plan(database, clock(), at=time(23, 30))
    post = Post()

    clock.move_to(datetime(2026, 11, 23, 22, 31, tzinfo=UTC))
    await deliver_all(database, post, clock)
    assert post.sent == []
    clock.move_to(datetime(2026, 11, 24, 7, 0, tzinfo=UTC))
    await deliver_all(database, post, clock)

    assert [due.nominal for due in post.sent] == ["2026-11-23T23:30"]


async def test_an_unanswered_check_in_is_brought_up_again_once_the_next_day(
    database: Database, clock: StillClock
) -> None:
    await make_plan(database, clock())
    post = Post()

    clock.move_to(DUE)
    for _ in range(6):
        await deliver_all(database, post, clock)
        clock.advance(days=1)

    assert [due.is_nudge for due in post.sent] == [False, True]


async def test_silence_three_times_ends_the_plan_and_says_so(database: Database, clock: StillClock) -> None:
    plan = await make_plan(database, clock())
    post = Post()

    clock.move_to(DUE)
    for _ in range(7):
        await deliver_all(database, post, clock)
        clock.advance(days=7)

    assert [due.ends_plan for due in post.sent if not due.is_nudge] == [False, False, False, True]
    assert (await get_plan(database, plan)).stopped_why == "silent"


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


async def test_an_answer_given_before_the_sending_is_written_down_stops_the_nudge(
    database: Database, clock: StillClock
) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    post = Post()
    await deliver_all(database, post, clock)

    async with database.write() as session:
        await session.execute(update(CheckIn).values(answered_at=clock()))
    clock.advance(days=1)
    await deliver_all(database, post, clock)

    assert len(post.sent) == 1


async def _claims_something(deliverer: Deliverer) -> bool:
    await deliverer.deliver_due()
    return bool(deliverer.under_way)


async def _crash(deliverer: Deliverer) -> None:
    """Leave everything as it is, as a kill does."""
    deliverer.abandon()
    await asyncio.sleep(0)
