"""Ask Telegram for updates, and confirm a batch only after all of it is done."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlencode

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.request import BaseRequest

from bot.errors import MaybeSent, NotSent
from bot.health import Health
from bot.intake import Intake, RawUpdate
from bot.metrics import Metrics

log = structlog.get_logger(__name__)

# What the bot understands; a short list also keeps out what it could not read.
ALLOWED_UPDATES: Final = ("message", "edited_message", "callback_query", "my_chat_member")

LONG_POLL_SECONDS = 30

# Two programs with one token take updates from each other. Three refusals in a row are no accident of a restart.
CONFLICTS = 3

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0

# HTTP clients were seen that never recover. Without one answer for so long there is a new one; after some of them it
# is the process that is not to be trusted.
STUCK_SECONDS = 90.0
REBUILDS = 3

# A call has its own limits; this one is for a client that forgets them.
OVERDUE_SECONDS = 25.0

# On the way out there is little time, and the next start only gets again what is known to be done.
CONFIRM_SECONDS = 3.0

EXIT_DEAF = 75
EXIT_TOKEN = 78
TOKEN_REFUSED = "Telegram does not accept TELEGRAM_BOT_TOKEN: check it with BotFather"  # noqa: S105  # a sentence


class Deaf(Exception):  # noqa: N818  # a state, as in the reliability cases
    """The program can no longer hear Telegram and must be started again, or put right."""

    def __init__(self, why: str, exit_code: int) -> None:
        """Say why in one sentence; the exit code tells a supervisor whether starting again helps."""
        super().__init__(why)
        self.exit_code = exit_code


class Poller:
    """Run the long-poll loop on a client of its own until told to stop.

    `new_client` makes a client and is called again when one seems stuck; `base_url` ends with the token.
    """

    def __init__(
        self,
        new_client: Callable[[], BaseRequest],
        base_url: str,
        intake: Intake,
        health: Health,
        metrics: Metrics,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open nothing yet."""
        self._new_client = new_client
        self._base_url = base_url
        self.intake = intake
        self._health = health
        self._metrics = metrics
        self._monotonic = monotonic
        self._offset: int | None = None
        self._answered_at = monotonic()
        self._rebuilds = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set. Raises Deaf when Telegram is silent, refuses the token, or hears another."""
        self._note_answer()
        client = self._new_client()
        await client.initialize()
        pause, conflicts = FIRST_PAUSE, 0
        try:
            while not stop.is_set():
                try:
                    raws = await self._fetch(client, LONG_POLL_SECONDS, stop)
                    conflicts = 0
                    if not stop.is_set():
                        self._heard("answered")
                    pause = await self._take(raws, pause, stop)
                except InvalidToken as error:
                    raise Deaf(TOKEN_REFUSED, EXIT_TOKEN) from error
                except Conflict as error:
                    self._heard("refused")
                    conflicts += 1
                    log.warning("another program takes this bot's updates", times=conflicts)
                    if conflicts >= CONFLICTS:
                        raise Deaf("another program polls with this token: stop it, or this one", EXIT_DEAF) from error
                    await _pause(pause, stop)
                except RetryAfter as error:
                    self._heard("refused")
                    log.warning("Telegram asks for a pause", seconds=_seconds(error))
                    await _pause(_seconds(error), stop)
                except TelegramError as error:
                    log.warning("Telegram cannot be reached", error=type(error).__name__)
                    client = await self._after_failure(error, client)
                    await _pause(pause * random.uniform(0.5, 1.0), stop)  # noqa: S311  # spreads load, guards nothing
                    pause = min(2 * pause, LONGEST_PAUSE)
            await self._confirm(client)
        finally:
            await client.shutdown()

    async def _after_failure(self, error: TelegramError, client: BaseRequest) -> BaseRequest:
        """Return the client to go on with: a new one when this one seems stuck. Raises Deaf after some of them."""
        if not isinstance(error, NotSent | MaybeSent):
            self._metrics.polled("refused")
            self._note_answer()
            return client
        self._metrics.polled("lost")
        if self._monotonic() - self._answered_at < STUCK_SECONDS:
            return client
        if self._rebuilds == REBUILDS:
            raise Deaf("Telegram cannot be heard: is the network in order?", EXIT_DEAF) from error
        log.error("Telegram was silent for too long; the HTTP client is made anew")
        self._metrics.client_rebuilt()
        self._answered_at, self._rebuilds = self._monotonic(), self._rebuilds + 1
        await client.shutdown()
        fresh = self._new_client()
        await fresh.initialize()
        return fresh

    def _heard(self, result: str) -> None:
        self._metrics.polled(result)
        self._health.heard()
        self._note_answer()

    def _note_answer(self) -> None:
        self._answered_at, self._rebuilds = self._monotonic(), 0

    async def once(self) -> bool:
        """Fetch what waits, handle it and confirm it; for programs that are not there to stay. Return as `handle`."""
        client = self._new_client()
        await client.initialize()
        try:
            raws = await self._fetch(client, 0)
            done = not raws or await self.intake.handle(raws)
            if raws and done:
                self._offset = int(raws[-1]["update_id"]) + 1
                await self._confirm(client)
            return done
        finally:
            await client.shutdown()

    async def _take(self, raws: Sequence[RawUpdate], pause: float, stop: asyncio.Event) -> float:
        """Handle a batch; on a failure wait before it is fetched again. Return the next pause in seconds."""
        if not raws or await self.intake.handle(raws):
            if raws:
                # The last one of the batch, not the highest ever: after a quiet week Telegram counts anew.
                self._offset = int(raws[-1]["update_id"]) + 1
            return FIRST_PAUSE
        await _pause(pause, stop)
        return min(2 * pause, LONGEST_PAUSE)

    async def _fetch(self, client: BaseRequest, seconds: int, stop: asyncio.Event | None = None) -> Sequence[RawUpdate]:
        query: dict[str, object] = {"timeout": seconds, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        if self._offset is not None:
            query["offset"] = self._offset
        call = asyncio.ensure_future(
            client.post(f"{self._base_url}/getUpdates?{urlencode(query)}", read_timeout=seconds + 10)
        )
        waiter = asyncio.ensure_future(stop.wait()) if stop else None
        try:
            await asyncio.wait(
                {call, waiter} if waiter else {call},
                timeout=seconds + OVERDUE_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not call.done():
                if stop is not None and stop.is_set():
                    return []
                raise MaybeSent("the call did not come back")
            result = call.result()
            return result if isinstance(result, list) else []
        finally:
            for task in (call, waiter):
                if task is not None:
                    task.cancel()

    async def _confirm(self, client: BaseRequest) -> None:
        """Tell Telegram of the last batch, so that the next start does not get it again. Failing is harmless."""
        if self._offset is None:
            return
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await self._fetch(client, 0)
        except (TelegramError, TimeoutError) as error:
            log.info("the last batch could not be confirmed", error=type(error).__name__)


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return float(after) if isinstance(after, int | float) else after.total_seconds()


async def _pause(seconds: float, stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        pass
