"""Run a bot as people run it: a real process, which is looked at from outside."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bot.replicas import free_port
from tests.keys import KEY

ROOT = Path(__file__).parents[2]
TOKEN = "123456:" + "A" * 35
OURS = ("bot", "run")
PLAIN = ("tests.bench.plain_bot",)

# A stop takes 20 s at the most.
LEAVE_SECONDS = 30.0


@dataclass(frozen=True)
class Memory:
    """Hold what one process occupies, in megabytes: all that is resident, and what is its own alone."""

    resident: float
    own: float


@dataclass
class Bot:
    """Hold one running bot. `began` is in monotonic seconds."""

    process: subprocess.Popen[bytes]
    began: float
    log: Path

    def memory(self) -> Memory | None:
        """Return what it occupies now; None where the system does not tell."""
        try:
            lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        except OSError:
            return None
        sizes = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in lines[1:]}
        return Memory(sizes["Rss"], sizes["Private_Clean"] + sizes["Private_Dirty"])

    def cpu(self) -> float:
        """Return the CPU seconds that it took until now; 0 where the system does not tell."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def leave(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, LEAVE_SECONDS)


def start(module: tuple[str, ...], api_url: str, folder: Path, more: Mapping[str, str] | None = None) -> Bot:
    """Start a bot on a database in this folder."""
    environment = os.environ | {
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_API_URL": api_url,
        "DATABASE_URL": f"sqlite:///{folder / 'calcibot.db'}",
        "CALCIBOT_KEYS": KEY,
        "WEB_PORT": str(free_port()),
        "LOG_FORMAT": "json",
        **(more or {}),
    }
    log = folder / "bot.log"
    with log.open("ab") as file:
        began = time.monotonic()
        process = subprocess.Popen([sys.executable, "-m", *module], cwd=ROOT, env=environment, stdout=file, stderr=file)
    return Bot(process, began, log)


@asynccontextmanager
async def running(
    module: tuple[str, ...], api_url: str, folder: Path, more: Mapping[str, str] | None = None
) -> AsyncIterator[Bot]:
    """Run a bot for the length of a block, with `more` settings."""
    bot = start(module, api_url, folder, more)
    try:
        yield bot
    finally:
        if bot.process.poll() is None:
            await bot.leave()
