"""Hold a few people, a Telegram that does as it is told, and two replicas of the program that can be killed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select

from scheduler.cadence import quiet
from scheduler.db.engine import Database
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.db.plans import quiet_hours
from scheduler.deliver import Deliverer
from scheduler.due import Begin, DueCheckIn, Report
from tests.clock import StillClock
from tests.scheduler.looking import next_look

START = datetime(2027, 3, 24, 7, tzinfo=UTC)

# What Telegram, or the line to it, can be told to do with the next message. "hang" ends when it is released or killed.
Order = Literal[
    "not sent",
    "unknown, arrived",
    "unknown, lost",
    "refused",
    "cannot be made",
    "hang, then ask",
    "hang, arrived",
    "hang, lost",
]
REPLICAS = ("one", "other")

# How often threads that work for a delivery are looked at, in seconds.
LOOK_EVERY = 0.0005


@dataclass(frozen=True)
class Arrival:
    """Hold one message on somebody's phone."""

    check_in: int
    turn: int
    chat_id: int
    plan: str
    nominal: str


class Clock(StillClock):
    """Remember the latest time that was ever shown."""

    def __init__(self) -> None:
        super().__init__(START)
        self.latest = START

    def set_to(self, now: datetime) -> None:
        """Show another time, also an earlier one."""
        self.move_to(now)
        self.latest = max(self.latest, now)


class Town:
    """Deliver, and write down each breach of what is promised about a message at the moment when it arrives."""

    def __init__(self, database: Database, *, asks_before: bool = True, only: Order | None = None) -> None:
        """Start both replicas. `asks_before` false is a control: senders that do not heed whether they still may.

        With `only`, every trouble that is ordered is this one.
        """
        self.database, self.clock = database, Clock()
        self.arrivals: list[Arrival] = []
        self.breaches: list[str] = []
        self.orders: list[Order] = []
        # Who has blocked the bot, whether it knows or not.
        self.has_blocked: set[int] = set()
        # Sendings whose fate the program cannot know: one of these explains one more copy.
        self.unknown: Counter[tuple[int, int]] = Counter()
        self._asks_before, self._only = asks_before, only
        self._released = asyncio.Event()
        self._hanging: Counter[str] = Counter()
        self._generations: Counter[str] = Counter()
        self._replicas = {name: self._started(name) for name in REPLICAS}

    def _started(self, name: str) -> Deliverer:
        self._generations[name] += 1
        owner = f"{name} {self._generations[name]}"

        async def send(due: DueCheckIn, begin: Begin) -> Report:
            return await self._send(owner, due, begin)

        return Deliverer(self.database, send, self.clock, owner)

    async def deliver(self, name: str) -> None:
        """Let one replica do all it can; what hangs goes on hanging."""
        while await self._replicas[name].deliver_due():
            pass
        await self._quiet(name)

    async def _quiet(self, name: str) -> None:
        """Wait until everything of this replica's is at its end, or hangs."""
        owner = f"{name} {self._generations[name]}"
        while self._replicas[name].under_way > self._hanging[owner]:  # noqa: ASYNC110  # threads do it: there is no event
            await asyncio.sleep(LOOK_EVERY)

    async def release(self) -> None:
        """Let go on what hangs, after however long."""
        self._released.set()
        self._released = asyncio.Event()
        self._hanging.clear()
        for name in REPLICAS:
            await self._quiet(name)

    async def kill(self, name: str) -> None:
        """Leave everything of this replica's where it is, and start another one in its place."""
        dead = self._replicas[name]
        dead.abandon()
        await dead.settle()
        self._replicas[name] = self._started(name)

    async def stop(self, name: str) -> None:
        """End a replica in good order, without patience, and start another one in its place."""
        await self._replicas[name].finish(0)
        self._replicas[name] = self._started(name)

    async def close(self) -> None:
        """End both."""
        for name in REPLICAS:
            await self.kill(name)

    async def next_wake(self) -> datetime | None:
        """Return when something is due next."""
        return await next_look(self.database)

    async def _send(self, owner: str, due: DueCheckIn, begin: Begin) -> Report:
        order = (self._only or self.orders[0]) if self.orders else ""
        del self.orders[:1]
        if order == "cannot be made":
            raise ZeroDivisionError
        if order == "hang, then ask":
            await self._hang(owner)
        # Looked at before it is asked for: what others change after that comes too late for this message.
        turn, breaches = await self._look(due, has_waited=order == "hang, then ask")
        if not await begin() and self._asks_before:
            return Report("not_sent", why="not wanted")
        self.breaches += breaches
        if order == "not sent":
            return Report("not_sent", why="no connection")
        if order == "refused":
            return Report("failed", why="refused")
        if due.chat_id in self.has_blocked:
            return Report("gone", why="blocked")
        is_unknown = order in {"unknown, arrived", "unknown, lost", "hang, arrived", "hang, lost"}
        self.unknown[due.id, turn] += is_unknown
        if not order.endswith("lost"):
            self._arrive(due, turn)
        if order.startswith("hang, ") and is_unknown:
            await self._hang(owner)
            return Report("not_sent" if order == "hang, lost" else "sent", message_id=len(self.arrivals))
        return Report("unknown") if is_unknown else Report("sent", message_id=len(self.arrivals))

    async def _hang(self, owner: str) -> None:
        self._hanging[owner] += 1
        await self._released.wait()

    def _arrive(self, due: DueCheckIn, turn: int) -> None:
        key = (due.id, turn)
        self.arrivals.append(Arrival(*key, due.chat_id, due.plan_public_id, due.nominal))
        copies = sum((one.check_in, one.turn) == key for one in self.arrivals)
        # The last of the unknown ones may be this very one, which then explains the next and not itself.
        if copies > 2 or copies > 1 + self.unknown[key]:
            self.breaches.append(f"copy {copies} of {due.plan_public_id} {due.nominal}, turn {turn}")

    async def _look(self, due: DueCheckIn, *, has_waited: bool) -> tuple[int, Sequence[str]]:
        """Return which turn of its check-in a message is, and why it must not be sent now."""
        async with self.database.read() as session:
            query = select(CheckIn, Plan, Person).where(
                CheckIn.id == due.id, Plan.id == CheckIn.plan_id, Person.id == CheckIn.person_id
            )
            found = (await session.execute(query)).one_or_none()
        if found is None:
            return 0, [f"sent to somebody deleted: {due.chat_id}"]
        row, plan, person = found
        where, now = f"{plan.public_id} {row.nominal}", self.clock()
        breaches = _breaches(row, plan, person, self.clock, has_waited=has_waited)
        return int(row.turn), [f"{breach}: {where} at {now}" for breach in breaches]


def _breaches(row: CheckIn, plan: Plan, person: Person, clock: Clock, *, has_waited: bool) -> Iterator[str]:
    now = clock()
    if person.suspended_at:
        yield "sent to somebody suspended"
    # Who puts off a check-in that is answered, or whose plan is paused by now, wants this one all the same.
    is_put_off = row.turn > 0 and not row.nudged
    if not is_put_off and (plan.paused_at or (plan.stopped_at and plan.stopped_why != "silent")):
        yield "sent for a plan that is paused or stopped"
    if not is_put_off and row.answered_at:
        yield "sent after its answer"
    if clock.latest < row.due_at:
        yield "sent early"
    if now > row.expires_at + timedelta(seconds=1):
        yield "sent after it had grown old"
    # One that was claimed by day and then held up may go by night: its turn comes when it comes.
    if not has_waited and quiet(now, ZoneInfo(plan.zone), *quiet_hours(person)) != now:
        yield "sent by night"
