"""Waking whoever waits for a change, in whichever event loop they wait."""

import asyncio
import threading


class Bell:
    """Rung after every change; a waiter that came before the ring is woken exactly once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[asyncio.Future[None]] = []

    def listen(self) -> "asyncio.Future[None]":
        """Return a future of the running loop that the next ring completes; take it before looking at the state."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.append(future)
        return future

    def forget(self, future: "asyncio.Future[None]") -> None:
        """Stop waiting."""
        with self._lock:
            if future in self._waiting:
                self._waiting.remove(future)

    def ring(self) -> None:
        """Wake everyone; any thread may ring."""
        if not self._waiting:
            return
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for future in waiting:
            loop = future.get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_wake, future)


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)
