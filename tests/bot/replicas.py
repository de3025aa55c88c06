"""Run programs as they run behind a balancer, and call them as Telegram does."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.program import Program
from bot.web import SECRET_HEADER
from bot.webside import Place
from tests.chat import Chats, Talker

SECRET = "a-secret-of-32-or-more-characters"
PATIENCE = 20.0

_updates = itertools.count(7_000_000)


@dataclass
class Replica:
    """Hold one running program, and a client that knows its secret."""

    program: Program
    url: str
    session: aiohttp.ClientSession
    running: asyncio.Task[None] = field(init=False)

    async def start(self) -> None:
        """Return when it listens."""
        self.running = asyncio.create_task(self.program.run())
        await until(lambda: self.running.done() or self.program.health.stage in {"listening", "standing by"})
        if self.running.done():
            self.running.result()

    async def stop(self) -> None:
        """Stop it as a signal does."""
        self.program.stop()
        await self.running

    async def post(self, body: bytes | dict[str, Any], secret: str | None = SECRET, **headers: str) -> int:
        """Call the webhook and return the status."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        if secret is not None:
            headers[SECRET_HEADER] = secret
        headers.setdefault("Content-Type", "application/json")
        async with self.session.post(f"{self.url}/hook", data=data, headers=headers) as answer:
            return answer.status

    async def get(self, path: str) -> tuple[int, str]:
        """Return status and body of a path."""
        async with self.session.get(f"{self.url}{path}") as answer:
            return answer.status, await answer.text()

    def counted(self, name: str, **labels: str) -> float:
        """Return the value of a metric; 0 where it was never counted."""
        return self.program.house.metrics.registry.get_sample_value(f"calcibot_{name}", labels) or 0.0


@asynccontextmanager
async def replica(chats: Chats, *, polls: bool = False, leaving_seconds: float = 0.0) -> AsyncIterator[Replica]:
    """Run one program; by default one that Telegram calls."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    place = Place("127.0.0.1", port, None if polls else f"{url}/hook", SECRET, leaving_seconds)
    program = chats.program(place=place)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session:
        new = Replica(program, url, session)
        await new.start()
        try:
            yield new
        finally:
            program.stop()
            await asyncio.gather(new.running, return_exceptions=True)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        number: int = one.getsockname()[1]
        return number


def message(person: Talker, text: str, update_id: int | None = None) -> dict[str, Any]:
    """Return an update as Telegram posts it."""
    user = person.phone.user
    number = next(_updates) if update_id is None else update_id
    return {
        "update_id": number,
        "message": {
            "message_id": 1_000_000 + number,
            "date": int(person.chats.clock().timestamp()),
            "chat": {"id": person.phone.id, "type": "private", "first_name": user["first_name"]},
            "from": user,
            "text": text,
        },
    }


def let_go() -> None:
    """End every call that a local Telegram in this process holds back: it would keep it from stopping."""
    for task in asyncio.all_tasks():
        if getattr(task.get_coro(), "__name__", "") == "run_asgi":
            task.cancel()


async def until(condition: Any) -> None:
    """Return as soon as the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  # another part of the program brings it about
            await asyncio.sleep(0.005)
