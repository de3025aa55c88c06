"""Keep the calls that wait in order: by priority, then by age, and each chat at its own pace."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from bot.budget import ROUNDING

# One message a second in a private chat; a reply of three parts may go at once.
PRIVATE: Final = (1.0, 3)

# 20 a minute in a group. With a burst of 3 that is one every 60 / 18 seconds.
GROUP: Final = (60 / 18, 3)

# The calls that put a message into a chat.
MESSAGES: Final = ("send", "copy", "forward")


class Chat:
    """Hold what one chat was sent lately: one message every `interval` seconds after a burst of `burst`.

    A message counts when it is called up; one that begins slowly can leave together with later ones.
    """

    __slots__ = ("_interval", "_next", "_slack", "callers")

    def __init__(self, interval: float, burst: int) -> None:
        """Begin at rest."""
        self._interval = interval
        self._slack = (burst - 1) * interval + ROUNDING
        self._next = -math.inf
        self.callers = 0

    @property
    def ready_at(self) -> float:
        """Return the monotonic instant from which the chat may have another."""
        return self._next - self._slack

    def note(self, now: float) -> None:
        """Remember that one goes now."""
        self._next = max(now, self._next) + self._interval

    def is_idle(self, now: float) -> bool:
        """Return whether forgetting this chat would change nothing."""
        return not self.callers and self._next <= now


class Chats:
    """Hold the chats that were sent something lately, and forget them when they are at rest again."""

    def __init__(self) -> None:
        """Begin with none."""
        self._chats: dict[int | str, Chat] = {}

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._chats)

    @contextmanager
    def using(self, endpoint: str, chat_id: int | str, now: float) -> Iterator[Chat | None]:
        """Give the state of the chat, kept as long as somebody uses it; None if the call does not count there.

        "Typing..." is no message. In groups, and in channels, which go by a name, edits count as well.
        """
        key = _number(chat_id)
        is_group = isinstance(key, str) or key < 0
        is_message = endpoint.startswith(MESSAGES) and endpoint != "sendChatAction"
        if not is_message and not (is_group and endpoint.startswith("edit")):
            yield None
            return
        # Look at the two that were not looked at for the longest time, so that there are never many at rest.
        for other in list(itertools.islice(self._chats, 2)):
            state = self._chats.pop(other)
            if not state.is_idle(now):
                self._chats[other] = state
        chat = self._chats.setdefault(key, Chat(*(GROUP if is_group else PRIVATE)))
        chat.callers += 1
        try:
            yield chat
        finally:
            chat.callers -= 1


def _number(chat_id: int | str) -> int | str:
    try:
        return int(chat_id)
    except ValueError:
        return chat_id


@dataclass(slots=True, order=True)
class Call:
    """Hold one call that waits. `go` becomes True when it may go, False when it is sent away, or is cancelled."""

    priority: int
    number: int
    chat: Chat | None = field(compare=False)
    give_up_at: float = field(compare=False)
    begins: bool = field(compare=False)
    go: asyncio.Future[bool] = field(compare=False)


class Line:
    """Hold the calls that wait. All instants are monotonic seconds."""

    def __init__(self) -> None:
        """Begin empty."""
        self._front: list[Call] = []
        # Those whose chat was not ready when they came to the front, by when it will be.
        self._resting: list[tuple[float, Call]] = []
        self._giving_up: list[tuple[float, int, Call]] = []

    def __bool__(self) -> bool:
        """Return whether anybody may still wait."""
        return bool(self._front or self._resting)

    def add(self, call: Call) -> None:
        """Let a call stand in line; its number, not the moment it comes, is its age."""
        heapq.heappush(self._front, call)
        heapq.heappush(self._giving_up, (call.give_up_at, call.number, call))
        # Those who went long ago leave this heap late: clear it when most of it is of them.
        if len(self._giving_up) > 2 * (len(self._front) + len(self._resting)) + 64:
            self._giving_up = [item for item in self._giving_up if not item[2].go.done()]
            heapq.heapify(self._giving_up)

    def ready_at(self, now: float) -> float:
        """Return when the first one can go as far as its chat is concerned: at most `now` if one can go now."""
        while self._resting and self._resting[0][0] <= now:
            heapq.heappush(self._front, heapq.heappop(self._resting)[1])
        while self._front:
            call = self._front[0]
            if not call.go.done() and (call.chat is None or call.chat.ready_at <= now):
                return now
            heapq.heappop(self._front)
            if not call.go.done() and call.chat is not None:
                heapq.heappush(self._resting, (call.chat.ready_at, call))
        return self._resting[0][0] if self._resting else math.inf

    @property
    def first(self) -> Call:
        """Return the one that can go; `ready_at` has just said that there is one."""
        return self._front[0]

    def call_up(self, now: float) -> Call:
        """Let the first one go, and return it; `ready_at(now)` has just said that it can."""
        call = heapq.heappop(self._front)
        if call.chat is not None:
            call.chat.note(now)
        call.go.set_result(True)
        return call

    def send_away(self, until: float) -> None:
        """Send away those who give up at `until` or before."""
        while self._giving_up and (self._giving_up[0][0] <= until or self._giving_up[0][2].go.done()):
            go = heapq.heappop(self._giving_up)[2].go
            if not go.done():
                go.set_result(False)

    def first_to_give_up(self) -> float:
        """Return when the next one gives up, at the latest."""
        return self._giving_up[0][0] if self._giving_up else math.inf
