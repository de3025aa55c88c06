"""Make many people, each with one check-in that is due now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import aiohttp

from scheduler.db import people, plans
from scheduler.rule import Cadence
from tests.faults.harness import TOKEN, Scene

FIRST_CHAT = 1001


@dataclass(frozen=True)
class Due:
    """Name one check-in that has to come, by plan and nominal time, and say to whom and from when."""

    plan: str
    nominal: str
    chat_id: int
    due_at: datetime


def noon_zone(now: datetime) -> str:
    """Return a zone where it is about noon now, so that nobody's quiet hours hold anything back."""
    # These names count westwards.
    return f"Etc/GMT{now.hour - 12:+d}"


async def gather(scene: Scene, count: int) -> list[Due]:
    """Make this many people whose weekly check-in came due this minute, and let their chats with the bot be open."""
    now = datetime.now(UTC)
    zone = noon_zone(now)
    due_at = now.replace(second=0, microsecond=0)
    wall = due_at.astimezone(ZoneInfo(zone))
    cadence = Cadence(unit="week", at=time(wall.hour, wall.minute), anchor=wall.date())
    chats = range(FIRST_CHAT, FIRST_CHAT + count)
    for chat_id in chats:
        scene.phone.person(TOKEN, f"Person {chat_id}", id=chat_id).starts()
    await _forget_updates(scene)
    async with scene.database.write() as session:
        for chat_id in chats:
            person = await people.ensure(session, chat_id, now)
            await plans.create(session, person, f"plan{chat_id}", "check_in", cadence, zone, due_at - timedelta(days=1))
    return [Due(f"plan{chat_id}", wall.strftime("%Y-%m-%dT%H:%M"), chat_id, due_at) for chat_id in chats]


async def _forget_updates(scene: Scene) -> None:
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"{scene.phone.base_url}{TOKEN}/deleteWebhook?drop_pending_updates=true") as answer,
    ):
        assert answer.status == 200
