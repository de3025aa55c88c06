"""Give a machine of Hypothesis a town to work on: an event loop, a database, and an end that is looked at."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db.engine import Database
from scheduler.db.models import CheckIn, Person, Plan
from tests.keys import new_vault
from tests.scheduler.ledger import UNFINISHED, Ledger
from tests.scheduler.town import REPLICAS, Order, Town

T = TypeVar("T")

# To be over with everything that is still on its way at the end.
LOOKS_AT_THE_END = 60


class Stage(RuleBasedStateMachine):
    """Hold what every step of a machine works with. `asks_before` and `only` are for controls: see `Town`."""

    empty_database: Path
    asks_before = True
    only: Order | None = None

    def open(self) -> None:
        """Open an empty database, and start the program twice."""
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "town.db"
        shutil.copy(self.empty_database, path)
        self.database = Database(f"sqlite:///{path}", new_vault())
        self.ledger = Ledger()
        self.town = self.run(self._build())

    async def _build(self) -> Town:
        return Town(self.database, asks_before=self.asks_before, only=self.only)

    def run(self, work: Awaitable[T]) -> T:
        """Wait for something in this machine's event loop."""

        async def do() -> T:
            return await work

        return self.runner.run(do())

    def teardown(self) -> None:
        """Let everything work again, and come to its end."""
        if not hasattr(self, "town"):
            return
        try:
            self._come_to_an_end()
        finally:
            self.run(self.town.close())
            self.run(self.database.close())
            self.runner.close()
            self.folder.cleanup()

    def _come_to_an_end(self) -> None:
        self.town.orders.clear()
        self.run(self.town.release())
        for _ in range(LOOKS_AT_THE_END):
            _, rows = self.run(self._tables())
            if not any(row.state in UNFINISHED for row in rows):
                break
            self.move_on()
            self.deliver(*REPLICAS)
        arrived = {one.check_in for one in self.town.arrivals}
        refuse(self.town.breaches)
        refuse([f"never ends: {row.nominal} {row.state}" for row in rows if row.state in UNFINISHED])
        refuse([f"lost: {row.nominal}" for row in rows if row.state == "sent" and row.id not in arrived])

    def move_on(self) -> None:
        """Let the time pass until something is due."""
        wake = self.run(self.town.next_wake())
        if wake is not None and wake > self.town.clock():
            self.town.clock.set_to(wake)

    def deliver(self, *replicas: str) -> None:
        """Let these replicas do all that is due, and look at the tables."""
        for replica in replicas:
            self.run(self.town.deliver(replica))
        wake = self.run(self.town.next_wake())
        assert wake is None or wake > self.town.clock(), "something is due and nobody does it"
        found, rows = self.run(self._tables())
        refuse(list(self.ledger.check(found, rows, self.town.clock.latest)))

    async def _tables(self) -> tuple[Sequence[Plan], Sequence[CheckIn]]:
        async with self.database.read() as session:
            found = (await session.scalars(select(Plan).order_by(Plan.id))).all()
            return found, (await session.scalars(select(CheckIn).order_by(CheckIn.id))).all()

    def write(self, do: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Do something in one transaction."""

        async def work() -> T:
            async with self.database.write() as session:
                return await do(session)

        return self.run(work())

    def with_plan(self, which: int, do: Callable[[AsyncSession, Person, Plan], Awaitable[None]]) -> None:
        """Do something with one of the plans there are, if its person can."""

        async def work(session: AsyncSession) -> Plan | None:
            found = (await session.scalars(select(Plan).order_by(Plan.id))).all()
            if not found:
                return None
            plan = found[which % len(found)]
            person = await session.get(Person, plan.person_id)
            assert person is not None  # a plan falls with its person
            if person.suspended_at is None:
                await do(session, person, plan)
            return plan

        self.follow(self.write(work))

    def follow(self, plan: Plan | None) -> None:
        """Count this plan's dates from now on."""
        if plan is not None:
            self.ledger.start(plan, self.run(self._tables())[1])


def refuse(breaches: Sequence[str]) -> None:
    """Raise AssertionError if there are any."""
    assert not breaches, breaches
