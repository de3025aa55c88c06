"""Run the clockwork: look for what is due, keep leases, and clean up at night. It holds no person's data."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import SQLAlchemyError

from scheduler.db import leases, retention, updates
from scheduler.db.engine import Database
from scheduler.db.retention import Terms
from scheduler.deliver import CLOCKS_ASTRAY, Deliverer

log = structlog.get_logger(__name__)

# The event loop's clock stands still while a machine sleeps: look this often, whatever was planned. With the pause
# below what is due then comes within five seconds.
LONGEST_SLEEP = timedelta(seconds=4)

# A clock that jumped ahead is looked at again after this long: it was set wrongly and set right, or the machine slept.
JUMP_PAUSE = timedelta(seconds=1)

# The jobs are planned by the machine's clock: set back by more than this, it would let them wait.
SET_BACK = timedelta(seconds=1)

# What came due since the look is not left for the next regular one; nor is what another replica holds looked at in a
# hot loop.
SHORTEST_SLEEP = timedelta(milliseconds=20)

NIGHT_HOUR = 3

# Jobs that are at work when the program stops have so long to come to their end.
LAST_STATEMENTS = timedelta(seconds=2)


class Clockwork:
    """Own the APScheduler. Its jobs live in memory and are made anew at each start."""

    def __init__(
        self,
        database: Database,
        deliverer: Deliverer,
        clock: Callable[[], datetime],
        terms: Terms = Terms(),  # noqa: B008  # a frozen value
        machine: Callable[[], datetime] = leases.machine_clock,
    ) -> None:
        """Prepare the jobs; nothing runs yet. `terms` say how long things are kept.

        `machine` is the machine's own clock, which somebody may set.
        """
        self._database = database
        self._deliverer = deliverer
        self._clock = clock
        self._terms = terms
        self._machine = machine
        self._seen = machine(), time.monotonic()
        self._held_until = 0.0
        self._watching: asyncio.TimerHandle | None = None
        self._jobs = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600}
        )
        self._under_way = set[asyncio.Task[None]]()
        self._jobs.add_job(self._run, "interval", [self._tick], seconds=LONGEST_SLEEP.total_seconds(), id="tick")
        self._jobs.add_job(
            self._run, "interval", [deliverer.hold_leases], seconds=deliverer.lease.total_seconds() / 4, id="leases"
        )
        self._jobs.add_job(self._run, "cron", [self.clean_up], hour=NIGHT_HOUR, id="night")
        self._is_ticking = False
        self._is_woken = False

    def every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        """Do something else of the program's again and again, from so many seconds after the start on."""
        self._jobs.add_job(self._run, "interval", [work], seconds=seconds)

    def start(self) -> None:
        """Start, and look at once for what became due meanwhile."""
        self._seen = self._machine(), time.monotonic()
        self._jobs.start()
        # Somebody who runs the bot by day only must not keep things for longer.
        self._jobs.modify_job("night", next_run_time=self._machine())
        self._watch()
        self.wake()

    def wake(self) -> None:
        """Look now: something was planned or the clock was moved."""
        self._is_woken = True
        if self._jobs.running and not self._is_ticking:
            self._tick_in(timedelta())

    async def stop(self, seconds: float) -> None:
        """Start no job any more and let deliveries under way end, for so long."""
        if self._watching is not None:
            self._watching.cancel()
        self._deliverer.claim_no_more()
        if self._jobs.running:
            self._jobs.pause()
            if self._under_way:
                # The scheduler would cancel them: in the middle of a statement, that loses a connection.
                await asyncio.wait(self._under_way, timeout=LAST_STATEMENTS.total_seconds())
            self._jobs.shutdown(wait=False)
        await self._deliverer.finish(seconds)

    async def _run(self, work: Callable[[], Awaitable[object]]) -> None:
        task = asyncio.current_task()
        assert task is not None  # a job of the scheduler is one
        self._under_way.add(task)
        try:
            await work()
        finally:
            self._under_way.discard(task)

    def _watch(self) -> None:
        """Look at the clock again and again, by the event loop's own, which nobody can set."""
        self._compare_clocks()
        self._watching = asyncio.get_running_loop().call_later(LONGEST_SLEEP.total_seconds(), self._watch)

    def _compare_clocks(self) -> None:
        """Notice that the machine's clock jumped since the last look at it."""
        (then, before), self._seen = self._seen, (self._machine(), time.monotonic())
        now, steady = self._seen
        jump = now - then - timedelta(seconds=steady - before)
        if jump > CLOCKS_ASTRAY:
            log.error("the clock jumped ahead, or the machine slept", seconds=round(jump.total_seconds()))
            self._held_until = steady + JUMP_PAUSE.total_seconds()
        elif jump < -SET_BACK:
            log.warning("the clock was set back", seconds=round(-jump.total_seconds()))
            for job in self._jobs.get_jobs():
                if isinstance(job.trigger, IntervalTrigger):
                    job.modify(next_run_time=now)

    def _tick_in(self, wait: timedelta) -> None:
        self._jobs.modify_job("tick", next_run_time=self._machine() + wait)

    async def _tick(self) -> None:
        self._compare_clocks()
        if (held := self._held_until - time.monotonic()) > 0:
            self._tick_in(timedelta(seconds=held))
            return
        self._is_ticking = True
        try:
            self._is_woken = True
            while self._is_woken:
                self._is_woken = False
                while await self._deliverer.deliver_due():
                    pass
            self._plan_next()
        except SQLAlchemyError:
            log.exception("the database cannot be asked what is due")
        finally:
            self._is_ticking = False

    def _plan_next(self) -> None:
        """Come back at the next due time if that is before the next regular look."""
        wake = self._deliverer.wakes_at
        if wake is None:
            return
        wait = max(wake - self._clock(), SHORTEST_SLEEP)
        if wait < LONGEST_SLEEP:
            self._tick_in(wait)

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
