"""Hold an entry of the history that is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.context import Context
from bot.handlers.answering import Reply
from bot.views import history as listing
from bot.views import history_entry as view
from content.model import Library
from scheduler.db import history, people
from scheduler.db.history import Told
from scheduler.db.models import Person


@dataclass(frozen=True)
class Opened:
    """Hold one entry's surroundings: an open transaction, and rows that are locked in it."""

    session: AsyncSession
    context: Context
    person: Person
    told: Told
    name: listing.Name
    now: datetime

    @property
    def library(self) -> Library:
        """Return the reviewed content."""
        return self.context.library

    @property
    def may_keep(self) -> bool:
        """Return whether anything new may be kept."""
        return self.person.consent_version is not None

    def ask(self, step: str) -> None:
        """Read the next typed text as the answer to this step."""
        people.ask(self.person, {"kind": "entry", "id": self.name[0], "nominal": self.name[1], "step": step})

    async def page(self) -> int:
        """Return the page of the history that the entry stands on."""
        return listing.page_of(await history.entries(self.session, self.person), self.told)

    async def shown(self, note: str = "", flags: tuple[str, ...] = ()) -> Reply:
        """Show the entry, and what was done to it."""
        said = self.library.phrases.say(note) if note else ""
        page = await self.page()
        return Reply(view.entry(self.library, self.told, self.name, page, may_keep=self.may_keep, note=said), flags)


def leave(person: Person) -> None:
    """Ask for nothing about an entry any more."""
    if (person.asking or {}).get("kind") == "entry":
        people.ask(person, None)
