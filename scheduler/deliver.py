"""Deliver what is due: claim, send, write down. Any number of processes may do this on one database."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from scheduler.book import Book
from scheduler.db import claims, held, leases, taking
from scheduler.db.engine import Database
from scheduler.due import DueCheckIn, Report, Send

log = structlog.get_logger(__name__)

# A sender that was not heard of for so long is taken for dead, and its claims are free.
LEASE = timedelta(seconds=60)

# Check-ins in hand at once: under way, or claimed and waiting for their turn. A claim is a few statements, whatever
# its size, and what is claimed is not begun: a crash only delays it.
CLAIMED = 512

# Waiting for half of the places to be free keeps claims in batches: one commit for many.
BATCH = CLAIMED // 2


# Clocks that differ by more are worth a warning.
CLOCKS_DIFFER = timedelta(seconds=5)

# A clock that differs by more, or jumps ahead by more, is not believed: somebody may get tomorrow's check-in today.
CLOCKS_ASTRAY = timedelta(minutes=10)


class FatalSendError(Exception):
    """Nothing can be sent any more."""


class Counts(Protocol):
    """Count what becomes of check-ins."""

    def attempted(self, due: DueCheckIn, report: Report, now: datetime) -> None:
        """Count one attempt to send."""

    def given_up(self, why: str, times: int) -> None:
        """Count check-ins that were not sent as planned: "missed", "expired", "sent_unconfirmed"."""


class Deliverer:
    """Send due check-ins through `send`, as many at once as there is room for.

    The clocks of two hosts may differ, so that each would take the other for dead: whatever `clock` says, it is put
    right by how far this machine's clock is from the database's, as each look at what is due finds it. Nothing is
    claimed while these two are too far apart for anybody to know what time it is.
    """

    def __init__(
        self,
        database: Database,
        send: Send,
        clock: Callable[[], datetime],
        owner: str,
        on_fatal: Callable[[BaseException], None] = lambda error: None,
        lease: timedelta = LEASE,
        counts: Counts | None = None,
        machine: Callable[[], datetime] = leases.machine_clock,
    ) -> None:
        """Claim nothing yet. `on_fatal` is called when `send` raises: then nothing can be sent any more."""
        self._database = database
        self._send = send
        self._clock = clock
        self._machine = machine
        self._ahead = timedelta()
        self._owner = owner
        self._on_fatal = on_fatal
        self._lease = lease
        self._counts = counts
        self._book = Book(database, owner, self._now, lease)
        self._sending: dict[asyncio.Task[None], DueCheckIn] = {}
        self._room = asyncio.Event()
        self._stopped = False
        self._wakes_at: datetime | None = None

    async def deliver_due(self) -> bool:
        """Claim one batch of what is due and begin to send it. Return whether there may be more.

        Waits first until half of the places are free.
        """
        while len(self._sending) > CLAIMED - BATCH and not self._stopped:
            # Told by the one that makes room: to wait for whichever ends first costs a turn of all, at each end.
            self._room.clear()
            await self._room.wait()
        dues = [] if self._stopped else await self._claim(CLAIMED - len(self._sending))
        if self._stopped:
            # Stopped during the claim: `finish` gives it back.
            return False
        for due in dues:
            task = asyncio.create_task(self._deliver(due))
            self._sending[task] = due
            task.add_done_callback(self._ended)
        return len(dues) >= BATCH

    async def _claim(self, limit: int) -> list[DueCheckIn]:
        # Look first: on PostgreSQL a claim that finds nothing steps over all that was due since the last vacuum.
        async with self._database.look() as connection:
            self._wakes_at, ahead = await taking.look(connection, self._machine)
        self._compare_clocks(ahead)
        now = self._now()
        if abs(self._ahead) > CLOCKS_ASTRAY:
            self._wakes_at = None
        if self._wakes_at is None or self._wakes_at > now:
            return []
        tally: Counter[str] = Counter()
        async with self._database.write() as session:
            # New ones first: each closes what its plan asked before, so that nobody is reminded of that as well.
            dues = await taking.take_up(session, now, self._owner, self._lease, limit, tally)
            dues += await claims.wake_up(session, now, self._owner, self._lease, max(BATCH, limit - len(dues)), tally)
            self._wakes_at = await taking.next_wake(session)
        if self._counts is not None:
            for why, times in tally.items():
                self._counts.given_up(why, times)
        return dues

    def _now(self) -> datetime:
        """Return the time that all replicas on this database go by."""
        return self._clock() + self._ahead

    def _compare_clocks(self, ahead: timedelta | None) -> None:
        if ahead is None:
            return
        seconds = round(ahead.total_seconds(), 1)
        if abs(ahead) > CLOCKS_ASTRAY >= abs(self._ahead):
            log.error("nothing is sent until this machine's clock and the database's agree", database_ahead=seconds)
        elif abs(ahead) > CLOCKS_DIFFER >= abs(self._ahead):
            log.warning("this machine's clock and the database's differ", database_ahead=seconds)
        self._ahead = ahead

    async def _deliver(self, due: DueCheckIn) -> None:
        try:
            report = await self._send(due, lambda: self._book.begin(due))
        except FatalSendError as error:
            self._on_fatal(error)
            return
        except Exception:  # a check-in that cannot be made must not stop the others
            log.exception("a check-in cannot be made", check_in=due.id, attempt=due.attempt)
            is_last = due.attempt >= claims.MAX_ATTEMPTS
            report = Report("failed" if is_last else "not_sent", why="poison")
        if self._counts is not None:
            self._counts.attempted(due, report, self._now())
            if report.kind == "unknown" and due.unknowns + 1 >= claims.MAX_UNKNOWNS:
                self._counts.given_up("sent_unconfirmed", 1)
        await self._book.finish(due, report)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.pop(task, None)
        if len(self._sending) <= CLAIMED - BATCH:
            self._room.set()
        if not task.cancelled() and (error := task.exception()):
            log.error("a delivery broke off", error=type(error).__name__)

    @property
    def lease(self) -> timedelta:
        """Return how long a claim holds by itself."""
        return self._lease

    @property
    def under_way(self) -> int:
        """Return how many sendings are under way."""
        return len(self._sending)

    def claim_no_more(self) -> None:
        """Begin nothing new."""
        self._stopped = True
        self._room.set()

    def abandon(self) -> None:
        """Drop everything where it is: what a killed process does. The leases run out."""
        self._stopped = True
        for task in list(self._sending):
            task.cancel()

    async def settle(self) -> None:
        """Wait until nothing is under way."""
        while self._sending:
            await asyncio.wait(self._sending)

    async def hold_leases(self) -> None:
        """Make the leases of what is under way longer. Call it a few times a lease."""
        ids = [due.id for due in self._sending.values()]
        if not ids:
            return
        try:
            async with self._database.write() as session:
                await held.hold(session, ids, self._owner, self._now() + self._lease)
        except SQLAlchemyError:
            log.exception("leases cannot be made longer")

    async def next_wake(self) -> datetime | None:
        """Return when something is due next, by looking; as this program's clock will show it."""
        async with self._database.read() as session:
            wakes_at = await taking.next_wake(session)
        return wakes_at and wakes_at - self._ahead

    @property
    def wakes_at(self) -> datetime | None:
        """Return when something is due next, as the last `deliver_due` saw it and this program's clock will show it."""
        return self._wakes_at and self._wakes_at - self._ahead

    async def finish(self, seconds: float) -> None:
        """Claim no more, let what is under way end for so long, and give the rest back."""
        self.claim_no_more()
        if self._sending:
            await asyncio.wait(self._sending, timeout=seconds)
        waiting = list(self._sending)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        try:
            async with self._database.write() as session:
                released = await held.release(session, self._owner, self._now())
        except SQLAlchemyError:
            log.exception("claims cannot be given back; their leases will run out")
        else:
            log.info("delivery ended", given_back=released)
