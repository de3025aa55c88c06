"""Count what SIGKILL again and again loses and doubles while reminders are delivered: ours, and as others build it."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.phone.server import Phone
from tests.bench import fresh, peers
from tests.bench.crowds import new_database, opened
from tests.bench.figures import Row, Target, number
from tests.bench.sending import places
from tests.bench.sizes import Sizes
from tests.faults.checker import unfinished
from tests.faults.crowd import FIRST_CHAT, gather
from tests.faults.harness import TOKEN, Child, Scene

# As in the fault tests: a request is under way for so long, and after a kill nobody waits for a whole minute.
LATENCY = 0.05
LEASE = timedelta(seconds=1)

# A life ends by SIGKILL after at most so many sends: a second of them.
A_LIFE = 25

# When nothing was sent for so many seconds and nothing is left, it is over; when something is left, it is stuck.
QUIET, STUCK = 2.0, 40.0

NONE_LOST = Target(0)
FEW_DOUBLED = Target(2.0)


@dataclass(frozen=True)
class Outcome:
    """Hold what became of so many that were due."""

    due: int
    kills: int
    lost: int
    doubled: int

    def __str__(self) -> str:
        """Return it for a thousand, and for a kill."""
        lost, doubled = (number(round(1000 * count / self.due)) for count in (self.lost, self.doubled))
        return f"{lost} lost, {doubled} doubled of 1,000; {self.kills} kills, {number(self.a_kill)} doubled a kill"

    @property
    def a_kill(self) -> float:
        """Return how many came twice for each kill."""
        return round(self.doubled / self.kills, 2) if self.kills else 0.0


@dataclass(frozen=True)
class Design:
    """Say how one way of delivering is started, the first time or again, and what it still has written down to do."""

    start: Callable[[bool], Awaitable[Child]]
    left: Callable[[], Awaitable[int]]


def measure(sizes: Sizes, server: str | None) -> Iterator[Row]:
    """Give a row for each; all run at the same time, since they mostly wait."""
    ours = [f"ours, {name}" for name in places(server)]
    others = {
        "jobs": "APScheduler job each, stored, misfire limit lifted",
        "memory": "JobQueue, in memory",
        "table": "JobQueue, made anew from a table at each start",
        "mark": "ours, each marked just before it is sent",
        "batch": f"a table, {peers.PER_SECOND} marked before they are sent",
    }
    works = {name: (_outcome, (name, server, sizes.kill_due)) for name in (*ours, *others)}
    found: dict[str, Outcome] = fresh.together(works)
    for name in ours:
        one = found[name]
        what = f"{one.due:,} due at {peers.PER_SECOND}/s, {name}"
        yield Row(f"{what}: lost", str(one), "", one.lost, target=NONE_LOST)
        yield Row(f"{what}: doubled a kill", number(one.a_kill), "", one.a_kill, target=FEW_DOUBLED)
    for name, described in others.items():
        yield Row(f"control: {described}", "", str(found[name]))


async def _outcome(name: str, server: str | None, count: int) -> Outcome:
    place = server if name == "ours, PostgreSQL" else None
    with new_database(place) as url, tempfile.TemporaryDirectory() as folder:
        async with Phone() as phone, opened(url) as database:
            scene = Scene(phone, url, database, Path(folder))
            try:
                chats = [due.chat_id for due in await gather(scene, count)]
                assert chats[0] == FIRST_CHAT
                scene.phone.fail(TOKEN, "sendMessage", times=-1, status=200, delay=LATENCY)
                kills = await _drain(scene, _design(name, scene, chats))
                # What was under way at the last kill still arrives.
                await asyncio.sleep(10 * LATENCY)
                return _count(scene, chats, kills)
            finally:
                await scene.close()


async def _drain(scene: Scene, design: Design) -> int:
    """Start it and kill it until it has nothing left to do; return how often it was killed."""
    chance, kills, is_first = random.Random(1), 0, True
    while is_first or await design.left():
        bot = await design.start(is_first)
        is_first = False
        if not await _lives(scene, design, scene.count("sendMessage") + chance.randint(1, A_LIFE)):
            break
        await asyncio.sleep(chance.uniform(0, LATENCY))
        await bot.kill()
        kills += 1
    return kills


async def _lives(scene: Scene, design: Design, goal: int) -> bool:
    """Wait until so many were sent and return True; False when nothing more comes."""
    sent, since = scene.count("sendMessage"), time.monotonic()
    while sent < goal:
        await asyncio.sleep(0.01)  # another process sends: there is nothing to wait for
        now = scene.count("sendMessage")
        if now != sent:
            sent, since = now, time.monotonic()
        quiet = time.monotonic() - since
        # It may be starting still, or wait for a lease that somebody killed has left.
        if quiet > STUCK or (quiet > QUIET and sent and not await design.left()):
            return False
    return True


def _count(scene: Scene, chats: Sequence[int], kills: int) -> Outcome:
    calls = scene.phone.calls(TOKEN, "sendMessage")
    copies = Counter(int(call.parameters["chat_id"]) for call in calls if call.status == 200)
    lost = sum(copies[chat_id] == 0 for chat_id in chats)
    return Outcome(len(chats), kills, lost, sum(max(0, copies[chat_id] - 1) for chat_id in chats))


def _design(name: str, scene: Scene, chats: Sequence[int]) -> Design:
    """Return how this one works on the scene."""
    path = str(scene.folder / f"{name}.db")

    async def nothing() -> int:
        return 0

    async def stored() -> int:
        return await asyncio.to_thread(peers.stored_jobs, path)

    async def unsent() -> int:
        return len(await asyncio.to_thread(peers.unsent, path))

    async def jobs(is_first: bool) -> Child:
        to = f"{scene.phone.base_url}{TOKEN}"
        return _fork(scene, peers.jobs_each, path, to, chats if is_first else ())

    async def memory(is_first: bool) -> Child:
        return _fork(scene, peers.queue_in_memory, scene.phone.url, chats if is_first else ())

    async def table(is_first: bool) -> Child:
        if is_first:
            peers.make_table(path, chats)
        return _fork(scene, peers.queue_from_table, scene.phone.url, path)

    async def batch(is_first: bool) -> Child:
        if is_first:
            peers.make_table(path, chats)
        return _fork(scene, peers.mark_first, path, f"{scene.phone.base_url}{TOKEN}")

    def ours(without: str) -> Callable[[bool], Awaitable[Child]]:
        return lambda _: scene.start(lease=LEASE, per_second=peers.PER_SECOND, without=without)

    designs = {
        "jobs": Design(jobs, stored),
        "memory": Design(memory, nothing),
        "table": Design(table, unsent),
        "batch": Design(batch, unsent),
        "mark": Design(ours("sending first"), lambda: unfinished(scene)),
    }
    return designs.get(name) or Design(ours(""), lambda: unfinished(scene))


def _fork(scene: Scene, work: Callable[..., None], *arguments: object) -> Child:
    stderr = scene.folder / f"peer{len(scene.children)}.log"
    return scene.fork(work, str(stderr), *arguments, stderr=stderr)
