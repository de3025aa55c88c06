"""Hold how many sends fit into any second, with those that are about to leave or to be answered."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

# One send may take longer to arrive than another by so much, and still no second is crowded. At higher rates than these
# a few too many are less than one in a hundred.
JITTER_SECONDS: Final = 0.005
JITTER_UP_TO: Final = 100

# So much of a second's sends may be begun and not answered yet: a slow Telegram must not pile up what a crash would
# double. Enough for a round trip of this length at the full rate; at low rates, for a few.
BEGUN_SECONDS: Final = 0.5
LEAST_BEGUN: Final = 4


def window_of(per_second: float) -> tuple[int, float]:
    """Return how many sends may leave within how many seconds, a second at least.

    Of a rate that is no whole number some seconds hold one more than its whole part.
    """
    jitter = JITTER_SECONDS if per_second < JITTER_UP_TO else 0.0
    return max(1, math.ceil(per_second)), max(1 + jitter, 1 / per_second)


class Window:
    """Hold the instants of the last sends, and those who were called up and have not left yet.

    Together they are never more than a window holds: whatever a budget hands out, however late somebody wakes up or
    begins. All instants are monotonic seconds.
    """

    def __init__(self, per_second: float) -> None:
        """Begin with none."""
        self._most, self._length = window_of(per_second)
        self._sends: deque[float] = deque(maxlen=self._most)
        self._called: set[int] = set()
        # Those who began and have no answer yet: what is under way when a program is killed comes twice.
        self._begun: set[int] = set()
        self._most_begun = max(LEAST_BEGUN, int(per_second * BEGUN_SECONDS))

    def opens_at(self, begins: bool) -> float:
        """Return when the next may be called up, so that all who were can leave at any moment from then on."""
        room = self._most - len(self._called)
        # Half of the window is kept from those who begin: when the database hangs, urgent texts still go.
        if room == 0 or (begins and len(self._called) >= self._half):
            return math.inf
        if begins and len(self._begun) >= self._most_begun:
            return math.inf
        return self._sends[-room] + self._length if len(self._sends) >= room else -math.inf

    @property
    def _half(self) -> int:
        return (self._most + 1) // 2

    def call_up(self, number: int, begins: bool) -> None:
        """Keep a place for a call that may leave at any moment."""
        self._called.add(number)
        if begins:
            self._begun.add(number)

    def leave(self, now: float) -> None:
        """Note that one leaves."""
        self._sends.append(now)

    def forget(self, number: int) -> bool:
        """Give up the place of one that left or never will; return whether others waited for that."""
        if number not in self._called:
            return False
        was_full = len(self._called) in {self._most, self._half}
        self._called.discard(number)
        return was_full

    def answered(self, number: int) -> bool:
        """Make room for another that begins; return whether others waited for that."""
        if number not in self._begun:
            return False
        self._begun.discard(number)
        return len(self._begun) == self._most_begun - 1
