"""Count what came of a soak, and say what must not be so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.faults.checker import Verdict
from tests.faults.tally import LIMIT, Answers, answer_rows, broken_promises, check_in_rows, send_rows, written

# In a third of a life of the process; more than that is a leak, less is the noise of the allocator.
MOST_GROWTH = 20.0


@dataclass(frozen=True)
class Orders:
    """Say how large the run is."""

    due: int = 300
    seconds: float = 60.0
    updates_per_second: float = 20.0
    per_second: float = 25.0
    flooded: float = 0.01
    broken: float = 0.01
    webhook: bool = False
    postgresql: bool = False
    seed: int = 1


@dataclass(frozen=True)
class Tally:
    """Hold what was counted. `memory` is in megabytes, a reading a second, of the process after the restart."""

    orders: Orders
    answers: Sequence[Answers]
    verdict: Verdict
    sends: int
    worst_second: int
    refused: Mapping[int, int]
    delivered_in: float
    exit_code: int
    memory: Sequence[float]
    meter_held: float = 0.0

    @property
    def growth(self) -> float | None:
        """Return how much more the process occupies in the last third than in the second; None for too few readings."""
        third = len(self.memory) // 3
        if third == 0:
            return None
        return median(self.memory[-third:]) - median(self.memory[third : 2 * third])

    @property
    def broken(self) -> list[str]:
        """Return what must not be so."""
        rules = {
            "an answer is missing": any(one.lost for one in self.answers),
            "answers came out of order": any(one.out_of_order for one in self.answers),
            broken_promises(self.verdict): bool(self.verdict.broken),
            "the restart did not end well": self.exit_code != 0,
            "memory grows": (self.growth or 0.0) > MOST_GROWTH,
            "more than Telegram's limit in a second": self.orders.per_second < LIMIT and self.worst_second > LIMIT,
        }
        return [name for name, is_so in rules.items() if is_so]

    def __str__(self) -> str:
        """Return a table in Markdown."""
        orders = self.orders
        memory = "not measured" if not self.memory else f"{self.memory[0]:.0f} / {self.memory[-1]:.0f}"
        growth = "too short to tell" if self.growth is None else f"{self.growth:+.1f} (at most {MOST_GROWTH:g})"
        broken = self.refused.get(500, 0) + self.refused.get(502, 0)
        rows = {
            "updates come by": "webhook" if orders.webhook else "long polling",
            "database": "PostgreSQL" if orders.postgresql else "SQLite",
            **answer_rows(self.answers, orders.updates_per_second, "Telegram had sent them and said 502"),
            **check_in_rows(self.verdict, self.delivered_in),
            **send_rows(self.sends, self.worst_second, orders.per_second, self.meter_held),
            f"calls answered with 429 ({orders.flooded:.1%})": self.refused.get(429, 0),
            f"calls answered with 500, or 502 after they were done ({orders.broken:.1%})": broken,
            "exit code at the restart in the middle": self.exit_code,
            "memory after the restart and at the end, MB": memory,
            "memory, last third of that life less the second, MB": growth,
        }
        return written(rows)
