"""Answer sendMessage as fast as one process can, so that the client is what is measured."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

ME = {"id": 1, "is_bot": True, "first_name": "Bench", "username": "bench_bot"}
MESSAGE = {"message_id": 1, "date": 0, "chat": {"id": 1, "type": "private"}, "from": ME, "text": "."}


def _whole(result: dict[str, Any]) -> bytes:
    body = json.dumps({"ok": True, "result": result}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


SENT, KNOWN = _whole(MESSAGE), _whole(ME)


class Answering(asyncio.Protocol):
    """Read requests off one connection, and answer each after `delay` seconds."""

    def __init__(self, delay: float) -> None:
        """Expect a request."""
        self._delay = delay
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once a request is there whole."""
        self._read += data
        while True:
            head, end, body = self._read.partition(b"\r\n\r\n")
            if not end:
                return
            length = 0
            for line in head.lower().split(b"\r\n"):
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            if len(body) < length:
                return
            self._read = body[length:]
            answer = self.answer(head)
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._transport.write, answer)
            else:
                self._transport.write(answer)

    def answer(self, head: bytes) -> bytes:
        """Return the whole answer to a request with this head."""
        return KNOWN if b"/getMe " in head else SENT


def _serve(told: Connection, delay: float) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: Answering(delay), "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def telegram(delay: float = 0.0) -> Iterator[str]:
    """Run it in a process of its own, and give its address."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there, delay), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{here.recv()}"
    finally:
        process.kill()
        process.join()
