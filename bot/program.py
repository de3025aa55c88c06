"""Run the bot: open the database, listen, deliver, and stop in good order."""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import signal
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from types import FrameType

import structlog
from telegram.error import InvalidToken, TelegramError

from bot.app import apologise, build, first_aid, new_id, publish
from bot.clock import Clock
from bot.context import House, HouseApplication
from bot.intake import Intake
from bot.pacing import Pacing
from bot.polling import FIRST_PAUSE, LONGEST_PAUSE, Deaf, Poller
from bot.sending import Sender
from bot.transport import AiohttpRequest
from content.model import Library
from scheduler.db import migrate
from scheduler.db.engine import Database
from scheduler.deliver import LEASE, Deliverer
from scheduler.jobs import Clockwork

log = structlog.get_logger(__name__)

# From the first signal to the exit, whatever is stuck.
STOP_SECONDS = 20.0

# What is being sent gets this long to end.
DRAIN_SECONDS = 10.0

EXIT_STUCK = 70
EXIT_TOKEN = 78


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
        api_url: str,
        per_second: float,
        lease: timedelta = LEASE,
    ) -> None:
        """Build the parts; nothing is opened yet."""
        self._database_url = database_url
        self._stop = asyncio.Event()
        self._fatal: Deaf | None = None
        self.database = Database(database_url)
        self.house = House(library, self.database, clock, new_id, self._wake)
        self.application: HouseApplication = build(token, self.house, AiohttpRequest(), Pacing(per_second), api_url)
        owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        sender = Sender(self.application.bot, library, clock)
        self.deliverer = Deliverer(self.database, sender.send, clock, owner, self._on_fatal, lease)
        self.clockwork = Clockwork(self.database, self.deliverer, clock)
        intake = Intake(self.application, partial(first_aid, self.application), partial(apologise, self.application))
        self.poller = Poller(AiohttpRequest, self.application.bot.base_url, intake)

    def _wake(self) -> None:
        self.clockwork.wake()

    def _on_fatal(self, _error: BaseException) -> None:
        self._fatal = Deaf("Telegram does not accept TELEGRAM_BOT_TOKEN: check it with BotFather", EXIT_TOKEN)
        self._stop.set()

    def stop(self) -> None:
        """Begin to stop; safe to call again."""
        self._stop.set()

    async def run(self) -> None:
        """Run until stopped. Raises Deaf when Telegram cannot be heard any more, NotMigrated before anything."""
        await self._open_database()
        try:
            if not await self._greet():
                return
            self.clockwork.start()
            log.info("the bot listens")
            try:
                await self.poller.run(self._stop)
            finally:
                self._stop.set()
                await self.clockwork.stop(DRAIN_SECONDS)
        finally:
            await self.close()
        if self._fatal is not None:
            raise self._fatal

    async def close(self) -> None:
        """Close every connection."""
        await self.application.shutdown()
        await self.database.close()

    async def _open_database(self) -> None:
        """Make or bring up to date the tables of an embedded database; a shared one is upgraded by hand, once."""
        if self.database.is_sqlite:
            await asyncio.to_thread(migrate.upgrade, self._database_url)
        elif await asyncio.to_thread(migrate.current, self._database_url) != migrate.newest():
            raise NotMigrated

    async def _greet(self) -> bool:
        """Learn the bot's own name and publish its menu, however long Telegram takes. False: stopped meanwhile."""
        pause = FIRST_PAUSE
        while not self._stop.is_set():
            try:
                await self.application.initialize()
                await publish(self.application, self.house.library)
            except InvalidToken as error:
                raise Deaf(
                    "Telegram does not accept TELEGRAM_BOT_TOKEN: check it with BotFather", EXIT_TOKEN
                ) from error
            except TelegramError as error:
                log.warning("Telegram cannot be reached", error=type(error).__name__)
                try:
                    async with asyncio.timeout(pause * random.uniform(0.5, 1.0)):  # noqa: S311
                        await self._stop.wait()
                except TimeoutError:
                    pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return True
        return False


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
