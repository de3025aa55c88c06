"""Gather all that is to come for a person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from bot.views import plans as view
from bot.views.screen import Screen
from content.model import Library
from scheduler.db import people, plans
from scheduler.db.models import Person


async def listing(
    session: AsyncSession, library: Library, person: Person | None, now: datetime, note: str = ""
) -> Screen:
    """Return the list of all that is to come, under a `note` as HTML; an empty one for a person nobody knows."""
    coming = await plans.active(session, person) if person else []
    return view.listing(library, coming, people.night(person), now, note)
