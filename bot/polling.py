"""Ask Telegram for updates, and confirm a batch only after all of it is done."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import urlencode

import structlog
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.request import BaseRequest

from bot.intake import Intake, RawUpdate

log = structlog.get_logger(__name__)

# What the bot understands; a short list also keeps out what it could not read.
ALLOWED_UPDATES: Final = ("message", "edited_message", "callback_query", "my_chat_member")

LONG_POLL_SECONDS = 30

# Two programs with one token take updates from each other. Three refusals in a row are no accident of a restart.
CONFLICTS = 3

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0

# After this many calls in a row that never came back the HTTP client is not to be trusted any more.
STUCK_CALLS = 3


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

    def __init__(self, new_client: Callable[[], BaseRequest], base_url: str, intake: Intake) -> None:
        """Open nothing yet."""
        self._new_client = new_client
        self._base_url = base_url
        self._intake = intake
        self._offset: int | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set. Raises Deaf when Telegram refuses the token or another program polls."""
        client = self._new_client()
        await client.initialize()
        pause, conflicts, lost = FIRST_PAUSE, 0, 0
        try:
            while not stop.is_set():
                try:
                    raws = await self._fetch(client, LONG_POLL_SECONDS, stop)
                except InvalidToken as error:
                    raise Deaf("Telegram does not accept TELEGRAM_BOT_TOKEN: check it with BotFather", 78) from error
                except Conflict as error:
                    conflicts += 1
                    log.warning("another program takes this bot's updates", times=conflicts)
                    if conflicts >= CONFLICTS:
                        raise Deaf("another program polls with this token: stop it, or this one", 75) from error
                    await _pause(pause, stop)
                except RetryAfter as error:
                    log.warning("Telegram asks for a pause", seconds=_seconds(error))
                    await _pause(_seconds(error), stop)
                except TelegramError as error:
                    lost += 1
                    log.warning("Telegram cannot be reached", error=type(error).__name__, times=lost)
                    if lost % STUCK_CALLS == 0:
                        await client.shutdown()
                        client = self._new_client()
                        await client.initialize()
                    await _pause(pause * random.uniform(0.5, 1.0), stop)  # noqa: S311  # spreads load, guards nothing
                    pause = min(2 * pause, LONGEST_PAUSE)
                else:
                    conflicts, lost = 0, 0
                    pause = await self._take(raws, pause, stop)
            await self._confirm(client)
        finally:
            await client.shutdown()

    async def once(self) -> bool:
        """Fetch what waits, handle it and confirm it; for programs that are not there to stay. Return as `handle`."""
        client = self._new_client()
        await client.initialize()
        try:
            raws = await self._fetch(client, 0)
            done = not raws or await self._intake.handle(raws)
            if raws and done:
                self._offset = int(raws[-1]["update_id"]) + 1
                await self._confirm(client)
            return done
        finally:
            await client.shutdown()

    async def _take(self, raws: Sequence[RawUpdate], pause: float, stop: asyncio.Event) -> float:
        """Handle a batch; on a failure wait before it is fetched again. Return the next pause in seconds."""
        if not raws or await self._intake.handle(raws):
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
            await asyncio.wait({call, waiter} if waiter else {call}, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                return []
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
            await self._fetch(client, 0)
        except TelegramError as error:
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
