"""Talk to the real program as people do; it is built anew from the database for every turn."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.phone.people import Person
from bot.phone.seen import Seen
from bot.phone.server import Phone
from bot.program import Program
from content.model import Library
from scheduler.db.crypto import Vault
from scheduler.db.engine import Database
from scheduler.db.taking import next_wake
from tests.clock import StillClock
from tests.keys import new_vault
from tests.store import open_at_ease

_numbers = itertools.count(100_000)


@dataclass
class Chats:
    """Hold one bot's world: a phone of its own, one database, and people who write to it."""

    phone: Phone
    database_url: str
    # Left out of the text of a Chats, which asyncio writes at each step of a fixture: it is all content there is.
    library: Library = field(repr=False)
    clock: StillClock
    token: str = field(default_factory=lambda: f"{next(_numbers)}:{'A' * 35}")
    vault: Vault = field(default_factory=new_vault)
    open_database: Callable[[str, Vault], Database] = open_at_ease
    # Connections alone outlast a turn, to save time: all that the next program knows it reads from the tables.
    database: Database | None = None
    # Whether a conversation may be copied from one that was held before: nothing of the program is another here.
    may_copy: bool = False

    def program(self, **more: Any) -> Program:
        """Build the program as `run` does, with `more` of its settings."""
        return Program(
            self.token,
            self.database_url,
            self.library,
            self.clock,
            vault=self.vault,
            api_url=self.phone.url,
            per_second=1000,
            **more,
        )

    def opened(self) -> Database:
        """Return the connections that are kept."""
        if self.database is None:
            self.database = self.open_database(self.database_url, self.vault)
        return self.database

    async def close(self) -> None:
        """Close the connections that were kept."""
        if self.database is not None:
            await self.database.close()
            self.database = None

    def person(self, name: str) -> Talker:
        """Return somebody who has a phone; they have not written yet."""
        return Talker(self, self.phone.person(self.token, name))

    async def turn(self, *, delivers: bool = True) -> None:
        """Build the program, let it handle all that waits and deliver all that is due, and throw it away."""
        program = self.program(database=self.opened())
        await program.application.initialize()
        try:
            await self.handle(program, delivers=delivers)
        finally:
            await program.close()

    async def handle(self, program: Program, *, delivers: bool = True) -> None:
        """Let this program handle all that waits and deliver all that is due."""
        await program.poller.once()
        if delivers:
            await self._deliver(program)

    async def _deliver(self, program: Program) -> None:
        while await program.deliverer.deliver_due():
            pass
        await program.deliverer.settle()


@dataclass
class Talker:
    """Write, tap and read as one person. Each act is one turn of a freshly built program."""

    chats: Chats
    phone: Person

    async def says(self, text: str) -> None:
        """Type a text."""
        self.phone.writes(text)
        await self.chats.turn()

    async def taps(self, label: str) -> None:
        """Tap the newest button with this label."""
        for seen in reversed(self.phone.sees()):
            if any(button.text == label for row in seen.buttons for button in row):
                await self.taps_on(seen, label)
                return
        raise AssertionError(f"no button {label!r}; there are {self.buttons()}")

    async def taps_on(self, seen: Seen, label: str) -> None:
        """Tap a button of this message, as it was when it was seen, even if it is gone by now."""
        data = next((button.data for row in seen.buttons for button in row if button.text == label), None)
        assert data is not None, f"no button {label!r} on {seen.text!r}"
        self.phone.presses(seen.message_id, data, forged=True)
        await self.chats.turn()

    async def waits(self, **step: float) -> None:
        """Let time pass, and the program look once at what became due."""
        self.chats.clock.advance(**step)
        await self.chats.turn()

    async def waits_for_what_is_due(self) -> None:
        """Let time pass until the next thing that the program has to look after, whoever's it is."""
        async with self.chats.opened().read() as session:
            wake = await next_wake(session)
        assert wake is not None, "nothing is due, ever"
        self.chats.clock.move_to(max(wake, self.chats.clock()))
        await self.chats.turn()

    def reads(self) -> str:
        """Return the newest message of the bot."""
        return self.answers()[-1].text

    def answers(self) -> list[Seen]:
        """Return all messages of the bot, as they read now."""
        return [seen for seen in self.phone.sees() if seen.from_bot]

    def buttons(self) -> list[str]:
        """Return the labels under the bot's newest message."""
        return [button.text for row in self.answers()[-1].buttons for button in row]
