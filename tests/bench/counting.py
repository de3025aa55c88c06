"""Answer as `server` does, note when each message came, and refuse what comes too soon if there is a limit."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from tests.bench.server import Answering

_BODY = json.dumps(
    {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 1",
        "parameters": {"retry_after": 1},
    }
).encode()
REFUSED = (
    f"HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: {len(_BODY)}\r\n\r\n"
).encode() + _BODY


@dataclass(frozen=True)
class Count:
    """Hold when messages were taken, in monotonic seconds, and how many were refused."""

    arrivals: Sequence[float]
    refused: int

    @property
    def seconds(self) -> float:
        """Return the time from the first to the last."""
        return self.arrivals[-1] - self.arrivals[0]


class CountingTelegram:
    """Hold the other end of the process."""

    def __init__(self, address: str, pipe: Connection) -> None:
        """Know where it listens."""
        self.address = address
        self._pipe = pipe

    def take(self) -> Count:
        """Return what was counted since the last time."""
        self._pipe.send("take")
        count: Count = self._pipe.recv()
        return count


@dataclass
class _Ledger:
    most_a_second: int | None
    arrivals: list[float]
    lately: deque[float]
    refused: int = 0

    def may_pass(self) -> bool:
        now = time.monotonic()
        while self.lately and self.lately[0] <= now - 1.0:
            self.lately.popleft()
        if self.most_a_second is not None and len(self.lately) >= self.most_a_second:
            self.refused += 1
            return False
        self.lately.append(now)
        self.arrivals.append(now)
        return True


class _Counting(Answering):
    def __init__(self, ledger: _Ledger) -> None:
        super().__init__(0.0)
        self._ledger = ledger

    def answer(self, head: bytes) -> bytes:
        if b"/sendMessage " in head.partition(b"\r\n")[0] and not self._ledger.may_pass():
            return REFUSED
        return super().answer(head)


def _serve(pipe: Connection, most_a_second: int | None) -> None:
    ledger = _Ledger(most_a_second, [], deque())

    def tell() -> None:
        pipe.recv()
        pipe.send(Count(ledger.arrivals, ledger.refused))
        ledger.arrivals, ledger.refused = [], 0
        ledger.lately.clear()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Counting(ledger), "127.0.0.1", 0)
        loop.add_reader(pipe.fileno(), tell)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def counting_telegram(most_a_second: int | None = None) -> Iterator[CountingTelegram]:
    """Run it in a process of its own."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, most_a_second), daemon=True)
    process.start()
    try:
        yield CountingTelegram(f"http://127.0.0.1:{here.recv()}", here)
    finally:
        process.kill()
        process.join()
