"""Measure how late the only check-in due is on an idle bot, beside JobQueue, which has it in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from telegram.ext import CallbackContext

from tests.bench import fresh
from tests.bench.crowds import new_database
from tests.bench.figures import Row, Target, number, share
from tests.bench.firing import new_job_queue
from tests.bench.lags import lags
from tests.bench.sending import places
from tests.bench.sizes import Sizes

APART = timedelta(seconds=0.333)
# As late as ours begin.
FIRST_AFTER = timedelta(seconds=7.137)
WANTED = Target(50.0, unit=" ms")


def measure(sizes: Sizes, server: str | None) -> Iterator[Row]:
    """Give a row for each database. All run at the same time: they wait."""
    with ExitStack() as stack:
        works: dict[str, tuple[Any, tuple[object, ...]]] = {"queue": (queue_lags, (sizes.lags,))}
        for name, place in places(server).items():
            works[name] = (lags, (stack.enter_context(new_database(place)), sizes.lags, APART))
        found = fresh.together(works)
    other = f"JobQueue, in memory: {_shown(found.pop('queue'))}"
    for name, seconds in found.items():
        what = f"lag of the only check-in due on an idle bot, p99 of {sizes.lags}, {name}"
        worst = 1e3 * share(seconds, 0.99)
        yield Row(what, _shown(seconds), other, worst, target=WANTED)


def _shown(seconds: Sequence[float]) -> str:
    return f"p50 {number(1e3 * share(seconds, 0.5))} ms, p99 {number(1e3 * share(seconds, 0.99))} ms"


async def queue_lags(count: int) -> list[float]:
    """Return how late JobQueue runs a job, each time."""
    queue, _application = new_job_queue()
    found: list[float] = []
    done = asyncio.Event()

    async def fire(context: CallbackContext[Any, Any, Any, Any]) -> None:
        assert context.job is not None
        wanted = context.job.data
        assert isinstance(wanted, datetime)
        found.append((datetime.now(UTC) - wanted).total_seconds())
        if len(found) == count:
            done.set()

    first = datetime.now(UTC) + FIRST_AFTER
    for place in range(count):
        queue.run_once(fire, first + place * APART, data=first + place * APART)
    await queue.start()
    await done.wait()
    await queue.stop(wait=False)
    return found
