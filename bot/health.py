"""Say whether the program is alive, and whether it is ready for work; with nothing in it about anybody."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from typing import Any, Final, Literal

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.clock import Clock
from bot.metrics import Metrics
from scheduler.db import figures, leases
from scheduler.db.engine import Database
from scheduler.zones import check_tzdata

log = structlog.get_logger(__name__)

# Polls end after half a minute, the webhook is checked every minute: silence for longer is deafness.
SILENCE_SECONDS: Final = 150.0

# Whoever asks for health will not wait long for the answer.
DATABASE_SECONDS: Final = 3.0

# SQLite before this one can damage a WAL file when two connections write; here only one does.
SAFE_SQLITE: Final = (3, 51, 3)

Stage = Literal["starting", "listening", "standing by", "stopping"]


@dataclass(frozen=True, slots=True)
class Readiness:
    """Say whether requests should be sent here, and what was found, as JSON values."""

    ready: bool
    found: dict[str, Any]


class Health:
    """Keep what the program knows of itself."""

    def __init__(
        self, database: Database, clock: Clock, metrics: Metrics, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin as "starting"."""
        self._database = database
        self._clock = clock
        self._metrics = metrics
        self._monotonic = monotonic
        self._heard_at: float | None = None
        self._stage: Stage = "starting"
        self._since = monotonic()
        zones = check_tzdata()
        self.versions = {
            "calcibot": version("calcibot"),
            "tzdata": zones.version or "the system's",
            "sqlite": sqlite3.sqlite_version,
        }
        metrics.versions(self.versions["calcibot"], self.versions["tzdata"], self.versions["sqlite"])
        if not zones.pinned:
            log.error("the system's time zones are used, not the pinned ones: set PYTHONTZPATH to nothing")

    @property
    def stage(self) -> Stage:
        """Return what the program is at; setting it begins to wait for Telegram anew."""
        return self._stage

    @stage.setter
    def stage(self, stage: Stage) -> None:
        self._stage, self._since = stage, self._monotonic()

    def heard(self) -> None:
        """Note that Telegram answered a poll or called the webhook just now."""
        self._heard_at = self._monotonic()
        self._metrics.heard(self._clock())

    @property
    def silent_for(self) -> float | None:
        """Return for how many seconds Telegram was not heard; None if it never was."""
        return None if self._heard_at is None else self._monotonic() - self._heard_at

    def is_alive(self) -> dict[str, Any]:
        """Return what runs. That it can be asked is the answer."""
        return {
            "status": "alive",
            "stage": self.stage,
            "versions": self.versions,
            "sqlite_is_safe_for_many_writers": sqlite3.sqlite_version_info >= SAFE_SQLITE,
        }

    async def readiness(self) -> Readiness:
        """Ask the database what is due, and look at when Telegram was heard."""
        now, silent = self._clock(), self.silent_for
        # Who has only just begun to listen may not have heard anything yet: a poll lasts as long as nobody writes.
        waited = self._monotonic() - max(self._since, self._heard_at or 0.0)
        hears = self.stage == "standing by" or waited < SILENCE_SECONDS
        oldest: float | None = None
        ahead: timedelta | None = None
        try:
            async with asyncio.timeout(DATABASE_SECONDS), self._database.read() as session:
                at = await figures.oldest_due(session, now)
                ahead = await leases.clock_ahead(session)
            oldest = (now - at).total_seconds() if at else 0.0
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("the database does not answer", error=type(error).__name__)
        ready = hears and oldest is not None and self.stage in {"listening", "standing by"}
        return Readiness(
            ready,
            {
                "ready": ready,
                "stage": self.stage,
                "database": "unreachable" if oldest is None else "ok",
                "last_heard_seconds": None if silent is None else round(silent, 1),
                "oldest_due_seconds": None if oldest is None else round(oldest, 1),
                "database_clock_ahead_seconds": None if ahead is None else round(ahead.total_seconds(), 1),
                "versions": self.versions,
            },
        )

    async def measure(self) -> None:
        """Bring the numbers up to date that only the database knows."""
        now = self._clock()
        try:
            async with asyncio.timeout(DATABASE_SECONDS), self._database.read() as session:
                found = await figures.figures(session, now)
                ahead = await leases.clock_ahead(session)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            log.warning("the database does not answer", error=type(error).__name__)
            return
        if ahead is not None:
            self._metrics.clocks_compared(ahead)
        self._metrics.scheduler_seen(found.due, found.oldest_due_seconds(now), found.states)
