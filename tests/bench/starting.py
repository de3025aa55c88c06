"""Measure a start until the first answer, what a running bot occupies, and what is read or built before."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from bot.phone.server import Phone
from content.load import CONTENT, load_library
from scheduler.db import migrate
from tests.bench import fresh
from tests.bench.figures import Ratio, Row, Target, not_measured, number
from tests.bench.process import TOKEN, Memory, running
from tests.bench.sizes import Sizes
from tests.bench.talking import KINDS, PATIENCE, QUESTION

FAST = Target(2.0, unit=" s")
SMALL = Target(150.0, unit=" MB")

# At rest and after many chats.
Occupied = tuple[Memory | None, Memory | None]

# What is occupied does not hang on the pace.
UNPACED = {"SEND_PER_SECOND": "1000"}

# What each of the chats says, in this order.
SAID = ("/start", QUESTION, "/settings")


def measure(sizes: Sizes, server: str | None) -> Iterator[Row]:
    """Give rows for the start, the memory, the library and the index."""
    del server
    works = {name: lambda kind=kind: fresh.call(_start, kind) for name, kind in KINDS.items()}
    found = fresh.side_by_side(sizes.starts, works)
    ours, plain = (Ratio(found[name]) for name in KINDS)
    yield Row(
        "start of the process to its first answer", f"{ours} s", f"the least bot: {plain} s", ours.middle, target=FAST
    )
    # These take no time from each other that matters.
    built = fresh.Running(_build, ())
    occupied = fresh.together({name: (_occupy, (kind, sizes.chats)) for name, kind in KINDS.items()})
    yield from _memory(sizes.chats, *occupied.values())
    loads = Ratio([fresh.call(_load) for _ in range(sizes.repeats)])
    yield Row("reading the library, CPU (part of the start)", f"{loads} s")
    seconds, cpu = built.result()
    yield Row("building topics, signs and replies", f"{number(seconds)} s, {number(cpu)} s CPU")


def _memory(chats: int, found: Occupied, held_against: Occupied) -> Iterator[Row]:
    (idle, after), (plain_idle, plain_after) = found, held_against
    if idle is None or after is None or plain_idle is None or plain_after is None:
        yield not_measured("memory of the process", "this system has no /proc")
        return
    for what, ours, plain in (("idle", idle, plain_idle), (f"after {chats} chats", after, plain_after)):
        cells = (_shown(ours), f"the least bot: {_shown(plain)}")
        yield Row(f"memory of the bot process, {what}", *cells, ours.resident, target=SMALL)


def _shown(memory: Memory) -> str:
    return f"{memory.resident:.0f} MB resident, {memory.own:.0f} MB its own"


async def _start(kind: tuple[str, ...]) -> float:
    with _folder() as folder:
        async with Phone() as phone:
            phone.person(TOKEN, "Alice").writes(QUESTION)
            async with running(kind, phone.url, Path(folder)) as bot:
                await phone.until(TOKEN, lambda: bool(phone.calls(TOKEN, "sendMessage")), PATIENCE)
                return phone.calls(TOKEN, "sendMessage")[0].started - bot.began


async def _occupy(kind: tuple[str, ...], chats: int) -> Occupied:
    with _folder() as folder:
        async with Phone() as phone, running(kind, phone.url, Path(folder), UNPACED) as bot:
            alice = phone.person(TOKEN, "Alice")
            alice.writes("/help")
            await phone.until(TOKEN, lambda: alice.last.from_bot, PATIENCE)
            idle = bot.memory()
            people = [phone.person(TOKEN, f"Person {number}") for number in range(chats)]
            for said in SAID:
                for person in people:
                    person.writes(said)
                until = time.monotonic() + PATIENCE
                while not all(person.last.from_bot for person in people):
                    assert time.monotonic() < until, "nobody answers"
                    await asyncio.sleep(0.1)  # to look at every call would cost more than answering
            return idle, bot.memory()


def _folder() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory()
    migrate.upgrade(f"sqlite:///{Path(folder.name) / 'calcibot.db'}")
    return folder


def _load() -> float:
    begun = time.process_time()
    load_library()
    return time.process_time() - begun


def _build() -> tuple[float, float]:
    """Return the seconds and the CPU seconds of building all there is, with every process that helps."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "content"
        shutil.copytree(CONTENT, root)
        # Only here: it brings along all that fits models.
        build = import_module("content.build")
        begun, begun_cpu = time.monotonic(), _cpu()
        build.build_all(root=root)
        return time.monotonic() - begun, _cpu() - begun_cpu


def _cpu() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system
