"""Ask Telegram for updates, also while some are in hand, and confirm only what is done."""

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

from bot.crew import Crew
from bot.errors import MaybeSent, NotSent
from bot.health import Health
from bot.intake import Intake
from bot.metrics import Metrics
from bot.raw import RawUpdate, updates_in
from bot.wait import first_of

log = structlog.get_logger(__name__)

# What the bot understands; a short list also keeps out what it could not read.
ALLOWED_UPDATES: Final = ("message", "edited_message", "callback_query", "my_chat_member")

LONG_POLL_SECONDS = 30

# With something in hand Telegram answers at once, for it gives that again. Asked twice within half a second from the
# same offset on, it gives only the first one, so it would be asked for ever and show nothing new.
ASK_AGAIN_SECONDS = 0.6

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
        self._answered_at = monotonic()
        self._rebuilds = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Poll until `stop` is set. Raises Deaf when Telegram is silent, refuses the token, or hears another."""
        self._note_answer()
        self._client = self._new_client()
        await self._client.initialize()
        # Nothing of an earlier run: what is not done by now may be another replica's.
        crew = Crew(self.intake, tries_again=True)
        try:
            await self._listen(crew, stop)
            await crew.leave()
            await self._confirm(crew.hand.offset)
        except InvalidToken as error:
            raise Deaf(TOKEN_REFUSED, EXIT_TOKEN) from error
        finally:
            await crew.drop()
            await self._client.shutdown()

    async def _listen(self, crew: Crew, stop: asyncio.Event) -> None:
        pause, conflicts = FIRST_PAUSE, 0
        while not stop.is_set():
            try:
                crew.check()
                offset, asked_at = crew.hand.offset, _now()
                raws = await self._fetch(offset, 0 if crew.hand else LONG_POLL_SECONDS, stop)
                conflicts = 0
                if not stop.is_set():
                    self._heard("answered")
                pause = await self._take(crew, raws, pause, stop)
                await _rest(crew, offset, asked_at, stop)
            except InvalidToken:
                raise
            except Conflict as error:
                self._heard("refused")
                conflicts += 1
                log.warning("another program takes this bot's updates", times=conflicts)
                if conflicts >= CONFLICTS:
                    raise Deaf("another program polls with this token: stop it, or this one", EXIT_DEAF) from error
                await first_of(stop, seconds=pause)
            except RetryAfter as error:
                self._heard("refused")
                log.warning("Telegram asks for a pause", seconds=_seconds(error))
                await first_of(stop, seconds=_seconds(error))
            except TelegramError as error:
                log.warning("Telegram cannot be reached", error=type(error).__name__)
                await self._after_failure(error)
                await first_of(stop, seconds=pause * random.uniform(0.5, 1.0))  # noqa: S311  # spreads load, guards nothing
                pause = min(2 * pause, LONGEST_PAUSE)

    async def _after_failure(self, error: TelegramError) -> None:
        """Go on with a new client when this one seems stuck. Raises Deaf after some of them."""
        if not isinstance(error, NotSent | MaybeSent):
            self._metrics.polled("refused")
            self._note_answer()
            return
        self._metrics.polled("lost")
        if self._monotonic() - self._answered_at < STUCK_SECONDS:
            return
        if self._rebuilds == REBUILDS:
            raise Deaf("Telegram cannot be heard: is the network in order?", EXIT_DEAF) from error
        log.error("Telegram was silent for too long; the HTTP client is made anew")
        self._metrics.client_rebuilt()
        self._answered_at, self._rebuilds = self._monotonic(), self._rebuilds + 1
        await self._client.shutdown()
        self._client = self._new_client()
        await self._client.initialize()

    def _heard(self, result: str) -> None:
        self._metrics.polled(result)
        self._health.heard()
        self._note_answer()

    def _note_answer(self) -> None:
        self._answered_at, self._rebuilds = self._monotonic(), 0

    async def once(self) -> bool:
        """Fetch what waits, handle it and confirm what is done; for programs that are not there to stay.

        Return whether all of it is done.
        """
        self._client = self._new_client()
        await self._client.initialize()
        crew = Crew(self.intake, tries_again=False)
        try:
            is_kept = await crew.take(await self._fetch(None, 0))
            await crew.until_done()
            await self._confirm(crew.hand.offset)
            return is_kept and not crew.hand
        finally:
            await crew.drop()
            await self._client.shutdown()

    async def _take(self, crew: Crew, raws: Sequence[RawUpdate], pause: float, stop: asyncio.Event) -> float:
        """Begin with what is new; where it cannot be kept wait before it is fetched again. Return the next pause."""
        if await crew.take(raws):
            return FIRST_PAUSE
        await first_of(stop, seconds=pause)
        return min(2 * pause, LONGEST_PAUSE)

    async def _fetch(self, offset: int | None, seconds: int, stop: asyncio.Event | None = None) -> list[RawUpdate]:
        query: dict[str, object] = {"timeout": seconds, "allowed_updates": json.dumps(ALLOWED_UPDATES)}
        if offset is not None:
            query["offset"] = offset
        call = asyncio.ensure_future(
            self._client.post(f"{self._base_url}/getUpdates?{urlencode(query)}", read_timeout=seconds + 10)
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
            return updates_in(call.result())
        finally:
            for task in (call, waiter):
                if task is not None:
                    task.cancel()

    async def _confirm(self, offset: int | None) -> None:
        """Tell Telegram what is done, so that the next start does not get it again. Failing is harmless."""
        if offset is None:
            return
        try:
            async with asyncio.timeout(CONFIRM_SECONDS):
                await self._fetch(offset, 0)
        except (TelegramError, TimeoutError) as error:
            log.info("what is done could not be confirmed", error=type(error).__name__)


async def _rest(crew: Crew, offset: int | None, asked_at: float, stop: asyncio.Event) -> None:
    """Wait until Telegram may have something new. With nothing in hand that is its own affair: it is asked at once."""
    while crew.hand and not stop.is_set():
        crew.check()
        knows_all = crew.hand.is_full and crew.hand.offset == offset
        left = asked_at + (LONG_POLL_SECONDS if knows_all else ASK_AGAIN_SECONDS) - _now()
        if left <= 0:
            return
        crew.moved.clear()
        await first_of(stop, crew.moved, seconds=left)


def _now() -> float:
    return asyncio.get_running_loop().time()


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return float(after) if isinstance(after, int | float) else after.total_seconds()
