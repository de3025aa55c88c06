"""Work off what is in hand: each chat by a task of its own, in its order, whatever the others do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from bot.hand import Hand
from bot.intake import Intake
from bot.raw import RawUpdate
from bot.wait import first_of

# A failed update is tried again so soon, and its chat waits for it; then twice as late each time.
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0

# A handler's own time and a moment to note its end. What takes longer comes again at the next start.
LEAVE_SECONDS: Final = 16.0


class Crew:
    """Handle what is taken until `leave`. With `tries_again` a chat goes on after a failure, else it ends there."""

    def __init__(self, intake: Intake, *, tries_again: bool) -> None:
        """Begin with nothing in hand."""
        self.hand = Hand()
        self.moved = asyncio.Event()
        self._intake = intake
        self._tries_again = tries_again
        self._leaving = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    async def take(self, raws: Sequence[RawUpdate]) -> bool:
        """Begin with what is new among these. Return whether it could be written down: else none of it is in hand."""
        new = self.hand.new_in(raws)
        if not new:
            return True
        attempts = await self._intake.begin(self.hand.firsts_of(new), new)
        if attempts is None:
            return False
        for chat in self.hand.take(new):
            task = asyncio.create_task(self._work(chat, attempts.get(self.hand.line(chat)[0]["update_id"])))
            self._tasks.add(task)
            task.add_done_callback(self._ended)
        return True

    async def _work(self, chat: int, attempt: int | None) -> None:
        pause = FIRST_PAUSE
        # What was counted as an attempt is one.
        while (line := self.hand.line(chat)) and (attempt is not None or not self._leaving.is_set()):
            if attempt is None:
                attempts = await self._intake.begin(line[:1], line)
                attempt = None if attempts is None else attempts[line[0]["update_id"]]
            if attempt is not None and await self._intake.handle(line[0], attempt):
                self.hand.done(chat)
                self.moved.set()
                pause = FIRST_PAUSE
            elif self._tries_again:
                # The rest of the chat waits behind a failed update: its order is part of its meaning.
                await first_of(self._leaving, seconds=pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return
            attempt = None

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failure = task.exception()
        self.moved.set()

    def check(self) -> None:
        """Raise what none of the updates can be blamed for, such as InvalidToken."""
        if self._failure is not None:
            raise self._failure

    async def until_done(self) -> None:
        """Wait until nothing is being handled. Raises as `check`."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        self.check()

    async def leave(self) -> None:
        """Let what is being handled end, within LEAVE_SECONDS, and begin nothing more. Raises as `check`."""
        self._leaving.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LEAVE_SECONDS)
        await self.drop()
        self.check()

    async def drop(self) -> None:
        """End whatever is being handled at once; it stays with Telegram."""
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
