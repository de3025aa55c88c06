"""Run the clockwork: look for what is due, keep leases, and clean up at night. It holds no person's data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import SQLAlchemyError

from scheduler.db import leases, retention, updates
from scheduler.db.engine import Database
from scheduler.db.retention import Terms
from scheduler.deliver import Deliverer

log = structlog.get_logger(__name__)

# The event loop's clock stands still while a machine sleeps: look this often, whatever was planned.
LONGEST_SLEEP = timedelta(seconds=5)

NIGHT_HOUR = 3


class Clockwork:
    """Own the APScheduler. Its jobs live in memory and are made anew at each start."""

    def __init__(
        self,
        database: Database,
        deliverer: Deliverer,
        clock: Callable[[], datetime],
        terms: Terms = Terms(),  # noqa: B008  # a frozen value
    ) -> None:
        """Prepare the jobs; nothing runs yet. `terms` say how long things are kept."""
        self._database = database
        self._deliverer = deliverer
        self._clock = clock
        self._terms = terms
        self._jobs = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600}
        )
        self._jobs.add_job(self._tick, "interval", seconds=LONGEST_SLEEP.total_seconds(), id="tick")
        self._jobs.add_job(deliverer.hold_leases, "interval", seconds=deliverer.lease.total_seconds() / 4, id="leases")
        self._jobs.add_job(self.clean_up, "cron", hour=NIGHT_HOUR, id="night")
        self._is_ticking = False
        self._is_woken = False

    def every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Do something else of the program's again and again, from so many seconds after the start on."""
        self._jobs.add_job(work, "interval", seconds=seconds)

    def start(self) -> None:
        """Start, and look at once for what became due meanwhile."""
        self._jobs.start()
        # Somebody who runs the bot by day only must not keep things for longer.
        self._jobs.modify_job("night", next_run_time=datetime.now(UTC))
        self.wake()

    def wake(self) -> None:
        """Look now: something was planned or the clock was moved."""
        self._is_woken = True
        if self._jobs.running and not self._is_ticking:
            self._jobs.modify_job("tick", next_run_time=datetime.now(UTC))

    async def stop(self, seconds: float) -> None:
        """Start no job any more and let deliveries under way end, for so long."""
        if self._jobs.running:
            self._jobs.shutdown(wait=False)
        await self._deliverer.finish(seconds)

    async def _tick(self) -> None:
        self._is_ticking = True
        try:
            self._is_woken = True
            while self._is_woken:
                self._is_woken = False
                while await self._deliverer.deliver_due():
                    pass
            await self._plan_next()
        except SQLAlchemyError:
            log.exception("the database cannot be asked what is due")
        finally:
            self._is_ticking = False

    async def _plan_next(self) -> None:
        """Come back at the next due time if that is before the next regular look."""
        wake = await self._deliverer.next_wake()
        if wake is None:
            return
        wait = wake - self._clock()
        if timedelta() < wait < LONGEST_SLEEP:
            self._jobs.modify_job("tick", next_run_time=datetime.now(UTC) + wait)

    async def clean_up(self) -> None:
        """Delete what was kept for long enough, every night and at each start."""
        now = self._clock()
        try:
            async with self._database.write() as session:
                await updates.forget_old(session, now)
                await leases.forget_old(session)
                gone = await retention.forget_old(session, self._terms, now)
            await self._database.wipe()
        except SQLAlchemyError:
            log.exception("the nightly clean-up failed")
        else:
            log.info("cleaned up", **gone)
