"""Keep Telegram's limits: overall, in each chat, and after a 429. Answers go before reminders."""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import structlog
from telegram.error import TelegramError
from telegram.ext import BaseRateLimiter

from bot.budget import Budget, Clock, EvenBudget
from bot.errors import Flooded, classify
from bot.line import Call, Chat, Chats, Line
from bot.pace import NotWanted, Pace, Priority, Reminder
from bot.window import Window

__all__ = ["SENDS_PER_SECOND", "NotWanted", "Pace", "Pacing", "Priority", "Reminder"]

log = structlog.get_logger(__name__)

Sleep = Callable[[float], Awaitable[object]]
Answer = bool | dict[str, Any] | list[dict[str, Any]]

# Telegram asks for no more than about 30 messages a second; the rest is for clocks and networks that differ.
SENDS_PER_SECOND: Final = 25.0

# Telegram counts whole seconds, and its clock is not ours.
MARGIN_SECONDS: Final = 0.1

# A place that lies so far ahead is no queue: nobody may send until then.
HELD_SECONDS: Final = 2.0

# At high rates sleeping for each send would cost more than sending; the budget makes up for waking up late.
SHORTEST_REST: Final = 0.002

# Calls that write into a chat. What only reads (getMe, getFile), sets up (setMyCommands, setWebhook, deleteWebhook)
# or answers a press (answerCallbackQuery) is no send: Telegram does not count it, and a spinner must not wait.
WRITING: Final = ("send", "edit", "delete", "copy", "forward", "stop", "pin", "unpin")


class Pacing(BaseRateLimiter[Pace]):
    """Let each send wait for its turn. A 429 stops all of them, then the same call is made again.

    A send that cannot go within its `give_up_after` raises Flooded (a RetryAfter) and was not sent. So does, after a
    429, one that was begun: its `begin` cannot be asked twice, and much may change meanwhile.
    """

    def __init__(
        self,
        per_second: float = SENDS_PER_SECOND,
        *,
        budget: Budget | None = None,
        clock: Clock = time.monotonic,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Take the most sends that go in any second, the budget to draw on and the monotonic clock to wait by."""
        self._budget = budget or EvenBudget(per_second, clock)
        self._clock = clock
        self._sleep = sleep
        self._window = Window(per_second)
        self._held_until = self._slot = -math.inf
        self._line = Line()
        self._numbers = itertools.count()
        self._chats = Chats()
        self._pump: asyncio.Task[None] | None = None
        self._nap: asyncio.Future[object] | None = None
        self._telling: set[asyncio.Task[None]] = set()

    async def initialize(self) -> None:
        """Do nothing: the line moves as soon as somebody stands in it."""

    async def shutdown(self) -> None:
        """Send those who still wait away, with Flooded."""
        self._line.send_away(math.inf)
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait({self._pump})
        if self._telling:
            await asyncio.wait(self._telling)

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Answer]],
        args: tuple[object, ...],
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Pace | None,
    ) -> Answer:
        """Make the call in its turn and return its answer. Raises Flooded, and whatever the call raises."""
        if not (endpoint.startswith(WRITING) and "chat_id" in data):
            try:
                return await callback(*args, **kwargs)
            except TelegramError as error:
                self._heed(error)
                raise
        pace = rate_limit_args or Pace()
        give_up_at = self._clock() + pace.give_up_after
        number = next(self._numbers)
        with self._chats.using(endpoint, data["chat_id"], self._clock()) as chat:
            # Ends at `give_up_at` at the latest: `_turn` raises then.
            while True:
                try:
                    await self._turn(pace, number, chat, give_up_at)
                    try:
                        return await callback(*args, **kwargs)
                    except TelegramError as error:
                        if not self._heed(error) or pace.begin is not None:
                            raise
                finally:
                    self._answered(number)

    def _heed(self, error: TelegramError) -> bool:
        """Hold every send if this is a 429, and return whether it is one."""
        failure = classify(error)
        if failure.kind != "wait" or failure.retry_after is None:
            return False
        until = self._clock() + failure.retry_after + MARGIN_SECONDS
        # Many answers under way say the same at once; the other replicas are told once.
        if until > self._held_until + MARGIN_SECONDS:
            telling = asyncio.create_task(self._budget.hold(failure.retry_after + MARGIN_SECONDS))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)
        self._held_until = max(self._held_until, until)
        log.warning("Telegram asks for a pause", seconds=failure.retry_after)
        self._wake()
        return True

    async def _turn(self, pace: Pace, number: int, chat: Chat | None, give_up_at: float) -> None:
        """Return when the call may leave, which it then must do at once."""
        while True:
            go = asyncio.get_running_loop().create_future()
            call = Call(pace.priority, number, chat, give_up_at, pace.begin is not None, go)
            self._line.add(call)
            self._wake()
            try:
                may_go = await call.go
                if may_go and not self._held() and pace.begin is not None:
                    if not await pace.begin():
                        raise NotWanted
                    may_go = not self._held()
                if not may_go:
                    raise Flooded(self._held())
                # A 429 can come in between being called up and going; then it is the next turn.
                if not self._held():
                    self._window.leave(self._clock())
                    return
                self._answered(number)
            finally:
                if self._window.forget(number):
                    self._wake()

    def _answered(self, number: int) -> None:
        if self._window.answered(number):
            self._wake()

    def _held(self) -> float:
        return max(0.0, self._held_until - self._clock())

    def held(self) -> float:
        """Return for how many seconds more nothing may be sent, as this replica or another was told; 0 if it may."""
        ahead = self._slot - self._clock()
        return max(self._held(), ahead if ahead > HELD_SECONDS else 0.0)

    def _wake(self) -> None:
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._move_the_line())
        elif self._nap is not None:
            self._nap.cancel()

    async def _move_the_line(self) -> None:
        """Call up one after the other until nobody waits."""
        slot: float | None = None
        while self._line:
            now = self._clock()
            # Who could only go after giving up is told now.
            self._line.send_away(max(now, self._held_until))
            ready_at = max(self._line.ready_at(now), self._held_until)
            if not self._line:
                # All who were left are cancelled.
                return
            if ready_at > now:
                # Nobody can use the slot now, and used later it could crowd a second.
                slot = None
            elif slot is None:
                slot = await self._reserve(now, urgent=self._line.first.priority == Priority.ANSWER)
                self._slot = slot
                # Much can have changed meanwhile.
                continue
            else:
                ready_at = max(slot, self._window.opens_at(self._line.first.begins))
            if ready_at > now:
                await self._rest(min(ready_at, self._line.first_to_give_up()) - now)
                continue
            slot = None
            call = self._line.call_up(now)
            self._window.call_up(call.number, call.begins)

    async def _reserve(self, now: float, *, urgent: bool) -> float:
        try:
            return await self._budget.reserve(1, urgent)
        except Exception as error:  # noqa: BLE001  # a shared budget may lose its database; urgent texts go even then
            log.warning("the budget cannot be reached", error=type(error).__name__)
            return now

    async def _rest(self, seconds: float) -> None:
        """Sleep, or until somebody new comes or a 429 does."""
        self._nap = asyncio.ensure_future(self._sleep(max(seconds, SHORTEST_REST)))
        try:
            await self._nap
        except asyncio.CancelledError:
            # The nap was, to wake up; unless it is this task that is to end.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
        finally:
            self._nap = None
