"""Hand out how many messages the whole bot may send."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Protocol

Clock = Callable[[], float]  # monotonic seconds

# After a silence this many may go at once, so that a few short replies need not wait for each other; at high rates
# as many as come due in this many seconds, so that a process that wakes up late catches up.
BURST: Final = 5
BURST_SECONDS: Final = 0.02

# The last of a burst must not wait because a sum of floats is a little too large.
ROUNDING: Final = 1e-6


class Budget(Protocol):
    """Hand out the sends of the whole bot. Replicas that share one token need one that they share."""

    async def reserve(self, n: int) -> float:
        """Return the instant, on this process's monotonic clock, from which `n` more sends may go."""


class EvenBudget:
    """Space the sends of one process evenly, after a small burst."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        """Take the rate in sends a second."""
        self._interval = 1 / per_second
        burst = min(max(BURST, int(per_second * BURST_SECONDS)), max(1, int(per_second)))
        self._slack = (burst - 1) * self._interval + ROUNDING
        self._clock = clock
        self._next = -math.inf

    async def reserve(self, n: int) -> float:
        """Return the instant from which `n` more may go."""
        now = self._clock()
        when = max(now, self._next - self._slack)
        self._next = max(now, self._next) + n * self._interval
        return when
