"""Hold what happened against the promise: each due check-in comes, once, and ends in one last state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from bot.views.check_ins import nominal
from bot.views.screen import unpack
from scheduler.db.engine import Database
from scheduler.db.models import CheckIn, Person, Plan
from tests.faults.crowd import Due
from tests.faults.harness import TOKEN, Scene

LAST_STATES = frozenset({"sent", "sent_unconfirmed", "expired", "cancelled", "failed"})
ARRIVES = frozenset({"sent", "sent_unconfirmed"})

# A message carries the whole second of its sending.
SECOND = timedelta(seconds=1)

# Telegram cannot be asked whether an unknown sending arrived: there is one repeat.
MOST_COPIES = 2

Key = tuple[str, str]


@dataclass(frozen=True)
class Verdict:
    """Say which check-ins broke which part of the promise, and which came twice as it allows."""

    due: int
    unfinished: Sequence[Key]
    lost: Sequence[Key]
    doubled: Sequence[Key]
    unexplained: Sequence[Key]
    too_often: Sequence[Key]
    unwanted: Sequence[Key]
    untimely: Sequence[Key]

    @property
    def broken(self) -> Mapping[str, Sequence[Key]]:
        """Return what must be empty and is not."""
        names = ("unfinished", "lost", "unexplained", "too_often", "unwanted", "untimely")
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def __str__(self) -> str:
        """Count."""
        return f"{self.due} due, {len(self.lost)} lost, {len(self.doubled)} doubled, {len(self.too_often)} more often"


@dataclass(frozen=True)
class _Books:
    """Hold the tables as they are now."""

    rows: Mapping[Key, CheckIn]
    plans: Mapping[str, Plan]
    people: Mapping[int, Person]


async def judge(scene: Scene, dues: Sequence[Due], forgotten: Mapping[int, datetime] | None = None) -> Verdict:
    """Compare what arrived with the tables. `forgotten` says when people had themselves deleted, by chat."""
    books = await _read(scene.database)
    arrived = copies(scene)
    found: dict[str, list[Key]] = defaultdict(list)
    for due in dues:
        key = (due.plan, due.nominal)
        for name in _broken(due, books, arrived.get(key, []), forgotten or {}):
            found[name].append(key)
    known = {(due.plan, due.nominal) for due in dues}
    found["unwanted"] += [key for key in arrived if key not in known]
    return Verdict(
        len(dues),
        *(found[name] for name in ("unfinished", "lost", "doubled", "unexplained")),
        *(found[name] for name in ("too_often", "unwanted", "untimely")),
    )


async def unfinished(scene: Scene) -> int:
    """Return how many check-ins still have to come to an end, not counting later nudges."""
    async with scene.database.read() as session:
        # In this order: what is taken up between the two is then counted by the second.
        plans = await session.scalar(select(func.count()).where(Plan.next_due_at <= datetime.now(UTC)))
        rows = await session.scalar(select(func.count()).where(CheckIn.state.not_in(LAST_STATES)))
    return (rows or 0) + (plans or 0)


def copies(scene: Scene) -> Mapping[Key, list[datetime]]:
    """Return when each check-in arrived at the person's phone, read from the buttons of the messages."""
    arrived: dict[Key, list[datetime]] = defaultdict(list)
    world = scene.phone.board.world(TOKEN)
    for chat_id in list(world.chats):
        for seen in scene.phone.person(TOKEN, "", id=chat_id).sees():
            parts = unpack(seen.buttons[0][0].data) if seen.from_bot and seen.buttons else None
            if parts is not None and parts[0] == "c":
                arrived[parts[2], nominal(parts[3])].append(seen.date)
    return arrived


def delivered_in(scene: Scene) -> float:
    """Return the seconds from the first check-in that arrived to the last one."""
    arrived = [at for times in copies(scene).values() for at in times]
    return (max(arrived) - min(arrived)).total_seconds() if arrived else 0.0


async def _read(database: Database) -> _Books:
    async with database.read() as session:
        joined = await session.execute(select(CheckIn, Plan.public_id).join(Plan, Plan.id == CheckIn.plan_id))
        rows: Any = joined.all()
        plans = (await session.scalars(select(Plan))).all()
        people = (await session.scalars(select(Person))).all()
    return _Books(
        {(plan, row.nominal): row for row, plan in rows},
        {plan.public_id: plan for plan in plans},
        {person.chat_id: person for person in people},
    )


def _broken(due: Due, books: _Books, times: Sequence[datetime], forgotten: Mapping[int, datetime]) -> list[str]:
    """Return the names of what this check-in broke, and "doubled" for two copies."""
    row, plan = books.rows.get((due.plan, due.nominal)), books.plans.get(due.plan)
    person = books.people.get(due.chat_id)
    ended_at = forgotten.get(due.chat_id) or (person.suspended_at if person else None)
    expires_at = row.expires_at if row else None
    is_left_out = due.chat_id in forgotten or (plan is not None and plan.missed > 0)
    rules = {
        "unfinished": row.state not in LAST_STATES if row else not is_left_out,
        "lost": not times and (row.state in ARRIVES if row else not is_left_out),
        "doubled": len(times) == MOST_COPIES,
        # The program knows of its own crashes: a repeat without a note of an unknown outcome is a fault.
        "unexplained": len(times) > 1 and row is not None and row.unknowns == 0,
        "too_often": len(times) > MOST_COPIES,
        "unwanted": any(ended_at is not None and at > ended_at for at in times),
        "untimely": any(at < due.due_at - SECOND or (expires_at is not None and at > expires_at) for at in times),
    }
    return [name for name, is_so in rules.items() if is_so]
