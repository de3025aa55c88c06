"""Make many people, each with one check-in that is due now."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from scheduler.db.engine import Database
from scheduler.rule import Cadence
from tests.faults.harness import PATIENCE, TOKEN, Scene
from tests.keys import new_vault
from tests.scheduler.builders import Wish, make_many

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


def open_chats(scene: Scene, count: int) -> range:
    """Let this many people have a chat with the bot, in which nothing waits. Return the chats."""
    chats = range(FIRST_CHAT, FIRST_CHAT + count)
    for chat_id in chats:
        scene.phone.person(TOKEN, f"Person {chat_id}", id=chat_id).starts()
    world = scene.phone.board.world(TOKEN)
    with world.change():
        world.confirm({update.update_id for update in world.updates})
    return chats


async def gather(scene: Scene, count: int) -> list[Due]:
    """Make this many people whose weekly check-in came due this minute, and let their chats with the bot be open."""
    dues = _dues(open_chats(scene, count))
    await _plan(scene.database, dues)
    return dues


async def plan_apart(scene: Scene, chats: range) -> list[Due]:
    """Let each of these have a check-in that came due this minute, all of them there at the same moment.

    They are made in a process of its own, so that the local Telegram goes on meanwhile.
    """
    dues = _dues(chats)
    planning = scene.fork(_run, scene.database_url, dues)
    assert await planning.ended(PATIENCE + len(chats) / 20) == 0
    return dues


def _dues(chats: range) -> list[Due]:
    due_at = datetime.now(UTC).replace(second=0, microsecond=0)
    nominal = f"{due_at.astimezone(ZoneInfo(noon_zone(due_at))):%Y-%m-%dT%H:%M}"
    return [Due(f"plan{chat_id}", nominal, chat_id, due_at) for chat_id in chats]


def _run(database_url: str, dues: Sequence[Due]) -> None:
    async def run() -> None:
        database = Database(database_url, new_vault())
        await _plan(database, dues)
        await database.close()

    asyncio.run(run())


async def _plan(database: Database, dues: Sequence[Due]) -> None:
    due_at = dues[0].due_at
    zone = noon_zone(due_at)
    wall = due_at.astimezone(ZoneInfo(zone))
    cadence = Cadence(unit="week", at=time(wall.hour, wall.minute), anchor=wall.date())
    wishes = [Wish(due.chat_id, due.plan, cadence, zone) for due in dues]
    await make_many(database, wishes, due_at - timedelta(days=1))
