"""Run the bot: open the database, listen, deliver, and stop in good order."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import secrets
import signal
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from importlib import import_module
from types import FrameType

import structlog
from telegram.error import InvalidToken, TelegramError

from bot.app import apologise, build, first_aid, new_id, publish
from bot.budget import budget_of
from bot.clock import Clock
from bot.context import House, HouseApplication
from bot.dead_man import PING_SECONDS, DeadMan
from bot.health import Health
from bot.intake import Intake
from bot.metrics import Metrics
from bot.pacing import Pacing
from bot.polling import EXIT_TOKEN, FIRST_PAUSE, LONGEST_PAUSE, TOKEN_REFUSED, Deaf, Poller
from bot.sending import Sender
from bot.standby import Standby
from bot.transport import AiohttpRequest
from bot.webhook import CHECK_SECONDS, remove
from bot.webside import Place, WebSide
from content.model import Library
from scheduler.db import keys, revision
from scheduler.db.crypto import Vault
from scheduler.db.engine import Database
from scheduler.db.retention import Terms
from scheduler.deliver import LEASE, Deliverer
from scheduler.jobs import Clockwork

log = structlog.get_logger(__name__)

# From the first signal to the exit, whatever is stuck.
STOP_SECONDS = 20.0

# What is being sent gets this long to end.
DRAIN_SECONDS = 10.0

EXIT_STUCK = 70
EXIT_KEYS = 78


class NotMigrated(Exception):  # noqa: N818  # a state of the database
    """The database does not have this release's tables. Run: calcibot db upgrade"""

    def __str__(self) -> str:
        return self.__doc__ or ""


class Program:
    """Hold the parts of one running bot."""

    def __init__(
        self,
        token: str,
        database_url: str,
        library: Library,
        clock: Clock,
        *,
        vault: Vault,
        api_url: str,
        per_second: float,
        lease: timedelta = LEASE,
        place: Place | None = None,
        dead_man_url: str | None = None,
        terms: Terms = Terms(),  # noqa: B008  # a frozen value
        database: Database | None = None,
    ) -> None:
        """Build the parts; nothing is opened yet. Without a `place` nothing listens on the web.

        A `database` that is open already, at the same address, stays open when the program closes.
        """
        self._database_url = database_url
        self._stop = asyncio.Event()
        self._fatal: Deaf | None = None
        self._closes_database = database is None
        self.database = database or Database(database_url, vault)
        self._vault = vault
        metrics = Metrics()
        new_client = partial(AiohttpRequest, on_flood=metrics.flooded)
        self._client = new_client()
        self.house = House(library, self.database, clock, new_id, self._wake, metrics, terms)
        pacing = Pacing(per_second, budget=budget_of(self.database, token, per_second))
        self.application: HouseApplication = build(token, self.house, self._client, pacing, api_url)
        self.health = Health(self.database, clock, metrics)
        owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        sender = Sender(self.application.bot, library, clock)
        self.deliverer = Deliverer(self.database, sender.send, clock, owner, self._on_fatal, lease, metrics)
        self.clockwork = Clockwork(self.database, self.deliverer, clock, terms)
        aid, sorry = partial(first_aid, self.application), partial(apologise, self.application)
        intake = Intake(self.application, aid, sorry, pacing.held)
        self.poller = Poller(new_client, self.application.bot.base_url, intake, self.health, metrics)
        self._standby = Standby(self.database, owner, self.health, metrics)
        self.web = WebSide(place, self.application, intake, self.health, metrics, self._on_fatal) if place else None
        self._registration = self.web.registration if self.web else None
        if self._registration is not None:
            self.clockwork.every(CHECK_SECONDS, self._registration.check)
        if dead_man_url is not None:
            self.clockwork.every(PING_SECONDS, DeadMan(dead_man_url, self.health).ping)

    def _wake(self) -> None:
        self.clockwork.wake()

    def _on_fatal(self, _error: BaseException) -> None:
        self._fatal = Deaf(TOKEN_REFUSED, EXIT_TOKEN)
        self._stop.set()

    def stop(self) -> None:
        """Begin to stop; safe to call again."""
        self._stop.set()

    async def run(self) -> None:
        """Run until stopped. Raises Deaf when Telegram cannot be heard any more.

        Before anything it raises NotMigrated or NewerDatabaseError, or MissingKeysError when stored answers need
        another key.
        """
        try:
            await self._open_database()
            if self.web is not None:
                await self.web.start()
            if await self._greet():
                await self._work()
        finally:
            if self.web is not None:
                # Not gently: whoever works has ended by now, one way or another.
                await self.web.server.stop(0)
            await self.close()
        if self._fatal is not None:
            raise self._fatal

    async def _work(self) -> None:
        """Listen and deliver until stopped; then end both at the same time."""
        delivering = asyncio.create_task(self._deliver())
        log.info("the bot listens")
        # The content stays as long as the program: to look through it for garbage costs a fifth of all sending.
        gc.freeze()
        try:
            await self._listen()
        finally:
            self._stop.set()
            self.health.stage = "stopping"
            await delivering
            gc.unfreeze()

    async def _deliver(self) -> None:
        self.clockwork.start()
        await self._stop.wait()
        await self.clockwork.stop(DRAIN_SECONDS)

    async def _listen(self) -> None:
        if self.web is None or self._registration is None:
            await self._standby.run(self.application.bot.id, self.poller.run, self._stop)
            return
        self.health.stage = "listening"
        await self._stop.wait()
        self.health.stage = "stopping"
        await self.web.stop()

    async def close(self) -> None:
        """Close every connection."""
        await self.application.shutdown()
        # The application leaves it open when it could not begin, as with a refused token.
        await self._client.shutdown()
        if self._closes_database:
            await self.database.close()

    async def _open_database(self) -> None:
        """Make the tables of a new database, and bring an embedded one up to date; a shared one is upgraded by hand."""
        found = await asyncio.to_thread(revision.current, self._database_url)
        revision.refuse_newer(found)
        if found != revision.newest():
            # An empty database is nobody's yet. One with older tables may still be in use by other replicas.
            if found is not None and not self.database.is_sqlite:
                raise NotMigrated
            # Loaded only when there is something to change: it would make every start slower by half a second.
            await asyncio.to_thread(import_module("scheduler.db.migrate").upgrade, self._database_url)
        async with self.database.write() as session:
            await keys.check(session, self._vault, self.house.clock())

    async def _greet(self) -> bool:
        """Learn the bot's own name and publish its menu, however long Telegram takes. False: stopped meanwhile."""
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            try:
                await self.application.initialize()
                if self._registration is not None:
                    await self._registration.register()
            except InvalidToken as error:
                raise Deaf(TOKEN_REFUSED, EXIT_TOKEN) from error
            except TelegramError as error:
                log.warning("Telegram cannot be reached", error=type(error).__name__)
                try:
                    async with asyncio.timeout(pause * random.uniform(0.5, 1.0)):  # noqa: S311
                        await self._stop.wait()
                except TimeoutError:
                    pause = min(2 * pause, LONGEST_PAUSE)
            else:
                await self._introduce()
                return True
        return False

    async def _introduce(self) -> None:
        """Publish the menu, and take back an old webhook. A server that cannot do this can still carry messages."""
        try:
            await publish(self.application, self.house.library)
            if self._registration is None:
                await remove(self.application.bot)
        except TelegramError as error:
            log.warning("the menu could not be published", error=type(error).__name__)


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Call `stop` at the first SIGTERM or SIGINT; leave at once at the second, or when stopping takes too long."""
    loop = asyncio.get_running_loop()
    seen = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        if seen.is_set():
            os._exit(1)
        seen.set()
        deadline = threading.Timer(STOP_SECONDS, os._exit, (EXIT_STUCK,))
        deadline.daemon = True
        deadline.start()
        loop.call_soon_threadsafe(stop)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
