"""Let one replica poll while the others stand by, ready to go on when it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.health import Health
from bot.metrics import Metrics
from scheduler.db import leases
from scheduler.db.engine import Database

log = structlog.get_logger(__name__)

# How soon another replica may go on after one that was killed: so long nobody polls.
POLL_LEASE = timedelta(seconds=10)


class Standby:
    """Hold the lease for polling, or wait for it. In SQLite's one process there is nobody to wait for."""

    def __init__(
        self,
        database: Database,
        owner: str,
        health: Health,
        metrics: Metrics,
        lease: timedelta = POLL_LEASE,
    ) -> None:
        """Take nothing yet. `owner` names this replica among all."""
        self._database = database
        self._owner = owner
        self._health = health
        self._metrics = metrics
        self._lease = lease

    async def run(self, bot_id: int, work: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
        """Do `work` whenever the lease is held, until `stop`. Its own event tells it to end. Raises what it raises."""
        if self._database.is_sqlite:
            await self._listen(work, stop)
            return
        name = f"poll:{bot_id}"
        while not stop.is_set():
            if await self._take(name, held=False):
                await self._work(name, work, stop)
            else:
                if self._health.stage != "standing by":
                    log.info("another replica polls; this one stands by")
                    self._health.stage = "standing by"
                await self._pause(stop)

    async def _work(self, name: str, work: Callable[[asyncio.Event], Awaitable[None]], stop: asyncio.Event) -> None:
        over = asyncio.Event()
        keeping = asyncio.create_task(self._keep(name, over, stop))
        try:
            await self._listen(work, over)
        finally:
            over.set()
            await keeping
            await self._give_back(name)

    async def _listen(self, work: Callable[[asyncio.Event], Awaitable[None]], over: asyncio.Event) -> None:
        self._health.stage = "listening"
        self._metrics.polls_here(True)
        try:
            await work(over)
        finally:
            self._metrics.polls_here(False)

    async def _keep(self, name: str, over: asyncio.Event, stop: asyncio.Event) -> None:
        """Make the lease longer until the work is over; set `over` when it is lost, or when the program stops."""
        while not over.is_set():
            stopping = asyncio.ensure_future(stop.wait())
            ending = asyncio.ensure_future(over.wait())
            waits = (stopping, ending)
            await asyncio.wait(waits, timeout=self._lease.total_seconds() / 4, return_when=asyncio.FIRST_COMPLETED)
            for one in waits:
                one.cancel()
            if stop.is_set() or not await self._take(name, held=True):
                over.set()

    async def _take(self, name: str, *, held: bool) -> bool:
        """Return whether the lease is held now. Without a database it stays where it was: nobody can take it."""
        try:
            async with self._database.write() as session:
                return await leases.take(session, name, self._owner, self._lease)
        except SQLAlchemyError as error:
            log.warning("the lease for polling cannot be reached", error=type(error).__name__)
            return held

    async def _give_back(self, name: str) -> None:
        try:
            async with self._database.write() as session:
                await leases.give_back(session, name, self._owner)
        except SQLAlchemyError as error:
            log.warning("the lease for polling runs out by itself", error=type(error).__name__)

    async def _pause(self, stop: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._lease.total_seconds() / 4):
                await stop.wait()
        except TimeoutError:
            pass
