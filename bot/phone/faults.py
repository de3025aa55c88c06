"""Trouble on order: failing calls, dropped connections, delays, and Telegram's sending limits."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.phone.refused import Refused, too_many

Json = dict[str, Any]

DESCRIPTIONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


@dataclass
class Fault:
    """One order: what goes wrong, and how many more times."""

    method: str
    left: int
    status: int
    description: str
    body: str | None
    parameters: Json
    drop: bool
    delay: float
    after_recording: bool
    when: Callable[[Json], bool] | None
    happened: int = 0

    @property
    def answers(self) -> bool:
        """Whether the fault replaces the answer; one that only delays does not."""
        return self.drop or self.body is not None or self.status != 200

    def refused(self) -> Refused:
        """Return the answer of a fault without a body of its own."""
        return Refused(self.status, self.description, self.parameters)


@dataclass
class Limit:
    """Messages that a bot may send in a second, overall and to one chat; more is answered with 429."""

    per_second: int | None
    per_chat: int | None
    sent: deque[float] = field(default_factory=deque)
    by_chat: dict[object, deque[float]] = field(default_factory=dict)

    def check(self, chat: object, now: float) -> None:
        """Count one message, or raise Refused."""
        mine = self.by_chat.setdefault(chat, deque())
        for times, most in ((self.sent, self.per_second), (mine, self.per_chat)):
            while times and times[0] <= now - 1.0:
                times.popleft()
            if most is not None and len(times) >= most:
                raise too_many(1)
        self.sent.append(now)
        mine.append(now)


class Faults:
    """The orders for one bot."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Fault] = []
        self.limit: Limit | None = None

    def add(self, fault: Fault) -> Fault:
        """Take an order; earlier ones come first."""
        with self._lock:
            self._orders.append(fault)
        return fault

    def clear(self) -> None:
        """Forget every order and limit."""
        with self._lock:
            self._orders.clear()
            self.limit = None

    def take(self, method: str, params: Json) -> Fault | None:
        """Use up one turn of the first order that fits this call."""
        if not self._orders:
            return None
        with self._lock:
            for fault in self._orders:
                fits = fault.method.lower() in ("*", method.lower()) and (fault.when is None or fault.when(params))
                if fault.left and fits:
                    fault.left -= 1
                    fault.happened += 1
                    return fault
        return None

    def check_limit(self, method: str, params: Json) -> None:
        """Raise Refused with 429 when a message comes too soon."""
        if self.limit is not None and method.startswith(("send", "edit")) and method != "sendChatAction":
            self.limit.check(params.get("chat_id"), time.monotonic())
