"""What comes late comes within its time, which runs from when it was wanted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import update

from scheduler.cadence import MAX_LATE
from scheduler.db.engine import Database
from scheduler.db.models import Person
from scheduler.due import DueCheckIn, Report
from tests.clock import StillClock
from tests.scheduler.builders import Post, all_check_ins, deliver_all, make_plan, opened

# 9:00 in Berlin on Monday the 23rd.
DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

HOUR = timedelta(hours=1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


@pytest.mark.case(40)
@pytest.mark.parametrize("down_for", [timedelta(), 22 * HOUR])
async def test_after_a_downtime_and_an_outage_nothing_comes_later_than_it_may(
    database: Database, clock: StillClock, down_for: timedelta
) -> None:
    await make_plan(database, clock())
    post = Post([Report("not_sent")] * 1000)

    clock.move_to(DUE + down_for)
    while clock() < DUE + 2 * MAX_LATE:
        if clock() >= DUE + MAX_LATE + HOUR:
            post.reports.clear()
        await deliver_all(database, post, clock)
        clock.advance(hours=1)

    assert [_lateness(due) for due in post.sent] == []
    assert [row.state for row in await all_check_ins(database)] == ["expired"]


async def test_a_night_that_holds_back_what_is_late_does_not_use_up_its_time(
    database: Database, clock: StillClock
) -> None:
    """Daily at 21:00, and half a day late at the most; the bot is down until 22:30, and the night ends at 9:15."""
    await make_plan(database, clock(), unit="day", at=time(21))
    async with database.write() as session:
        await session.execute(update(Person).values(quiet_to="09:15"))
    post = Post()

    clock.move_to(datetime(2026, 11, 23, 21, 30, tzinfo=UTC))
    await deliver_all(database, post, clock)
    by_night = len(post.sent)
    clock.move_to(datetime(2026, 11, 24, 8, 15, tzinfo=UTC))
    await deliver_all(database, post, clock)

    assert (by_night, [due.nominal for due in post.sent]) == (0, ["2026-11-23T21:00"])


def _lateness(due: DueCheckIn) -> timedelta:
    return due.expires_at - due.due_at
