"""Measure what sending costs: the whole pipeline beside `Bot.send_message`, and our transport beside httpx."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping

from telegram.ext import ExtBot
from telegram.request import BaseRequest, HTTPXRequest

from bot.transport import AiohttpRequest
from tests.bench import delivery, fresh
from tests.bench.crowds import new_database
from tests.bench.delivery import TOKEN, Cost, Watch
from tests.bench.figures import Ratio, Row, Target, against, number
from tests.bench.server import telegram
from tests.bench.sizes import Sizes
from tests.faults.child import LIBRARY

# With more connections httpx only gets slower.
HTTPX_POOL = 8
OUR_POOL = 64

WANTED = Target(0.95, at_least=True)


def measure(sizes: Sizes, server: str | None) -> Iterator[Row]:
    """Give a row for each database, and one for the transport."""
    with telegram() as address:
        works = {
            name: lambda place=place: _pipeline(place, address, sizes.sends) for name, place in places(server).items()
        }
        found = fresh.side_by_side(sizes.repeats, {"bare": lambda: fresh.call(_bare, address, sizes.sends), **works})
        for name in works:
            ratio = Ratio([bare.wall / ours.wall for bare, ours in zip(found["bare"], found[name], strict=True)])
            what = f"delivery pipeline ÷ bare `Bot.send_message` on the same transport, {name}"
            yield against(what, shown(found[name]), shown(found["bare"]), ratio, WANTED)
        sent = fresh.side_by_side(
            sizes.repeats,
            {
                "ours": lambda: fresh.call(_ours, address, sizes.sends),
                "httpx": lambda: fresh.call(_httpx, address, sizes.slow_sends),
            },
        )
        ratio = Ratio([httpx.wall / ours.wall for ours, httpx in zip(sent["ours"], sent["httpx"], strict=True)])
        what = "messages a second: our transport ÷ python-telegram-bot's httpx"
        yield against(what, shown(sent["ours"]), shown(sent["httpx"]), ratio)


def places(server: str | None) -> Mapping[str, str | None]:
    """Return the databases to measure on: None is a file."""
    return {"SQLite": None} | ({"PostgreSQL": server} if server else {})


def shown(costs: list[Cost]) -> str:
    """Say how fast it was, and what one cost, by the median."""
    middle = sorted(costs, key=lambda cost: cost.wall)[len(costs) // 2]
    return f"{number(round(1e6 / middle.wall))}/s, {number(round(middle.cpu))} µs CPU each"


def _bare(address: str, count: int) -> Cost:
    return asyncio.run(delivery.bare(address, LIBRARY, count))


def _pipeline(place: str | None, address: str, count: int) -> Cost:
    with new_database(place) as url:
        return fresh.call(_deliver, url, address, count)


def _deliver(url: str, address: str, count: int) -> Cost:
    return asyncio.run(delivery.pipeline(url, address, LIBRARY, count))


async def _ours(address: str, count: int) -> Cost:
    return await _send(AiohttpRequest(connection_pool_size=OUR_POOL), address, count, OUR_POOL)


async def _httpx(address: str, count: int) -> Cost:
    return await _send(HTTPXRequest(connection_pool_size=HTTPX_POOL, pool_timeout=60), address, count, HTTPX_POOL)


async def _send(request: BaseRequest, address: str, count: int, at_once: int) -> Cost:
    """Send the same short text to so many chats."""
    async with ExtBot(TOKEN, base_url=f"{address}/bot", request=request, get_updates_request=request) as bot:
        numbers = iter(range(1, count + 1))

        async def work() -> None:
            for number in numbers:
                await bot.send_message(number, "Any change since last week?")

        watch = Watch()
        await asyncio.gather(*(work() for _ in range(at_once)))
        return watch.cost(count)
