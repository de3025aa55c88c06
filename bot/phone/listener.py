"""uvicorn inside a running event loop: started and stopped at once, and able to cut a connection."""

import asyncio
import socket

import uvicorn
from starlette.types import ASGIApp


class Listener:
    """An HTTP server on 127.0.0.1 that leaves the signals of the process alone."""

    def __init__(self) -> None:
        self.port = 0
        self._server: uvicorn.Server | None = None

    async def start(self, app: ASGIApp, port: int) -> None:
        """Listen; port 0 takes a free one."""
        # The protocol is named because asyncio turns off Nagle's delay (40 ms an answer) only where it is.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        # A bot that was killed leaves its connections in TIME_WAIT.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        self.port = listener.getsockname()[1]
        config = uvicorn.Config(
            app,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            # As Telegram does, about: a shorter time would cut connections that a bot still means to use.
            timeout_keep_alive=60,
        )
        config.load()
        server = uvicorn.Server(config)
        # Not serve(): it takes over the signals of the process, and ends only at the next tenth of a second.
        server.lifespan = config.lifespan_class(config)
        await server.startup([listener])
        self._server = server

    async def stop(self) -> None:
        """Close every connection, whatever it waits for."""
        server, self._server = self._server, None
        if server is None:
            return
        for one in server.servers:
            one.close()
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        while server.server_state.tasks:
            await asyncio.wait(server.server_state.tasks)
        for one in server.servers:
            await one.wait_closed()

    def cut(self, client: tuple[str, int]) -> None:
        """Close the connection of this peer without an answer."""
        for connection in list(self._server.server_state.connections) if self._server else ():
            if getattr(connection, "client", None) == client:
                connection.transport.abort()
