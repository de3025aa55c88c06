"""What nobody wants any more, or nobody can be sent, ends alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from scheduler.db import people, plans
from scheduler.db.engine import Database
from scheduler.due import DueCheckIn, Report
from tests.clock import StillClock
from tests.scheduler.builders import Post, all_check_ins, deliver_all, get_plan, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


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
