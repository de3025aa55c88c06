"""What is counted about check-ins: attempts, lateness, what was given up, and what is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

import pytest

from scheduler.db.engine import Database
from scheduler.db.figures import figures
from scheduler.deliver import Deliverer
from scheduler.due import DueCheckIn, Report
from tests.clock import StillClock
from tests.keys import new_vault
from tests.scheduler.builders import Post, make_plan

# The plan's first time, a Monday at 9:00 in Berlin.
DUE = datetime(2026, 11, 23, 8, tzinfo=UTC)


@dataclass
class Notes:
    """Write down what is to be counted."""

    results: list[str] = field(default_factory=list)
    lateness: list[timedelta | None] = field(default_factory=list)
    given: Counter[str] = field(default_factory=Counter)

    def attempted(self, due: DueCheckIn, report: Report, now: datetime) -> None:
        """Note an attempt."""
        self.results.append(report.kind)
        self.lateness.append(now - due.wanted_at if due.wanted_at else None)

    def given_up(self, why: str, times: int) -> None:
        """Note what was given up."""
        if times:
            self.given[why] += times


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """Return an open database."""
    opened = Database(database_url, new_vault())
    yield opened
    await opened.close()


async def deliver(database: Database, clock: StillClock, *reports: Report | Exception) -> Notes:
    """Deliver what is due, and return what was counted."""
    notes = Notes()
    deliverer = Deliverer(database, Post(list(reports)).send, clock, "counted", counts=notes)
    while await deliverer.deliver_due():
        pass
    await deliverer.settle()
    return notes


async def test_a_sending_is_counted_with_its_lateness(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE + timedelta(seconds=7))

    notes = await deliver(database, clock)

    assert (notes.results, notes.lateness) == (["sent"], [timedelta(seconds=7)])


async def test_quiet_hours_are_not_lateness(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock(), at=time(23, 30))
    clock.move_to(datetime(2026, 11, 23, 22, 30, tzinfo=UTC))
    held = await deliver(database, clock)
    clock.move_to(datetime(2026, 11, 24, 7, 0, 3, tzinfo=UTC))

    notes = await deliver(database, clock)

    assert held.results == []
    assert notes.lateness == [timedelta(seconds=3)]


async def test_what_was_missed_is_counted(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE + timedelta(weeks=3, days=5))

    notes = await deliver(database, clock)

    assert notes.given == {"missed": 4}


async def test_what_expired_while_it_could_not_be_sent_is_counted(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    first = await deliver(database, clock, Report("not_sent"))
    clock.advance(days=2)

    notes = await deliver(database, clock)

    assert (first.results, first.given) == (["not_sent"], Counter())
    assert notes.given == {"expired": 1}


async def test_a_second_unknown_end_is_counted_as_unconfirmed(database: Database, clock: StillClock) -> None:
    await make_plan(database, clock())
    clock.move_to(DUE)
    first = await deliver(database, clock, Report("unknown"))
    clock.advance(minutes=1)

    second = await deliver(database, clock, Report("unknown"))

    assert first.given == {}
    assert (second.results, second.given) == (["unknown"], {"sent_unconfirmed": 1})


async def test_what_is_due_is_counted_from_when_it_was_due(database: Database, clock: StillClock) -> None:
    for chat_id in (7, 8, 9):
        await make_plan(database, clock(), chat_id)
    async with database.read() as session:
        before = await figures(session, clock())
    clock.move_to(DUE + timedelta(seconds=90))
    async with database.read() as session:
        late = await figures(session, clock())
    await deliver(database, clock)
    async with database.read() as session:
        after = await figures(session, clock())

    assert (before.due, before.oldest_due_seconds(clock())) == (0, 0)
    assert (late.due, late.oldest_due_seconds(clock())) == (3, 90)
    assert (after.due, after.states) == (0, {"sent": 3})
