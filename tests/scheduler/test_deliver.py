"""Check-ins are delivered once, at their time. Each test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from scheduler.db.engine import Database
from scheduler.db.models import CheckIn
from scheduler.due import Report
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
