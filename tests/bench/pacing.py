"""Measure how evenly messages leave: ours beside python-telegram-bot's AIORateLimiter, counted where they arrive."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from telegram.error import TelegramError
from telegram.ext import AIORateLimiter, BaseRateLimiter, ExtBot
from telegram.request import BaseRequest, HTTPXRequest

from bot.pacing import SENDS_PER_SECOND, Pacing
from bot.sending import Sender
from bot.transport import AiohttpRequest
from tests.bench import fresh
from tests.bench.counting import Count, counting_telegram
from tests.bench.crowds import DUE, new_database
from tests.bench.delivery import TOKEN, deliver
from tests.bench.figures import Ratio, Row, Target, number
from tests.bench.sending import HTTPX_POOL, OUR_POOL
from tests.bench.sizes import Sizes
from tests.faults.child import LIBRARY
from tests.faults.tally import worst_second

PAID, USUAL = 1000, 30
# Below what the server enforces, by what clocks and networks differ.
BELOW = 29.5
# A window may hold one message in a hundred too many.
SLACK = 1.01
LONGEST = Target(1.02)


def measure(sizes: Sizes, server: str | None) -> Iterator[Row]:
    """Give rows for both limits, and for a server that enforces one."""
    del server
    with counting_telegram() as telegram:
        for limit in (PAID, USUAL):
            yield from _windows(telegram.address, telegram.take, limit, sizes)
        yield _shipped(telegram.address, telegram.take, sizes)
    with counting_telegram(USUAL) as telegram:
        yield from _enforced(telegram.address, telegram.take, sizes)


def _windows(address: str, take: Any, limit: int, sizes: Sizes) -> Iterator[Row]:
    count = int(limit * sizes.paced_seconds)

    def run(who: str) -> Count:
        # httpx would take minutes for as many at the paid limit; its rate is the same with fewer.
        fresh.call(_send_all, who, address, limit, min(count, sizes.slow_sends) if who == "theirs" else count)
        found: Count = take()
        return found

    works = {who: lambda who=who: run(who) for who in ("ours", "theirs")}
    found = fresh.side_by_side(max(1, sizes.repeats - 1), works)
    ours, theirs = (_worst(found[who]) for who in ("ours", "theirs"))
    other = f"AIORateLimiter{' on httpx' if limit == PAID else ', same transport'}"
    cells = (_window(found["ours"], limit), f"{other}: {_window(found['theirs'], limit)}")
    what = f"most messages in any second at {limit:,}/s"
    # At the very limit clocks and networks decide: what is shipped keeps below it.
    target = Target(limit * SLACK) if limit == PAID else None
    yield Row(what, *cells, ours, f"{number(ours)} beside {number(theirs)}", target)
    if limit == PAID:
        rates = {who: Ratio([_steady(count, limit) for count in found[who]]) for who in found}
        yield Row(
            f"messages a second on one core at SEND_PER_SECOND={limit}",
            f"{rates['ours']}/s",
            f"{other}: {rates['theirs']}/s",
            # Counted from one to the last, which clocks blur by a message or two.
            round(rates["ours"].middle),
            target=Target(limit, at_least=True, unit="/s"),
        )


def _shipped(address: str, take: Any, sizes: Sizes) -> Row:
    """Return how many come in a second at most as it is shipped."""
    fresh.call(_send_all, "ours", address, SENDS_PER_SECOND, int(SENDS_PER_SECOND * sizes.paced_seconds))
    count: Count = take()
    what = f"most messages in any second as shipped ({SENDS_PER_SECOND:g}/s; Telegram's limit is {USUAL})"
    return Row(what, _window([count], SENDS_PER_SECOND), "", _worst([count]), target=Target(USUAL))


def _worst(counts: list[Count]) -> int:
    return max(worst_second(count.arrivals) for count in counts)


def _steady(count: Count, limit: float) -> float:
    """Return the rate from the first message over whole seconds' worth: a burst at the beginning is no rate."""
    last = len(count.arrivals) - 1
    whole = last - last % int(limit) or last
    return whole / (count.arrivals[whole] - count.arrivals[0])


def _window(counts: list[Count], limit: float) -> str:
    return f"{number(_worst(counts))} at most, {number(Ratio([_steady(count, limit) for count in counts]).middle)}/s"


def _enforced(address: str, take: Any, sizes: Sizes) -> Iterator[Row]:
    ideal = sizes.limited_due / USUAL

    def ours() -> Count:
        with new_database() as url:
            fresh.call(_deliver, url, address, sizes.limited_due)
        return take()  # type: ignore[no-any-return]  # of another process

    def theirs() -> Count:
        fresh.call(_send_all, "theirs", address, USUAL, sizes.limited_due)
        return take()  # type: ignore[no-any-return]  # of another process

    works: Mapping[str, Any] = {"ours": ours, "theirs": theirs}
    found: dict[str, list[Count]] = fresh.side_by_side(max(1, sizes.repeats - 1), works)
    times = {who: Ratio([(1 / USUAL + count.seconds) / ideal for count in counts]) for who, counts in found.items()}
    refused = {who: sum(count.refused for count in counts) for who, counts in found.items()}
    lost = sum(sizes.limited_due - len(count.arrivals) for count in found["theirs"])
    what = f"{sizes.limited_due:,} due at once, server enforces {USUAL}/s, told {BELOW:g}/s"
    other = f"AIORateLimiter({USUAL}): {times['theirs']} times N/{USUAL} s, {lost} lost"
    yield Row(f"{what}: time ÷ (N/{USUAL} s)", str(times["ours"]), other, times["ours"].middle, target=LONGEST)
    cells = (str(refused["ours"]), f"AIORateLimiter({USUAL}): {refused['theirs']}")
    yield Row(f"{what}: answers with 429", *cells, refused["ours"], target=Target(0))


async def _send_all(who: str, address: str, limit: float, count: int) -> None:
    """Send to so many chats as fast as the limiter allows; what is refused is lost, as it is by default there."""
    limiter: BaseRateLimiter[Any]
    request: BaseRequest
    if who == "ours":
        limiter, request = Pacing(limit), AiohttpRequest(connection_pool_size=OUR_POOL)
    else:
        limiter = AIORateLimiter(overall_max_rate=limit, overall_time_period=1)
        request = AiohttpRequest(connection_pool_size=OUR_POOL)
        if limit == PAID:
            request = HTTPXRequest(connection_pool_size=HTTPX_POOL, pool_timeout=600)
    numbers = iter(range(1, count + 1))
    bot: ExtBot[Any] = ExtBot(
        TOKEN, base_url=f"{address}/bot", request=request, get_updates_request=request, rate_limiter=limiter
    )
    async with bot:

        async def work() -> None:
            for number in numbers:
                try:
                    await bot.send_message(number, "Any change since last week?")
                except TelegramError:
                    continue

        await asyncio.gather(*(work() for _ in range(OUR_POOL)))


async def _deliver(url: str, address: str, count: int) -> None:
    request = AiohttpRequest(connection_pool_size=OUR_POOL)
    bot: ExtBot[Any] = ExtBot(
        TOKEN, base_url=f"{address}/bot", request=request, get_updates_request=request, rate_limiter=Pacing(BELOW)
    )
    async with bot:
        await deliver(url, count, Sender(bot, LIBRARY, lambda: DUE + timedelta(seconds=1)).send, warm_up=0)
