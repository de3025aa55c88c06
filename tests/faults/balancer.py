"""Stand before the replicas as a proxy does: hand each call to one that says it is ready."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter

import aiohttp
from aiohttp import web

PATH = "/telegram"

# How often each replica is asked whether it is ready.
LOOK_EVERY = 0.5

# As docs/operators.md asks of the proxy.
ANSWER_SECONDS = 20.0

# Hop by hop, or made anew by the client.
NOT_PASSED_ON = {"host", "content-length", "connection", "transfer-encoding", "accept-encoding"}


class Balancer:
    """Pass calls on in turn. A call whose replica dies under it gets 502, as from any proxy: it is for Telegram."""

    def __init__(self, ports: list[int]) -> None:
        """Take the replicas' ports; nobody is ready yet."""
        self._ports = ports
        self._ready: set[int] = set()
        self._turns = itertools.count()
        self.port = 0
        # What each replica took, and what became of calls that nobody took.
        self.taken: Counter[int] = Counter()
        self.failed: Counter[int] = Counter()

    async def start(self) -> None:
        """Listen on a free port of this machine."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))
        app = web.Application()
        app.router.add_post(PATH, self._pass_on)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self._looking = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Close everything."""
        self._looking.cancel()
        await asyncio.gather(self._looking, return_exceptions=True)
        await self._runner.cleanup()
        await self._session.close()

    @property
    def ready(self) -> int:
        """Return how many replicas are ready."""
        return len(self._ready)

    async def _look(self) -> None:
        while True:
            answers = await asyncio.gather(*(self._is_ready(port) for port in self._ports))
            self._ready = {port for port, ready in zip(self._ports, answers, strict=True) if ready}
            await asyncio.sleep(LOOK_EVERY)

    async def _is_ready(self, port: int) -> bool:
        try:
            async with self._session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def _pass_on(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_PASSED_ON}
        first = next(self._turns)
        ready = sorted(self._ready)
        for number in range(len(ready)):
            port = ready[(first + number) % len(ready)]
            try:
                async with self._session.post(f"http://127.0.0.1:{port}{PATH}", data=body, headers=headers) as answer:
                    return self._answered(port, answer.status)
            except aiohttp.ClientConnectorError:
                # Nobody listens there any more: nothing was sent.
                self._ready.discard(port)
            except (aiohttp.ClientError, TimeoutError):
                return self._answered(port, 502)
        return self._answered(0, 503)

    def _answered(self, port: int, status: int) -> web.Response:
        if status == 200:
            self.taken[port] += 1
        else:
            self.failed[status] += 1
        return web.Response(status=status)
