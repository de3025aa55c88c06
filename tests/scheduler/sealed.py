"""Store all that is encrypted, and look at how it is stored."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from scheduler.db import keys, people
from scheduler.db.engine import Database
from scheduler.db.models import CheckIn, Plan, Run
from tests.clock import START

CANARY = "canary-4711 it weeps"


async def fill(database: Database, chat_id: int = 7, words: str = CANARY) -> int:
    """Add a person of whom everything that is encrypted is set, and return their row number."""
    async with database.write() as session:
        person = await people.ensure(session, chat_id, START)
        people.ask(person, {"kind": "plan", "note": words})
        people.apply_once(person, 1, {"kind": "plan", "note": words})
        plan = Plan(
            public_id=f"plan{chat_id}", person_id=person.id, kind="visit", about=words, created_at=START, unit="once",
            interval=1, at="09:00", anchor=START.date(), zone="UTC", weekdays="", unanswered=0, missed=0,
        )  # fmt: skip
        session.add(plan)
        await session.flush()
        session.add(
            CheckIn(
                plan_id=plan.id, person_id=person.id, nominal="2026-11-22T09:00", zone="UTC", due_at=START,
                expires_at=START, state="sent", answered_at=START, answer=words, details={"note": words},
            )
        )  # fmt: skip
        session.add(
            Run(
                public_id=f"run{chat_id}", person_id=person.id, checklist_version=1, started_at=START, flag=words,
                answers={"pain": words}, emergency_sign=words, outcome=words, note=words,
            )
        )  # fmt: skip
        return person.id


async def read_all(database: Database, chat_id: int = 7) -> dict[str, Any]:
    """Return all that is known of a person."""
    async with database.read() as session:
        data = await people.everything(session, chat_id)
        assert data is not None
        return data


async def raw_tokens(database: Database) -> list[str]:
    """Return what stands in every encrypted column, without the models."""
    async with database.read() as session:
        found = []
        for model, column in keys.columns():
            name = column.key.removeprefix("_")
            found += list(await session.scalars(text(f"SELECT {name} FROM {model.__tablename__}")))
        return [token for token in found if token is not None]
