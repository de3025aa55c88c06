"""Hand out how many messages the whole bot may send.

Replicas share one token and so one limit. On PostgreSQL they draw on one row that holds when the next message may go:
each takes a few places in that row of moments by one statement, on the database's clock. Why so:

- Fixed shares would leave most of the limit unused, as one replica has all the work of a minute and another none.
- A count for each second would let two seconds' worth go around its end. Moments one after the other cannot crowd.
- There is no leader to elect and nothing to give back: what a killed replica had taken is 0.15 s of sending.
- A few places at a time make it a handful of statements a second; none lies further ahead than people can wait for.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.window import window_of
from scheduler.db import moments
from scheduler.db.engine import Database

log = structlog.get_logger(__name__)

Clock = Callable[[], float]  # monotonic seconds

# After a silence this many answers may go at once, so that a few short replies need not wait for each other.
BURST: Final = 5

# A process that wakes up late catches up with what came due in so many seconds. For reminders that is all: what is
# under way when a program is killed comes twice, and just after a start there is always much to send.
CATCH_UP_SECONDS: Final = 0.02

# The last of a burst must not wait because a sum of floats is a little too large.
ROUNDING: Final = 1e-6

# Replicas take places for so many seconds at once, and for reminders none that lies further ahead than that: an answer
# of another replica, which has no such limit, comes right after it.
AHEAD_SECONDS: Final = 0.15

# By how much a message may leave later than its place, so that no second is crowded even then: replicas wake up late,
# begin slowly, and learn of their place after it was given.
LATE_SECONDS: Final = 0.05

# How long an answer waits for the database. After that a replica sends from a share of its own for a while.
ASK_SECONDS: Final = 1.0
ALONE_SECONDS: Final = 5.0
ALONE_SHARE: Final = 1 / 4


class Budget(Protocol):
    """Hand out the sends of the whole bot."""

    async def reserve(self, n: int, urgent: bool = True) -> float:
        """Return the instant, on this process's monotonic clock, from which `n` more sends may go.

        What is not urgent goes without a burst, and behind what others have that is.
        """

    async def hold(self, seconds: float) -> None:
        """Let nobody send for so long: Telegram asked for it."""


class EvenBudget:
    """Space the sends of one process evenly, after a small burst."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        """Take the rate in sends a second."""
        most, window = window_of(per_second)
        self._interval = max(window / most, 1 / per_second)
        self._burst = (min(BURST, most) - 1) * self._interval + ROUNDING
        self._clock = clock
        self._next = -math.inf

    async def reserve(self, n: int, urgent: bool = True) -> float:
        """Return the instant from which `n` more may go."""
        now = self._clock()
        # After a silence there is nothing to catch up with.
        place = self._next if self._next > now - CATCH_UP_SECONDS else now
        self._next = place + n * self._interval
        return max(now, place - self._burst if urgent else place)

    async def hold(self, seconds: float) -> None:
        """Do nothing: who draws on this one holds by itself."""


class SharedBudget:
    """Space the sends of all replicas evenly, by one row of their PostgreSQL."""

    def __init__(self, database: Database, name: str, per_second: float, clock: Clock = time.monotonic) -> None:
        """Take the rate of all together. Replicas with the same `name` share; nothing is opened yet."""
        self._database = database
        self._name = name
        # In any second plus the time by which one may be late there are no more than this.
        self._interval = (1 + LATE_SECONDS) / per_second
        self._most = max(1, int(AHEAD_SECONDS / self._interval))
        self._clock = clock
        self._places: deque[float] = deque()
        self._take = 1
        self._alone = EvenBudget(max(per_second * ALONE_SHARE, 1.0), clock)
        self._alone_until = -math.inf

    async def reserve(self, n: int, urgent: bool = True) -> float:
        """Return the instant from which `n` more may go: of this replica's own share while the database is away."""
        when = -math.inf
        for _ in range(n):
            when = max(when, await self._next_place(urgent))
        return when

    async def _next_place(self, urgent: bool) -> float:
        while self._places and self._places[0] < self._clock() - CATCH_UP_SECONDS:
            # Nobody was there to use it, and used late it would crowd a second.
            self._places.popleft()
            self._take = 1
        while not self._places:
            if self._clock() < self._alone_until:
                return await self._alone.reserve(1, urgent)
            try:
                async with asyncio.timeout(ASK_SECONDS):
                    wait = await self._take_places(urgent)
            except (SQLAlchemyError, TimeoutError, OSError) as error:
                log.warning(
                    "the shared limit cannot be reached; sending from a share of it", error=type(error).__name__
                )
                self._alone_until = self._clock() + ALONE_SECONDS
                continue
            if wait > 0:
                await asyncio.sleep(wait)
        return self._places.popleft()

    async def _take_places(self, urgent: bool) -> float:
        """Take some places; or return for how many seconds there is none for what is not urgent."""
        count = self._take
        ahead = None if urgent else AHEAD_SECONDS
        async with self._database.write() as session:
            start = await moments.take(session, self._name, count, self._interval, ahead, CATCH_UP_SECONDS)
            learnt_at = self._clock()
        if start > AHEAD_SECONDS and not urgent:
            return min(start - AHEAD_SECONDS, AHEAD_SECONDS)
        self._places.extend(learnt_at + start + place * self._interval for place in range(count))
        # While they are used, twice as many each time: a single answer takes one and leaves the next to others.
        self._take = min(2 * count, self._most)
        return 0.0

    async def hold(self, seconds: float) -> None:
        """Let no replica send for so long, but for the places that they have taken."""
        self._places.clear()
        try:
            async with asyncio.timeout(ASK_SECONDS), self._database.write() as session:
                await moments.hold(session, self._name, seconds)
        except (SQLAlchemyError, TimeoutError, OSError) as error:
            log.warning("the other replicas cannot be told of a pause", error=type(error).__name__)


def budget_of(database: Database, token: str, per_second: float) -> Budget:
    """Return the budget that fits the database: shared where there can be replicas, which all have this token."""
    if database.is_sqlite:
        return EvenBudget(per_second, time.monotonic)
    return SharedBudget(database, f"sends:{token.partition(':')[0]}", per_second)
