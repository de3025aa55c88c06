"""Measure delivery beside what others do: python -m tests.bench.delivery [--due 4000].

Three questions. What does a reminder cost here and with an APScheduler job each? How fast is the whole pipeline beside
`Bot.send_message` alone on the same transport? How late is the first check-in of an idle bot?
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from apscheduler.schedulers.background import BackgroundScheduler
from telegram.constants import ParseMode
from telegram.ext import ExtBot

from bot.pacing import Pacing
from bot.sending import Sender
from bot.transport import AiohttpRequest
from bot.views import check_ins
from content.load import load_library
from content.model import Library
from scheduler.deliver import Deliverer
from scheduler.due import Begin, DueCheckIn, Report, Send
from scheduler.zones import use_pinned_tzdata
from tests.bench.crowds import DUE, add_plans, new_database, opened
from tests.bench.figures import share
from tests.bench.lags import lags
from tests.bench.server import telegram

TOKEN = "123456:" + "A" * 35

# No limit: what the machine can do is measured. A second's worth of sends never fills up.
UNPACED = 1_000_000.0

IN_FLIGHT = 64

# So many go first, unmeasured: what is written out once for all time is no cost of one.
WARM_UP = 50


@dataclass(frozen=True)
class Cost:
    """Hold what one reminder cost, in microseconds."""

    cpu: float
    wall: float


class Watch:
    """Measure CPU and wall time from its making on."""

    def __init__(self) -> None:
        """Begin."""
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def cost(self, count: int) -> Cost:
        """Return what each of so many cost until now."""
        cpu, wall = time.process_time() - self._cpu, time.perf_counter() - self._wall
        return Cost(cpu / count * 1e6, wall / count * 1e6)


async def nothing_sent(due: DueCheckIn, begin: Begin) -> Report:
    """Take the scheduling for itself: ask, and say that it arrived."""
    return Report("sent", message_id=due.id) if await begin() else Report("not_sent")


def job_each(count: int) -> Cost:
    """Let APScheduler fire a job for each reminder from SQLAlchemyJobStore on SQLite's defaults."""
    _fired.clear()
    with tempfile.TemporaryDirectory() as folder:
        jobs = BackgroundScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None})
        jobs.add_jobstore("sqlalchemy", url=f"sqlite:///{Path(folder) / 'jobs.db'}")
        jobs.start(paused=True)
        due_at = datetime.now(UTC) - timedelta(seconds=1)
        for part in (range(-WARM_UP, 0), range(count)):
            _fired.expected, _fired.done = len(_fired) + len(part), threading.Event()
            for number in part:
                jobs.add_job(_fire, "interval", weeks=1, next_run_time=due_at, args=[number])
            watch = Watch()
            jobs.resume()
            _fired.done.wait()
            cost = watch.cost(len(part))
            jobs.pause()
        jobs.shutdown()
    return cost


class _Fired(set[int]):
    expected = 0
    done = threading.Event()


_fired = _Fired()


def _fire(number: int) -> None:
    _fired.add(number)
    if len(_fired) == _fired.expected:
        _fired.done.set()


async def deliver(url: str, count: int, send: Send, warm_up: int = WARM_UP) -> Cost:
    """Let the deliverer do so many that are due at once, after a few others."""
    async with opened(url) as database:
        deliverer = Deliverer(database, send, lambda: DUE + timedelta(seconds=1), "bench")
        for first, last in ((1, warm_up), (warm_up + 1, warm_up + count)):
            await add_plans(database, first, last + 1 - first, DUE)
            watch = Watch()
            while await deliverer.deliver_due():
                pass
            await deliverer.settle()
        return watch.cost(count)


async def bare(address: str, library: Library, count: int) -> Cost:
    """Send the same text with the library's own method, with as many at once as there are connections."""
    async with _bot(address) as bot:
        screen = check_ins.due(library, _example())

        async def work() -> None:
            for number in numbers:
                await bot.send_message(number, screen.text, parse_mode=ParseMode.HTML, reply_markup=screen.keyboard())

        for first, last in ((1, WARM_UP), (WARM_UP + 1, WARM_UP + count)):
            numbers = iter(range(first, last + 1))
            watch = Watch()
            await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
        return watch.cost(count)


async def pipeline(url: str, address: str, library: Library, count: int) -> Cost:
    """Deliver through the bot's own sender, paced by a limit that is never met."""
    async with _bot(address, Pacing(UNPACED)) as bot:
        sender = Sender(bot, library, lambda: DUE + timedelta(seconds=1))
        return await deliver(url, count, sender.send)


def _bot(address: str, pacing: Pacing | None = None) -> ExtBot[None]:
    request = AiohttpRequest(connection_pool_size=IN_FLIGHT)
    return ExtBot(TOKEN, base_url=f"{address}/bot", request=request, get_updates_request=request, rate_limiter=pacing)


def _example() -> DueCheckIn:
    return DueCheckIn(
        id=1,
        attempt=1,
        unknowns=0,
        chat_id=1,
        plan_public_id="plan1",
        kind="check_in",
        about=None,
        interval=1,
        unit="week",
        nominal=DUE.strftime("%Y-%m-%dT%H:%M"),
        zone="Etc/UTC",
        due_at=DUE,
        expires_at=DUE + timedelta(days=1),
        is_nudge=False,
        is_late=False,
        discreet=True,
        unanswered=0,
        ends_plan=False,
        closes_message_id=None,
        nudge_at=None,
        wanted_at=DUE,
        last=None,
    )


def _row(name: str, cost: Cost, base: Cost | None = None) -> str:
    ratio = f"{base.cpu / cost.cpu:.1f} | {base.wall / cost.wall:.2f}" if base else "1 | 1"
    return f"| {name} | {cost.cpu:.0f} | {cost.wall:.0f} | {ratio} |"


def tell(line: str) -> None:
    """Say something to whoever runs this."""
    print(line, flush=True)  # noqa: T201  # it is what this program is for


def main() -> None:
    """Print Markdown tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--due", type=int, default=4000)
    parser.add_argument("--lags", type=int, default=40)
    asked = parser.parse_args()
    use_pinned_tzdata()
    library = load_library()
    databases = {"SQLite": None, "PostgreSQL": os.environ.get("TEST_POSTGRESQL_URL")}
    places = {name: server for name, server in databases.items() if name == "SQLite" or server}

    tell("Scheduling alone: claim, plan the next, mark\n\n| design | CPU us | wall us | CPU, times | wall, times |")
    tell("| --- | --- | --- | --- | --- |")
    jobs = job_each(max(200, asked.due // 8))
    tell(_row("an APScheduler job each, SQLAlchemyJobStore, SQLite", jobs))
    for name, server in places.items():
        with new_database(server) as url:
            tell(_row(f"ours, {name}", asyncio.run(deliver(url, asked.due, nothing_sent)), jobs))

    tell("\nThe whole pipeline, to a fast server\n\n| design | CPU us | wall us | CPU, times | wall, times |")
    tell("| --- | --- | --- | --- | --- |")
    with telegram() as address:
        alone = asyncio.run(bare(address, library, asked.due))
        tell(_row("Bot.send_message alone", alone))
        for name, server in places.items():
            with new_database(server) as url:
                tell(_row(f"ours, {name}", asyncio.run(pipeline(url, address, library, asked.due)), alone))

    tell("\nLag of the only check-in due, ms\n\n| database | p50 | p99 | worst |\n| --- | --- | --- | --- |")
    for name, server in places.items():
        with new_database(server) as url:
            found = [1e3 * lag for lag in asyncio.run(lags(url, asked.lags, timedelta(seconds=0.733)))]
        tell(f"| {name} | {share(found, 0.5):.1f} | {share(found, 0.99):.1f} | {found[-1]:.1f} |")


if __name__ == "__main__":
    main()
