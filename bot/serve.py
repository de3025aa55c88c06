"""Serve an ASGI application inside the running event loop, and leave the process's signals alone."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

# A request's first lines fit into one packet. Who sends them slower only wants to hold the connection.
HEAD_SECONDS: Final = 10.0

# Far more than Telegram opens (100 at most) with the health checks of any balancer.
MOST_CONNECTIONS: Final = 512


class Server:
    """Listen on one address."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        """Open nothing yet; port 0 takes a free one."""
        self._app = app
        self._host = host
        self._port = port
        self._server: uvicorn.Server | None = None

    @property
    def port(self) -> int:
        """Return the port that is listened on."""
        return self._port

    @property
    def is_open(self) -> bool:
        """Return whether connections are taken."""
        return self._server is not None

    async def start(self) -> None:
        """Listen. Raises OSError when the address cannot be had."""
        family, kind, _, _, address = (
            await asyncio.get_running_loop().getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        )[0]
        # The protocol is named because asyncio turns off Nagle's delay (40 ms an answer) only where it is.
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError:
            listener.close()
            raise
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(
            self._app,
            http=_Impatient,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=MOST_CONNECTIONS,
        )
        config.load()
        server = uvicorn.Server(config)
        # Not serve(): it takes over the signals of the process.
        server.lifespan = config.lifespan_class(config)
        await server.startup([listener])
        self._server = server

    async def stop(self, seconds: float) -> None:
        """Take no new connection, let requests under way end for so long, and cut off the rest."""
        server, self._server = self._server, None
        if server is None:
            return
        for one in server.servers:
            one.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()
        tasks = server.server_state.tasks
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        waiting = list(tasks)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        for one in server.servers:
            await one.wait_closed()


class _Impatient(H11Protocol):
    """Close a connection on which no whole request head comes in time: uvicorn itself would wait for ever."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_waiting()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        before: Any = self.cycle
        super().handle_events()
        if self.cycle is not before:
            self._end_waiting()

    def on_response_complete(self) -> None:
        # Before the next request is looked at, which may be here already.
        self._wait_for_head()
        super().on_response_complete()

    def _wait_for_head(self) -> None:
        self._end_waiting()
        self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _end_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
