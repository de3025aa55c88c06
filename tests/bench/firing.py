"""Measure what a reminder costs to schedule and fire: ours, an APScheduler job each, and JobQueue. Nothing is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from telegram.ext import ApplicationBuilder, CallbackContext, JobQueue

from tests.bench import fresh
from tests.bench.crowds import new_database
from tests.bench.delivery import TOKEN, Cost, Watch, deliver, job_each, nothing_sent
from tests.bench.figures import Ratio, Row, Target, against, number
from tests.bench.sending import places
from tests.bench.sizes import Sizes

WANTED = Target(1 / 50)
WEEK = timedelta(weeks=1)


def measure(sizes: Sizes, server: str | None) -> Iterator[Row]:
    """Give a row for each database and each peer."""
    databases = places(server)
    works = {name: lambda place=place: _ours(place, sizes.due) for name, place in databases.items()}
    found = fresh.side_by_side(
        sizes.repeats,
        {
            **works,
            "jobs": lambda: fresh.call(job_each, sizes.jobs),
            "queue": lambda: fresh.call(job_queue, sizes.due),
        },
    )
    peers = (
        ("jobs", "an APScheduler job each (SQLAlchemyJobStore, SQLite defaults, misfire limit lifted)", WANTED),
        ("queue", "JobQueue (in memory, lost at a restart, misfire limit lifted)", None),
    )
    for name in databases:
        for peer, described, target in peers:
            ratio = Ratio([ours.cpu / other.cpu for ours, other in zip(found[name], found[peer], strict=True)])
            wall = Ratio([ours.wall / other.wall for ours, other in zip(found[name], found[peer], strict=True)])
            what = f"CPU a reminder ÷ {described}, {name}"
            row = against(what, _shown(found[name]), _shown(found[peer]), ratio, target)
            yield Row(row.what, row.ours, row.other, row.value, f"{ratio}; wall {number(wall.middle)}", target)


def _shown(costs: list[Cost]) -> str:
    cpu = Ratio([cost.cpu for cost in costs]).middle
    wall = Ratio([cost.wall for cost in costs]).middle
    return f"{number(round(cpu))} µs CPU, {number(round(wall))} µs wall"


def _ours(place: str | None, count: int) -> Cost:
    with new_database(place) as url:
        return fresh.call(_fire_ours, url, count)


async def _fire_ours(url: str, count: int) -> Cost:
    return await deliver(url, count, nothing_sent)


async def job_queue(count: int) -> Cost:
    """Let JobQueue fire as many weekly jobs that are due at once."""
    queue, _application = new_job_queue()
    fired, done = 0, asyncio.Event()

    async def fire(_context: CallbackContext[Any, Any, Any, Any]) -> None:
        nonlocal fired
        fired += 1
        if fired == count:
            done.set()

    due_at = datetime.now(UTC) - timedelta(seconds=1)
    for chat_id in range(count):
        # By its own rule a first time that is over would be the one a week later.
        kwargs = {"misfire_grace_time": None, "next_run_time": due_at}
        queue.run_repeating(fire, WEEK, chat_id=chat_id, job_kwargs=kwargs)
    watch = Watch()
    await queue.start()
    await done.wait()
    cost = watch.cost(count)
    await queue.stop(wait=False)
    return cost


def new_job_queue() -> tuple[JobQueue[Any], object]:
    """Return a job queue, and the application that it knows only weakly, which is never opened."""
    application = ApplicationBuilder().token(TOKEN).build()
    assert application.job_queue is not None
    return application.job_queue, application
