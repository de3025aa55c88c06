"""Measure what claiming costs while the tables grow: python -m tests.bench.growth [--sizes 1000,1000000].

With TEST_POSTGRESQL_URL set it measures there as well. Plans whose time comes lie anywhere in the table, as they do.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import os
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.db import claims, taking
from scheduler.db.engine import Database
from scheduler.deliver import CLAIMED, Deliverer
from scheduler.due import Begin, DueCheckIn, Report
from tests.bench.crowds import DUE, grow, make_due, new_database, opened

SIZES = (1_000, 10_000, 100_000, 1_000_000)
DUE_AT_ONCE = 1_000
ROUNDS = 5
IDLE_LOOKS = 200
LEASE = timedelta(seconds=60)


@dataclass(frozen=True)
class Cost:
    """Hold what 1,000 due check-ins cost beside so many plans, in microseconds each; an idle look in milliseconds."""

    plans: int
    claim_cpu: float
    claim_wall: float
    mark_cpu: float
    mark_wall: float
    idle_cpu: float
    idle_wall: float


class Watch:
    """Add up CPU and wall seconds of one kind of work."""

    def __init__(self) -> None:
        self.cpu: list[float] = []
        self.wall: list[float] = []

    def __enter__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.cpu.append(time.process_time() - self._cpu)
        self.wall.append(time.perf_counter() - self._wall)


async def measure(url: str, sizes: Sequence[int]) -> list[Cost]:
    """Grow one database from size to size, and measure at each."""
    found = []
    chance = random.Random(1)
    async with opened(url) as database:
        size = 0
        for step, wanted in enumerate(sizes):
            await grow(database, size + 1, wanted)
            size = wanted
            found.append(await _measure_at(database, size, DUE + timedelta(days=step * ROUNDS), chance))
    return found


async def _measure_at(database: Database, size: int, start: datetime, chance: random.Random) -> Cost:
    claim, mark = Watch(), Watch()
    for number in range(ROUNDS):
        due_at = start + timedelta(days=number)
        now = due_at + timedelta(seconds=1)
        await make_due(database, chance.sample(range(1, size + 1), DUE_AT_ONCE), due_at)
        dues: list[DueCheckIn] = []
        with claim:
            while len(dues) < DUE_AT_ONCE:
                async with database.write() as session:
                    dues += await taking.take_up(session, now, "bench", LEASE, CLAIMED, Counter())
        with mark:
            for begin in range(0, DUE_AT_ONCE, CLAIMED):
                group = dues[begin : begin + CLAIMED]
                async with database.write() as session:
                    await claims.begin(session, group, "bench", now, LEASE)
                reports = [(due, Report("sent", message_id=due.id)) for due in group]
                async with database.write() as session:
                    await claims.finish(session, reports, "bench", now)
    idle = Watch()
    deliverer = Deliverer(database, _never, lambda: start + timedelta(days=-1), "bench")
    for _ in range(IDLE_LOOKS):
        with idle:
            await deliverer.deliver_due()
    each = 1e6 / DUE_AT_ONCE
    return Cost(
        size,
        *(_middle(times) * each for times in (claim.cpu, claim.wall, mark.cpu, mark.wall)),
        *(_middle(times) * 1e3 for times in (idle.cpu, idle.wall)),
    )


async def _never(due: DueCheckIn, begin: Begin) -> Report:
    raise AssertionError("nothing is due")


def _middle(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]


def exponent(small: float, big: float, ratio: float) -> float:
    """Return k where cost grows as size ** k."""
    return math.log(big / small) / math.log(ratio)


def tell(line: str) -> None:
    """Say something to whoever runs this."""
    print(line, flush=True)  # noqa: T201  # it is what this program is for


def show(name: str, costs: Sequence[Cost]) -> None:
    """Print a Markdown table."""
    tell(f"\n{name}\n")
    tell("| plans | claim CPU us | claim wall us | marks CPU us | marks wall us | idle look CPU ms | wall ms |")
    tell("| --- | --- | --- | --- | --- | --- | --- |")
    for cost in costs:
        tell(
            f"| {cost.plans:,} | {cost.claim_cpu:.0f} | {cost.claim_wall:.0f} | {cost.mark_cpu:.0f} |"
            f" {cost.mark_wall:.0f} | {cost.idle_cpu:.2f} | {cost.idle_wall:.2f} |"
        )
    first, last = costs[0], costs[-1]
    ratio = last.plans / first.plans
    if ratio > 1:
        tell(
            "\nexponent: claim CPU"
            f" {exponent(first.claim_cpu, last.claim_cpu, ratio):.3f},"
            f" wall {exponent(first.claim_wall, last.claim_wall, ratio):.3f};"
            f" marks CPU {exponent(first.mark_cpu, last.mark_cpu, ratio):.3f},"
            f" wall {exponent(first.mark_wall, last.mark_wall, ratio):.3f}"
        )


def main() -> None:
    """Measure on SQLite, and on PostgreSQL where there is a server."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    sizes = tuple(map(int, parser.parse_args().sizes.split(",")))
    for name, server in (("SQLite", None), ("PostgreSQL", os.environ.get("TEST_POSTGRESQL_URL"))):
        if name == "PostgreSQL" and not server:
            continue
        with new_database(server) as url:
            show(name, asyncio.run(measure(url, sizes)))


if __name__ == "__main__":
    main()
