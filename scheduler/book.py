"""Write beginnings and endings of sendings: at once, and together with all others that wait at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from scheduler.db import claims
from scheduler.db.engine import Database
from scheduler.due import DueCheckIn, Report

log = structlog.get_logger(__name__)


class Book:
    """Commit in groups that form by themselves: whatever came while the last commit was under way."""

    def __init__(self, database: Database, owner: str, clock: Callable[[], datetime], lease: timedelta) -> None:
        """Write nothing yet. `owner` names this deliverer among all."""
        self._database = database
        self._owner = owner
        self._clock = clock
        self._lease = lease
        self._begins: list[tuple[DueCheckIn, asyncio.Future[bool]]] = []
        self._endings: list[tuple[DueCheckIn, Report, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def begin(self, due: DueCheckIn) -> bool:
        """Return whether this check-in may be sent now, after that was written down."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._begins.append((due, future))
        self._start_writing()
        return await future

    async def finish(self, due: DueCheckIn, report: Report) -> None:
        """Write down how a sending ended. If that fails the lease runs out, and it counts as unknown."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._endings.append((due, report, future))
        self._start_writing()
        await future

    def _start_writing(self) -> None:
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._begins or self._endings:
            begins, self._begins = self._begins, []
            endings, self._endings = self._endings, []
            allowed: set[int] = set()
            # A process that slept may have taken over from itself: then only the newer claim can hold.
            newest = {due.id: due for due, _ in sorted(begins, key=lambda begin: begin[0].attempt)}
            try:
                async with self._database.write() as session:
                    now = self._clock()
                    if endings:
                        await claims.finish(session, [(due, report) for due, report, _ in endings], self._owner, now)
                    if begins:
                        allowed = await claims.begin(session, newest.values(), self._owner, now, self._lease)
            except SQLAlchemyError:
                log.exception("sendings cannot be written down", begun=len(begins), ended=len(endings))
                allowed = set()
            for due, future in begins:
                if not future.done():
                    future.set_result(due.id in allowed and due.attempt == newest[due.id].attempt)
            for _, _, future in endings:
                if not future.done():
                    future.set_result(True)
