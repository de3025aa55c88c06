"""Take updates in and say "done" only of what is done: Telegram is the inbox, and a killed program loses nothing."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from telegram import Update
from telegram.error import Forbidden, InvalidToken, TelegramError

from bot.clock import Clock
from bot.context import HouseApplication
from bot.metrics import Metrics
from bot.raw import RawUpdate, chat_of
from scheduler.db import leases, updates
from scheduler.db.engine import Database

log = structlog.get_logger(__name__)

# A handler that takes longer is stuck; the update is tried again and then set aside.
HANDLER_SECONDS = 15.0

# An update that failed this often is set aside, so that it holds up nobody (nor, on the webhook, its own chat).
ATTEMPTS = 3

# A chat that is being handled is its replica's for so long: the handler's time, and the database's around it.
CHAT_LEASE = timedelta(seconds=30)

# Another update of the chat waits its turn, but not until Telegram hangs up. In seconds, from look to look.
TURN_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 2.0, 2.0, 2.0)

# While the database is down Telegram brings the same updates again and again: help is given once.
HELPED = 1000

# No attempt is needed any more.
ALREADY_DONE = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """Name the lease on a chat and who holds it: this one update."""

    name: str
    owner: str


class Intake:
    """Handle raw updates: each once, each chat in order, chats side by side, one bad update alone set aside."""

    def __init__(
        self,
        application: HouseApplication,
        first_aid: Callable[[Update], Awaitable[None]],
        apologise: Callable[[Update], Awaitable[None]],
        held: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Take the application, what to do for an emergency without a database, and what to say after giving up.

        `held` tells for how many seconds more Telegram lets nothing be sent.
        """
        self._application = application
        self._first_aid = first_aid
        self._apologise = apologise
        self._held = held
        self._helped: deque[int] = deque(maxlen=HELPED)

    @property
    def _database(self) -> Database:
        return self._application.house.database

    @property
    def _clock(self) -> Clock:
        return self._application.house.clock

    @property
    def _metrics(self) -> Metrics:
        return self._application.house.metrics

    async def handle_alone(self, raw: RawUpdate) -> bool:
        """Handle one update as soon as no other of its chat is being handled, on any replica. Return as `handle`."""
        turn = Turn(f"chat:{self._application.bot.id}:{chat_of(raw)}", secrets.token_hex(8))
        try:
            attempt = await self._begin_turn(raw, turn)
        except SQLAlchemyError:
            log.exception("an update cannot be recorded; it stays with Telegram")
            await self._help_without_database(raw)
            return False
        if attempt is None:
            log.warning("an update waits for another of its chat; it stays with Telegram")
            return False
        is_over = False
        try:
            if attempt == ALREADY_DONE:
                return True
            is_over = await self._handle_one(raw, attempt, turn)
            return is_over
        finally:
            if not is_over:
                await self._end_turn(turn)

    async def _begin_turn(self, raw: RawUpdate, turn: Turn) -> int | None:
        """Return which attempt this is, or ALREADY_DONE; None when the chat did not become free."""
        number = raw["update_id"]
        for pause in (*TURN_PAUSES, None):
            async with self._database.write() as session:
                if await leases.take(session, turn.name, turn.owner, CHAT_LEASE):
                    attempts = await updates.begin(session, self._application.bot.id, [number], self._clock())
                    return attempts.get(number, ALREADY_DONE)
            if pause is not None:
                await asyncio.sleep(pause)
        return None

    async def _end_turn(self, turn: Turn) -> None:
        try:
            async with self._database.write() as session:
                await leases.give_back(session, turn.name, turn.owner)
        except SQLAlchemyError:
            log.exception("a chat cannot be given back; its lease will run out")

    async def begin(self, raws: Sequence[RawUpdate], waiting: Sequence[RawUpdate]) -> Mapping[int, int] | None:
        """Count one attempt for each of these and return by number which it is, or ALREADY_DONE.

        None: the database is away, and `waiting` stays with Telegram; the emergencies among it are helped at once.
        """
        numbers = [raw["update_id"] for raw in raws]
        try:
            async with self._database.write() as session:
                attempts = await updates.begin(session, self._application.bot.id, numbers, self._clock())
        except SQLAlchemyError:
            log.exception("updates cannot be recorded; they stay with Telegram")
            await asyncio.gather(*(self._help_without_database(raw) for raw in waiting))
            return None
        return {number: attempts.get(number, ALREADY_DONE) for number in numbers}

    async def handle(self, raw: RawUpdate, attempt: int) -> bool:
        """Handle one update and return whether it is done, so that Telegram may forget it.

        False means: try it again later. Raises InvalidToken.
        """
        return attempt == ALREADY_DONE or await self._handle_one(raw, attempt)

    async def _handle_one(self, raw: RawUpdate, attempt: int, turn: Turn | None = None) -> bool:
        update, begun, result = self._parse(raw), time.monotonic(), "set_aside"
        if update is not None and attempt <= ATTEMPTS:
            result = "done"
            try:
                async with asyncio.timeout(HANDLER_SECONDS):
                    await self._application.process_update(update)
            except InvalidToken:
                raise
            except Forbidden:
                log.info("answer not wanted: the person blocked the bot")
            except Exception:  # one update's failure, whatever it is, must not stop the others
                log.exception("an update failed", attempt=attempt)
                if self._held():
                    # Nothing could be said in a pause that Telegram asked for: that is nobody's failure.
                    self._metrics.update_ended(raw, "failed")
                    await self._take_back(raw["update_id"])
                    return False
                if attempt < ATTEMPTS:
                    self._metrics.update_ended(raw, "failed")
                    return False
                result = "apologised"
                await self._say_sorry(update)
        self._metrics.update_ended(raw, result, time.monotonic() - begun)
        return await self._finish(raw["update_id"], turn)

    async def _take_back(self, update_id: int) -> None:
        try:
            async with self._database.write() as session:
                await updates.take_back(session, self._application.bot.id, update_id)
        except SQLAlchemyError:
            log.exception("an attempt cannot be taken back")

    async def _finish(self, update_id: int, turn: Turn | None) -> bool:
        try:
            async with self._database.write() as session:
                await updates.finish(session, self._application.bot.id, update_id)
                if turn is not None:
                    await leases.give_back(session, turn.name, turn.owner)
        except SQLAlchemyError:
            log.exception("an update was handled but cannot be marked; it stays with Telegram")
            return False
        return True

    def _parse(self, raw: RawUpdate) -> Update | None:
        try:
            return Update.de_json(dict(raw), self._application.bot)
        except Exception:  # a type that the library does not know yet, in any shape
            log.exception("an update cannot be read and is set aside")
            return None

    async def _say_sorry(self, update: Update) -> None:
        try:
            await self._apologise(update)
        except TelegramError:
            log.exception("the apology did not arrive")

    async def _help_without_database(self, raw: RawUpdate) -> None:
        update = self._parse(raw)
        if update is None or update.update_id in self._helped:
            return
        try:
            await self._first_aid(update)
            self._helped.append(update.update_id)
        except TelegramError:
            log.exception("the emergency text did not arrive")
