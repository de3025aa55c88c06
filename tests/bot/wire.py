"""A small server that fails in every way a network can."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser

import pytest
from telegram import Bot
from telegram.error import TelegramError

from bot.transport import AiohttpRequest

TOKEN = "123456789:CANARY-token-that-must-stay-secret-x"

TEXT = "a canary text about a person's health"

SENT = {"ok": True, "result": {"message_id": 1, "date": 0, "chat": {"id": 7, "type": "private"}, "text": "x"}}

Act = Callable[["Server", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Request:
    """Hold one request as it came over the wire."""

    head: str
    headers: Message
    body: bytes


@dataclass
class Server:
    """Serve HTTP on a local port; each request takes the next act of the script, the last one for ever."""

    acts: list[Act] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    most_at_once: int = 0
    port: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    end: asyncio.Event = field(default_factory=asyncio.Event)
    _open: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        try:
            while not writer.is_closing() and not self.end.is_set():
                act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
                await act(self, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open -= 1
            writer.close()

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Take in one request and remember it."""
        raw = await reader.readuntil(b"\r\n\r\n")
        head, _, lines = raw.partition(b"\r\n")
        headers = BytesParser().parsebytes(lines)
        if headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(await reader.readline(), 16):
                body += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
        else:
            body = await reader.readexactly(int(headers.get("Content-Length", 0)))
        self.requests.append(Request(head.decode(), headers, body))
        self.asked.set()


def answer(status: int = 200, body: object = SENT, *, extra: str = "") -> Act:
    """Read the request and answer it; a body that is bytes goes out as it is."""

    async def act(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.read(reader)
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n{extra}\r\n"
        writer.write(head.encode() + payload)
        await writer.drain()

    return act


async def hang(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the request and never answer."""
    await server.read(reader)
    await server.end.wait()


async def drop_unread(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hang up before anything is read."""
    writer.transport.abort()


async def drop_after_reading(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take in the whole request, as if it were acted on, and hang up without a word."""
    await server.read(reader)
    writer.close()


async def drop_in_the_answer(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hang up in the middle of the answer."""
    await server.read(reader)
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"ok": tr')
    await writer.drain()
    writer.close()


async def talk_nonsense(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with something that is not HTTP."""
    await server.read(reader)
    writer.write(b"220 mail.example.org ESMTP\r\n\r\n")
    await writer.drain()
    writer.close()


@asynccontextmanager
async def serving(*acts: Act) -> AsyncIterator[Server]:
    server = Server(list(acts))
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        server.end.set()
        listener.close()
        await listener.wait_closed()


def bot_on(port: int, request: AiohttpRequest, *, scheme: str = "http", host: str = "127.0.0.1") -> Bot:
    base = f"{scheme}://{host}:{port}"
    return Bot(TOKEN, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=request)


async def failing(server: Server, request: AiohttpRequest | None = None, **timeouts: float) -> TelegramError:
    """Send one message and return the error it ends with."""
    async with request or AiohttpRequest(**timeouts) as request:
        with pytest.raises(TelegramError) as caught:
            await bot_on(server.port, request).send_message(7, TEXT)
    return caught.value
