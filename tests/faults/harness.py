"""Start the bot as a process, and send it real signals. The local Telegram stays in the test's process."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from bot.phone.people import Person
from bot.phone.server import Phone
from scheduler.db.engine import Database
from scheduler.db.models import SeenUpdate
from tests.bot.replicas import let_go
from tests.faults import child
from tests.keys import KEY

ROOT = Path(__file__).parents[2]
TOKEN = "123456:" + "A" * 35

# How often each test with chance in it runs, each time with another seed; more of them at night.
RUNS = int(os.environ.get("FAULT_RUNS", "1"))
FIRST_SEED = int(os.environ.get("FAULT_SEED", "1"))
SEEDS = range(FIRST_SEED, FIRST_SEED + RUNS)

# Long enough for a process to start on a busy machine.
PATIENCE = 30.0

# A few of these are missed by nobody, and they are short beside anything that is waited for.
LOOK_EVERY = 0.01

# For ever, as far as these tests are concerned: how long the local Telegram keeps an answer back, in seconds.
HELD = 300

# One message a second to a chat only makes a test longer: here the seconds between two, and how many at once.
CHATS_AT_EASE = {"bot.line.PRIVATE": (0.05, 3)}

# Importing all of the program takes seconds. These children are forked from a process that has done it.
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["__main__", child.__name__, "tests.faults.frozen"])


async def eventually(condition: Callable[[], bool | Awaitable[bool]], what: str, patience: float = PATIENCE) -> None:
    """Return as soon as the condition holds; AssertionError, saying `what`, when it never does."""
    deadline = time.monotonic() + patience
    while True:
        holds = condition()
        if holds if isinstance(holds, bool) else await holds:
            return
        assert time.monotonic() < deadline, f"not within {patience} s: {what}"
        await asyncio.sleep(LOOK_EVERY)  # other processes bring it about: there is nothing to wait for


@dataclass
class Child:
    """Hold one process and what it wrote to standard error."""

    pid: int
    exit_code: Callable[[], int | None]
    stderr: Path

    def log(self) -> str:
        """Return what it wrote so far."""
        return self.stderr.read_text(encoding="utf-8", errors="replace") if self.stderr.exists() else ""

    def signal(self, number: int) -> None:
        """Send a signal, if it is still there."""
        if self.exit_code() is None:
            os.kill(self.pid, number)

    async def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def ended(self, patience: float = PATIENCE) -> int:
        """Wait for the end and return the exit code, or minus the signal."""
        await eventually(lambda: self.exit_code() is not None, f"the end of the process\n{self.log()}", patience)
        code = self.exit_code()
        assert code is not None
        return code

    async def says(self, words: str, patience: float = PATIENCE) -> None:
        """Wait until its log holds these words."""
        await eventually(
            lambda: words in self.log() or self.exit_code() is not None, f"{words!r} in\n{self.log()}", patience
        )
        assert words in self.log(), f"it ended with {self.exit_code()} before it said {words!r}:\n{self.log()}"


@dataclass
class Scene:
    """Hold one local Telegram, one database, and the processes that work on them."""

    phone: Phone
    database_url: str
    database: Database
    folder: Path
    children: list[Child] = field(default_factory=list)
    processes: list[BaseProcess | subprocess.Popen[bytes]] = field(default_factory=list)

    def person(self, name: str) -> Person:
        """Return somebody with a phone."""
        return self.phone.person(TOKEN, name)

    async def until(self, condition: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait until something is so at the local Telegram."""
        await self.phone.until(TOKEN, condition, patience)

    async def until_done(self, updates: int) -> None:
        """Wait until so many updates are written down as done."""

        async def done() -> bool:
            async with self.database.read() as session:
                query = select(func.count()).where(SeenUpdate.done)
                return await session.scalar(query) == updates

        await eventually(done, f"{updates} updates done")

    def count(self, method: str) -> int:
        """Return how many calls of a method were answered, in whatever way."""
        return len(self.phone.calls(TOKEN, method))

    async def run_command(self, words: str = "the bot listens") -> Child:
        """Start `python -m bot run` as people do, and wait until it says these words."""
        stderr = self._new_log()
        with stderr.open("wb") as log:
            process = subprocess.Popen(  # noqa: ASYNC220  # a signal is sent to it, nothing is read from it
                [sys.executable, "-m", "bot", "run"],
                cwd=ROOT,
                env=os.environ | self._environment(),
                stderr=log,
                stdout=log,
            )
        self.processes.append(process)
        return await self._listening(Child(process.pid, process.poll, stderr), words)

    async def fork_command(self, words: str = "the bot listens") -> Child:
        """Do the same in a forked process, where most of the program is loaded already."""
        stderr = self._new_log()
        return await self._listening(self.fork(child.command, str(stderr), self._environment(), stderr=stderr), words)

    def _environment(self) -> dict[str, str]:
        return {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": self.phone.url,
            "DATABASE_URL": self.database_url,
            "CALCIBOT_KEYS": KEY,
            "SEND_PER_SECOND": "1000",
        }

    async def start(self, **orders: Any) -> Child:
        """Start the program in a forked process, with `Orders` of the test's own, and wait until it listens."""
        stderr = self._new_log()
        told = {"database_url": self.database_url, "per_second": 1000.0, **orders}
        new = child.Orders(token=TOKEN, api_url=self.phone.url, stderr=str(stderr), **told)
        return await self._listening(self.fork(child.run, new, stderr=stderr))

    def fork(self, work: Callable[..., None], *arguments: object, stderr: Path | None = None) -> Child:
        """Start any function in a forked process."""
        process = _forks.Process(target=work, args=arguments)
        process.start()
        self.processes.append(process)
        assert process.pid is not None
        new = Child(process.pid, lambda: process.exitcode, stderr or self._new_log())
        self.children.append(new)
        return new

    async def _listening(self, new: Child, words: str = "the bot listens") -> Child:
        if new not in self.children:
            self.children.append(new)
        await new.says(words)
        return new

    def _new_log(self) -> Path:
        return self.folder / f"stderr{len(self.children)}.log"

    async def close(self) -> None:
        """Let no process outlive the test."""
        for one in self.children:
            await one.kill()
        for process in self.processes:
            if isinstance(process, BaseProcess):
                process.join()
                process.close()
        # A call that the local Telegram was told to hold would keep it from stopping for as long.
        let_go()


def answers(person: Person) -> int:
    """Count what the bot wrote to this person."""
    return sum(seen.from_bot for seen in person.sees())


def dice(seed: int) -> random.Random:
    """Return chance that comes out the same for the same seed, and say which it is."""
    tell(f"FAULT_SEED={seed} FAULT_RUNS={RUNS}")
    return random.Random(seed)


def tell(line: object) -> None:
    """Say something about this run; pytest shows it with `-rP`, and when the test fails."""
    print(line)  # noqa: T201  # as above
