"""Stand between the bot and PostgreSQL, and cut the line at a chosen commit."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from types import TracebackType
from typing import Self

from sqlalchemy import make_url

CHUNK = 65_536


class Proxy:
    """Pass everything on, but cut the line at these commits: half of them before the server hears of it."""

    def __init__(self, url: str, cut_at: Collection[int]) -> None:
        """Take the address of the server and the numbers of the commits, from 1."""
        self._url = make_url(url)
        self._cut_at = frozenset(cut_at)
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()
        self.commits = 0
        self.cuts = 0

    @property
    def url(self) -> str:
        """Return the address of the same database by way of this proxy."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        return self._url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)

    async def __aenter__(self) -> Self:
        """Listen."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        """Cut every line."""
        assert self._server is not None
        self._server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        from_server, to_server = await asyncio.open_connection(self._url.host, self._url.port or 5432)
        there = asyncio.ensure_future(self._ask(reader, to_server))
        back = asyncio.ensure_future(_copy(from_server, writer))
        try:
            await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (there, back):
                one.cancel()
            for end in (writer, to_server):
                end.transport.abort()
            self._lines.discard(task)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            is_cut = False
            if b"COMMIT" in data:
                self.commits += 1
                is_cut = self.commits in self._cut_at
            if is_cut:
                self.cuts += 1
            if not is_cut or self.cuts % 2 == 0:
                writer.write(data)
                await writer.drain()
            if is_cut:
                return


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
