"""Measure how late the only check-in due of an idle bot is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.clock import system_clock
from scheduler.deliver import Deliverer
from scheduler.due import Begin, DueCheckIn, Report
from scheduler.jobs import Clockwork
from tests.bench.crowds import add_plans, opened


@dataclass
class Lags:
    """Note how long after its time each check-in was handed over, in seconds."""

    count: int
    first: datetime
    apart: timedelta
    found: list[float] = field(default_factory=list)
    all_found: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, due: DueCheckIn, begin: Begin) -> Report:
        """Note it when it would leave."""
        allowed = await begin()
        wanted = self.first + (due.chat_id - 1) * self.apart
        self.found.append((system_clock() - wanted).total_seconds())
        if len(self.found) == self.count:
            self.all_found.set()
        return Report("sent", message_id=due.id) if allowed else Report("not_sent")


async def lags(url: str, count: int, apart: timedelta) -> list[float]:
    """Return how late the only check-in due was, each time: an idle bot, and one person every now and then."""
    async with opened(url) as database:
        # Beyond the next regular look. The clockwork is not told of them: it has to see them by itself.
        notes = Lags(count, system_clock() + timedelta(seconds=7.137), apart)
        await add_plans(database, 1, count, notes.first, apart)
        deliverer = Deliverer(database, notes.send, system_clock, "bench")
        clockwork = Clockwork(database, deliverer, system_clock)
        clockwork.start()
        await notes.all_found.wait()
        await clockwork.stop(1)
        return sorted(notes.found)
