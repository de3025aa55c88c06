"""Run the real program for a while under load and trouble, with one restart in the middle."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.phone.server import Phone
from tests.bench.crowds import opened
from tests.bench.process import OURS, Bot, start
from tests.bot.replicas import SECRET, free_port
from tests.faults import crowd, meter, writers
from tests.faults.checker import delivered_in, judge, unfinished
from tests.faults.harness import TOKEN, Scene, eventually
from tests.faults.progress import Tell, told_every
from tests.faults.tally import worst_second
from tests.faults.writers import Writer
from tests.soak.tally import Orders, Tally

LISTENS = "the bot listens"

# To look costs much where much was sent.
LOOK_EVERY = 1.0

# So often somebody who waits is told how far it is.
TELL_EVERY = 10.0

# What has not come after so many times the least that it can take counts as missing: each 429 stops all for a second.
SLOWEST = 3.0


@dataclass
class Life:
    """Start the program again and again on the same database, and note what it occupies."""

    environment: Mapping[str, str]
    api_url: str
    folder: Path
    lives: int = 0
    memory: list[float] = field(default_factory=list)

    async def begin(self) -> Bot:
        """Start it, and return when it listens."""
        bot = start(OURS, self.api_url, self.folder, self.environment)
        self.lives += 1

        def listens() -> bool:
            assert bot.process.poll() is None, bot.log.read_text(encoding="utf-8")[-2000:]
            return bot.log.read_text(encoding="utf-8").count(LISTENS) >= self.lives

        await eventually(listens, "a program that listens")
        self.memory = []
        return bot

    def note(self, bot: Bot) -> None:
        """Note what it occupies now, where the system tells."""
        memory = bot.memory()
        if memory is not None:
            self.memory.append(memory.resident)


async def soak(orders: Orders, database_url: str, folder: Path, tell: Tell) -> Tally:
    """Make the scene, let everything happen, and count."""
    async with Phone() as phone, opened(database_url) as database:
        scene = Scene(phone, database_url, database, folder)
        try:
            return await _soak(orders, scene, tell)
        finally:
            await scene.close()


async def _soak(orders: Orders, scene: Scene, tell: Tell) -> Tally:
    tell(f"{orders.due} people get a plan each")
    due = await crowd.plan_apart(scene, crowd.open_chats(scene, orders.due))
    api_url, notes = await meter.start(scene)
    life = Life(_environment(orders, scene), api_url, scene.folder)
    bot = await life.begin()
    try:
        known = await writers.learn(scene)
        _trouble(scene, orders)
        people = writers.gather(scene, orders.updates_per_second)
        tell(f"{len(people)} people write for {orders.seconds:g} s")
        async with told_every(TELL_EVERY, tell, lambda: writers.how_far(scene, people)):
            writing = asyncio.create_task(writers.write(people, orders.updates_per_second, orders.seconds))
            await _watch(life, bot, orders.seconds / 2)
            tell("the restart")
            exit_code = await bot.leave()
            bot = await life.begin()
            while not writing.done():
                await _watch(life, bot, LOOK_EVERY)
            await writing
            tell("nobody writes any more; the rest has to come")
            await _settle(scene, orders, life, bot, people, known)
    finally:
        if bot.process.poll() is None:
            await bot.leave()
    left = meter.read(notes)
    return Tally(
        orders,
        writers.answered(scene, people, known),
        await judge(scene, due),
        len(left),
        worst_second(left),
        Counter(call.status for call in scene.phone.calls(TOKEN) if call.faulty),
        delivered_in(scene),
        exit_code,
        life.memory,
        meter.read_held(notes),
    )


async def _watch(life: Life, bot: Bot, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        await asyncio.sleep(LOOK_EVERY)
        life.note(bot)


async def _settle(
    scene: Scene, orders: Orders, life: Life, bot: Bot, people: Sequence[Writer], known: Mapping[str, int]
) -> None:
    """Wait until nothing more is to come, or so long that what is missing will never come: the tally tells."""
    messages = orders.due + orders.updates_per_second * orders.seconds
    with suppress(TimeoutError):
        async with asyncio.timeout(60 + SLOWEST * messages / orders.per_second):
            while True:
                await _watch(life, bot, LOOK_EVERY)
                is_answered = not any(one.lost for one in writers.answered(scene, people, known))
                if is_answered and not await unfinished(scene):
                    return


def _environment(orders: Orders, scene: Scene) -> dict[str, str]:
    """Return the settings of the program."""
    port = free_port()
    webhook = {"WEBHOOK_URL": f"http://127.0.0.1:{port}/hook", "WEBHOOK_SECRET": SECRET} if orders.webhook else {}
    return {
        "DATABASE_URL": scene.database_url,
        "SEND_PER_SECOND": f"{orders.per_second:g}",
        "WEB_PORT": str(port),
        **webhook,
    }


def _trouble(scene: Scene, orders: Orders) -> None:
    """Let Telegram refuse or break a share of all calls; of the broken, half were done all the same."""
    chance = random.Random(orders.seed)

    def now_and_then(share: float) -> Callable[[dict[str, Any]], bool]:
        return lambda _: chance.random() < share

    fail = scene.phone.fail
    fail(TOKEN, times=-1, retry_after=1, when=now_and_then(orders.flooded))
    fail(TOKEN, times=-1, status=500, when=now_and_then(orders.broken / 2))
    fail(TOKEN, times=-1, status=502, after_recording=True, when=now_and_then(orders.broken / 2))
