"""All bots of one phone: their worlds, the trouble ordered for them, and the log of their calls."""

import re
import threading
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bot.phone.clock import Clock, ShiftedClock
from bot.phone.faults import Faults
from bot.phone.polling import Pollers
from bot.phone.refused import Refused
from bot.phone.shelf import PHONE, Shelf
from bot.phone.webhooks import REPEATS, Courier
from bot.phone.world import World

_SHAPE = re.compile(r"\d+:[^/]+\Z")
_TOKEN = re.compile(r"[1-9]\d*:[A-Za-z0-9_-]{30,}\Z")
# Calls kept per bot; a load test sends tens of thousands and then counts them.
KEPT_CALLS = 200_000

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call of the Bot API: `started` is monotonic seconds, `at` the phone's clock; `status` 0 is no answer."""

    number: int
    method: str
    parameters: Json = field(repr=False)
    started: float
    at: datetime
    status: int
    answer: object = field(repr=False)
    faulty: bool


class Switchboard:
    """Opens a world for a token, and keeps what belongs to each bot but not to its Telegram."""

    def __init__(
        self,
        clock: Clock,
        path: Path | None = None,
        tokens: Collection[str] | None = None,
        repeats: tuple[float, ...] = REPEATS,
    ) -> None:
        self.clock = clock
        self.shelf = None if path is None else Shelf(path)
        if self.shelf is not None and isinstance(clock, ShiftedClock):
            self._keep_offset(clock, self.shelf)
        self.tokens = tokens
        self.pollers = Pollers()
        self.courier = Courier(repeats)
        self.worlds: dict[str, World] = {}
        self._faults: dict[str, Faults] = {}
        self._calls: dict[str, deque[Call]] = {}
        self._numbers: dict[str, int] = {}
        self._lock = threading.Lock()

    def _keep_offset(self, clock: ShiftedClock, shelf: Shelf) -> None:
        """Let the clock go on where it was before a restart, and note every move of it."""
        for kind, _, seconds in shelf.read(PHONE):
            if kind == "clock":
                clock.offset = max(clock.offset, timedelta(seconds=seconds))
        clock.kept_by(lambda offset: shelf.write(PHONE, {("clock", ""): offset.total_seconds()}, {}))

    def world(self, token: str) -> World:
        """Return a bot's world; raise Refused for a token that Telegram would not know."""
        known = self.worlds.get(token)
        if known is None:
            if not _SHAPE.match(token):
                raise Refused(404, "Not Found")
            if not _TOKEN.match(token) or (self.tokens is not None and token not in self.tokens):
                raise Refused(401, "Unauthorized")
            with self._lock:
                known = self.worlds.get(token)
                if known is None:
                    known = self.worlds[token] = World(token, self.clock, self.shelf)
        if known.bot["logged_out"]:
            raise Refused(401, "Unauthorized")
        return known

    def faults(self, token: str) -> Faults:
        """Return the orders for one bot, whatever its token looks like."""
        return self._faults.setdefault(token, Faults())

    def record(self, token: str, call: Call) -> None:
        """Log a call, and wake whoever waits for one."""
        self._calls.setdefault(token, deque(maxlen=KEPT_CALLS)).append(call)
        if token in self.worlds:
            self.worlds[token].bell.ring()

    def next_number(self, token: str) -> int:
        """Return the number of a bot's next call, from 1."""
        self._numbers[token] = self._numbers.get(token, 0) + 1
        return self._numbers[token]

    def calls(self, token: str) -> list[Call]:
        """Return the logged calls in the order they were answered."""
        return list(self._calls.get(token, ()))

    def close(self) -> None:
        """Close the file."""
        if self.shelf is not None:
            self.shelf.close()
