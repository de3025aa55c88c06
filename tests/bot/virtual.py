"""A Telegram in virtual time: an hour of sending takes no time, and every instant is exact."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from telegram.error import TelegramError
from telegram.ext import BaseRateLimiter

from bot.pacing import Pace, Pacing
from bot.window import JITTER_SECONDS

T = TypeVar("T")

ROUND_TRIP = 0.05

MOMENT = 1e-9

# Instants are sums of floats and of moments; and a second of the limiter is a little longer than one.
TINY = 1e-5

near = functools.partial(pytest.approx, abs=TINY, rel=1.2 * JITTER_SECONDS)


class Jumps(selectors.DefaultSelector):
    """Jump over every wait, and count how long it would have been."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        """Return what is ready; with nothing ready, let the time of the wait be over."""
        events = super().select(0)
        if not events:
            assert timeout is not None, "everybody waits for something that will never come"
            # A turn of the loop takes a moment; with none, a wait that rounding cuts to nothing would never end.
            self.now += max(timeout, MOMENT)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """Run on a clock that moves only while everybody waits."""

    def __init__(self) -> None:
        self._jumps = Jumps()
        super().__init__(self._jumps)

    def time(self) -> float:
        """Return the virtual seconds since the beginning."""
        return self._jumps.now


def virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def now() -> float:
    return asyncio.get_running_loop().time()


def pacing(per_second: float = 25, **more: Any) -> Pacing:
    return Pacing(per_second, clock=now, sleep=asyncio.sleep, **more)


@dataclass(frozen=True)
class Sent:
    """Hold one call that reached Telegram, and when it left."""

    at: float
    chat: int | str | None
    endpoint: str
    text: str


class Telegram:
    """Take calls through a rate limiter and remember them. `refuse` says with which error a call ends, if any."""

    def __init__(
        self, limiter: BaseRateLimiter[Any], refuse: Callable[[Sent], TelegramError | None] = lambda _: None
    ) -> None:
        self.limiter = limiter
        self.sent: list[Sent] = []
        self._refuse = refuse

    async def call(
        self,
        chat: int | str | None = 1,
        *,
        endpoint: str = "sendMessage",
        text: str = "",
        pace: Pace | int | None = None,
    ) -> Any:
        data = {"text": text} if chat is None else {"chat_id": chat, "text": text}
        return await self.limiter.process_request(self._answer, (endpoint, data), {}, endpoint, data, pace)

    async def _answer(self, endpoint: str, data: dict[str, Any]) -> bool:
        sent = Sent(now(), data.get("chat_id"), endpoint, data["text"])
        self.sent.append(sent)
        await asyncio.sleep(ROUND_TRIP)
        error = self._refuse(sent)
        if error is not None:
            raise error
        return True

    def times(self, chat: int | str | None = None) -> list[float]:
        """Return when the calls left, all or those to one chat."""
        return [sent.at for sent in self.sent if chat in (None, sent.chat)]


def worst_window(times: list[float], seconds: float) -> int:
    """Return the most calls in any half-open span of that length."""
    times = sorted(times)
    return max(
        sum(start <= time < start + seconds - TINY for time in times[place:]) for place, start in enumerate(times)
    )


def once(error: TelegramError, after: int) -> Callable[[Sent], TelegramError | None]:
    """Refuse one call: the one that is answered after so many others."""
    answered = 0

    def refuse(_: Sent) -> TelegramError | None:
        nonlocal answered
        answered += 1
        return error if answered == after + 1 else None

    return refuse


async def crowd(telegram: Telegram, people: int, **more: Any) -> None:
    async with asyncio.TaskGroup() as group:
        for chat in range(1, people + 1):
            group.create_task(telegram.call(chat, **more))


class Shared:
    """Stand for a budget that several replicas draw on."""

    def __init__(self, *answers: float | Exception) -> None:
        self.answers = list(answers)

    async def hold(self, seconds: float) -> None:
        """Do nothing."""

    async def reserve(self, n: int, urgent: bool = True) -> float:
        """Return the next answer of the script."""
        assert n == 1
        await asyncio.sleep(0.001)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer
