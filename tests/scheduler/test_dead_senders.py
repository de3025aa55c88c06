"""What a sender that died leaves behind is settled by what the person did meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db import answers, people, plans
from scheduler.db.engine import Database
from scheduler.db.models import Person, Plan
from scheduler.deliver import LEASE, Deliverer
from scheduler.due import Begin, DueCheckIn, Report
from tests.clock import StillClock
from tests.scheduler.builders import Post, all_check_ins, deliver_all, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

Deed = Callable[[AsyncSession, Person, Plan, datetime], Awaitable[None]]


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


async def _pause(session: AsyncSession, person: Person, plan: Plan, now: datetime) -> None:
    await plans.pause(session, plan, now)


async def _stop(session: AsyncSession, person: Person, plan: Plan, now: datetime) -> None:
    await plans.stop(session, plan, now, "asked")


async def _go_away(session: AsyncSession, person: Person, plan: Plan, now: datetime) -> None:
    await plans.go_away(session, person, plan, now.date() + timedelta(days=3), now)


async def _block(session: AsyncSession, person: Person, plan: Plan, now: datetime) -> None:
    await plans.suspend(session, person, now, "blocked")


async def _answer(session: AsyncSession, person: Person, plan: Plan, now: datetime) -> None:
    found = await answers.find(session, person, plan.public_id, "2026-11-23T09:00")
    assert found is not None
    answers.write(*found, "same", None, now)


async def _do_nothing(session: AsyncSession, person: Person, plan: Plan, now: datetime) -> None:
    pass


@pytest.mark.case(60)
@pytest.mark.parametrize(
    ("deed", "state"),
    [
        (_pause, "sent_unconfirmed"),
        (_stop, "sent_unconfirmed"),
        (_go_away, "sent_unconfirmed"),
        (_block, "sent_unconfirmed"),
        (_answer, "sent"),
    ],
)
async def test_a_sending_that_broke_off_is_not_repeated_for_somebody_who_wants_it_no_more(
    database: Database, clock: StillClock, deed: Deed, state: str
) -> None:
    post = await _killed_while_sending(database, clock, deed)

    assert post.sent == []
    assert [row.state for row in await all_check_ins(database)] == [state]
    assert [(row.wake_at, row.owner) for row in await all_check_ins(database)] == [(None, None)]


async def test_control_for_somebody_who_does_nothing_it_is_repeated(database: Database, clock: StillClock) -> None:
    post = await _killed_while_sending(database, clock, _do_nothing)

    assert len(post.sent) == 1


@pytest.mark.case(54)
async def test_a_sender_that_slept_and_takes_over_from_itself_sends_one_copy(
    database: Database, clock: StillClock
) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    awake = asyncio.Event()
    post = Post(before=lambda due: awake.wait())

    deliverer = Deliverer(database, post.send, clock, "sleeper")
    for _ in range(3):
        await deliverer.deliver_due()
        clock.advance(seconds=LEASE.total_seconds() + 1)
    waiting = deliverer.under_way
    # All of them ask in the same moment, and so in one commit.
    awake.set()
    await deliverer.settle()

    assert waiting == 3
    assert len(post.sent) == 1


async def test_a_check_in_whose_sender_was_killed_twice_is_nudged_about_once_the_next_day(
    database: Database, clock: StillClock
) -> None:
    at_once, next_day = await _killed_twice(database, clock, _do_nothing)

    assert at_once == []
    assert [due.is_nudge for due in next_day] == [True]
    assert [row.state for row in await all_check_ins(database)] == ["sent"]


async def test_a_check_in_of_which_it_is_twice_not_known_whether_it_arrived_is_nudged_about_once_the_next_day(
    database: Database, clock: StillClock
) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    post = Post([Report("unknown")] * 2)

    await _look_for_days(database, post, clock)

    assert [due.is_nudge for due in post.sent] == [False, False, True]


@pytest.mark.parametrize("deed", [_pause, _stop, _go_away, _block, _answer])
async def test_nobody_is_nudged_who_wants_none_or_has_answered(
    database: Database, clock: StillClock, deed: Deed
) -> None:
    assert await _killed_twice(database, clock, deed) == ([], [])


async def test_control_without_the_nudge_it_may_never_come(
    database: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.db.nudges.NUDGE_AFTER", timedelta(days=9))

    assert await _killed_twice(database, clock, _do_nothing) == ([], [])


async def _killed_twice(database: Database, clock: StillClock, deed: Deed) -> tuple[list[DueCheckIn], list[DueCheckIn]]:
    """Kill two senders, let the person do something, and return what comes within the hour, and in three days."""
    public_id = await make_plan(database, clock())
    clock.move_to(DUE)
    for _ in range(2):
        await _kill_while_sending(database, clock)
        clock.advance(seconds=LEASE.total_seconds() + 1)
    post = Post()
    await deliver_all(database, post, clock)
    await _do(database, clock, public_id, deed)
    clock.advance(hours=1)
    await deliver_all(database, post, clock)
    at_once = list(post.sent)

    await _look_for_days(database, post, clock)
    return at_once, post.sent[len(at_once) :]


async def _look_for_days(database: Database, post: Post, clock: StillClock) -> None:
    for _ in range(3 * 24):
        await deliver_all(database, post, clock)
        clock.advance(hours=1)


async def _killed_while_sending(database: Database, clock: StillClock, deed: Deed) -> Post:
    """Kill a sender between sending and writing it down, let the person do something, and let another one go on."""
    public_id = await make_plan(database, clock())
    clock.move_to(DUE)
    await _kill_while_sending(database, clock)
    await _do(database, clock, public_id, deed)
    clock.advance(seconds=LEASE.total_seconds() + 1)
    post = Post()
    await deliver_all(database, post, clock)
    return post


async def _kill_while_sending(database: Database, clock: StillClock) -> None:
    arrived = asyncio.Event()

    async def send(due: DueCheckIn, begin: Begin) -> Report:
        assert await begin()
        arrived.set()
        await asyncio.Event().wait()
        return Report("sent")

    deliverer = Deliverer(database, send, clock, "killed")
    await deliverer.deliver_due()
    await arrived.wait()
    deliverer.abandon()
    await deliverer.settle()


async def _do(database: Database, clock: StillClock, public_id: str, deed: Deed) -> None:
    async with database.write() as session:
        person = await people.find(session, 7, lock=True)
        assert person is not None
        plan = await plans.find(session, person, public_id)
        assert plan is not None
        await deed(session, person, plan, clock())
