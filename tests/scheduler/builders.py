"""Make rows with sensible defaults, and a sender that only writes down what it was given."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db import people, plans
from scheduler.db.engine import Database
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.deliver import Deliverer
from scheduler.due import Begin, DueCheckIn, Report
from scheduler.rule import Cadence
from tests.clock import StillClock
from tests.keys import new_vault
from tests.store import open_at_ease

_ids = itertools.count(1)


async def make_plan(
    database: Database, now: datetime, chat_id: int = 7, zone: str = "Europe/Berlin", **rule: Any
) -> str:
    """Add a person, if new, and a plan of theirs; return the plan's public id. Weekly on Monday at 9:00 by default."""
    values = {"unit": "week", "at": time(9), "anchor": date(2026, 11, 23), **rule}
    async with database.write() as session:
        person = await people.ensure(session, chat_id, now)
        person.zone = zone
        plan = await plans.create(session, person, f"plan{next(_ids)}", "check_in", Cadence(**values), zone, now)
        return plan.public_id


@dataclass(frozen=True)
class Wish:
    """Say what one person of many wants: one plan, in a zone. `home` is the person's own zone, once they told it."""

    chat_id: int
    public_id: str
    cadence: Cadence
    zone: str
    home: str | None = None
    night: tuple[str, str] = ("22:00", "08:00")


async def make_many(database: Database, wishes: Sequence[Wish], now: datetime) -> None:
    """Add people that are new, with a plan each, as the program makes them one by one; written down all at once."""
    async with database.write() as session:
        persons = [
            Person(
                chat_id=wish.chat_id,
                created_at=now,
                zone=wish.home,
                quiet_from=wish.night[0],
                quiet_to=wish.night[1],
                discreet=True,
                calm_runs=0,
            )
            for wish in wishes
        ]
        session.add_all(persons)
        await session.flush()
        made = _Later()
        for wish, person in zip(wishes, persons, strict=True):
            await plans.create(
                cast(AsyncSession, made), person, wish.public_id, "check_in", wish.cadence, wish.zone, now
            )
        session.add_all(made.rows)


class _Later:
    """Take rows as a session does, and write none."""

    def __init__(self) -> None:
        self.rows: list[object] = []

    def add(self, row: object) -> None:
        self.rows.append(row)

    async def flush(self) -> None:
        pass


async def all_check_ins(database: Database) -> list[CheckIn]:
    """Return every check-in, oldest first."""
    async with database.read() as session:
        return list(await session.scalars(select(CheckIn).order_by(CheckIn.id)))


async def get_plan(database: Database, public_id: str) -> Plan:
    """Return a plan as it is now."""
    async with database.read() as session:
        plan = await session.scalar(select(Plan).where(Plan.public_id == public_id))
        assert plan is not None
        return plan


@dataclass
class Post:
    """Send by writing down. `answers` says, by attempt of all, how a sending ends; "sent" when it has run out."""

    reports: list[Report | Exception] = field(default_factory=list)
    sent: list[DueCheckIn] = field(default_factory=list)
    before: Callable[[DueCheckIn], Any] | None = None

    async def send(self, due: DueCheckIn, begin: Begin) -> Report:
        """Send one check-in."""
        if self.before:
            await self.before(due)
        if not await begin():
            return Report("not_sent", why="not wanted")
        report = self.reports.pop(0) if self.reports else Report("sent", message_id=len(self.sent) + 1)
        if isinstance(report, Exception):
            raise report
        if report.kind in {"sent", "unknown"}:
            self.sent.append(due)
        return report

    def copies(self) -> Counter[str]:
        """Return how often each check-in was sent."""
        return Counter(f"{due.plan_public_id} {due.nominal}" for due in self.sent)


class SlowPost(Post):
    """Let each message arrive, and its answer take as long as `wait` does."""

    def __init__(self, wait: Callable[[DueCheckIn], Awaitable[object]]) -> None:
        """Take what to wait for."""
        super().__init__()
        self._wait = wait

    async def send(self, due: DueCheckIn, begin: Begin) -> Report:
        """Send one check-in."""
        report = await super().send(due, begin)
        await self._wait(due)
        return report


async def deliver_all(database: Database, post: Post, clock: StillClock, owner: str = "one") -> Deliverer:
    """Let a deliverer that is made for this do all that is due now."""
    deliverer = Deliverer(database, post.send, clock, owner)
    while await deliverer.deliver_due():
        pass
    await deliverer.settle()
    return deliverer


@asynccontextmanager
async def opened(url: str, *, as_shipped: bool = False) -> AsyncIterator[Database]:
    """Open a database for the length of a block, `as_shipped` also where that waits for the disk."""
    database = Database(url, new_vault()) if as_shipped else open_at_ease(url, new_vault())
    try:
        yield database
    finally:
        await database.close()
