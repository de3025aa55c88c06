"""Find, keep and forget people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.cadence import QuietHours
from scheduler.db.base import Base
from scheduler.db.models import Person

# Put together once: every message looks for its person.
_FIND = select(Person).where(Person.chat_id == bindparam("this_chat"))
_FIND_LOCKED = _FIND.with_for_update()
_ENSURE = {
    name: insert(Person.metadata.tables[Person.__tablename__]).on_conflict_do_nothing(index_elements=["chat_id"])
    for name, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


async def find(session: AsyncSession, chat_id: int, *, lock: bool = False) -> Person | None:
    """Return the person of a private chat, if known; with `lock`, nobody else changes them until the end."""
    return await session.scalar(_FIND_LOCKED if lock else _FIND, {"this_chat": chat_id})


async def ensure(session: AsyncSession, chat_id: int, now: datetime) -> Person:
    """Return the person of a private chat, locked, made new when not known.

    Call it only for something that the person does now, so that a late update brings nobody back.
    """
    await session.execute(_ENSURE[session.get_bind().dialect.name], {"chat_id": chat_id, "created_at": now})
    person = await find(session, chat_id, lock=True)
    assert person is not None  # inserted above, or by another just before
    return person


def night(person: Person | None) -> QuietHours:
    """Return the person's quiet hours as wall times; none while nobody knows when their night is."""
    if person is None or person.zone is None:
        return time(0), time(0)
    return time.fromisoformat(person.quiet_from), time.fromisoformat(person.quiet_to)


def ask(person: Person, open_question: Mapping[str, Any] | None) -> None:
    """Remember what the next typed text is to be read as an answer to; None for nothing."""
    person.asking = None if open_question is None else dict(open_question)


def apply_once(person: Person, update_id: int, asking: Mapping[str, Any]) -> bool:
    """Return whether this update's text has not answered `asking` yet, and remember that it now does."""
    if person.applied_update == update_id:
        return False
    person.applied_update, person.applied_to = update_id, dict(asking)
    return True


def applied(person: Person, update_id: int) -> dict[str, Any] | None:
    """Return what this update's text has answered already: then Telegram gave it again. None for a new one."""
    return person.applied_to if person.applied_update == update_id else None


async def forget(session: AsyncSession, chat_id: int) -> Mapping[str, int] | None:
    """Delete everything about a person and return how many rows of each table went; None for somebody unknown."""
    person = await find(session, chat_id, lock=True)
    if person is None:
        return None
    counts: dict[str, int] = {}
    for table in Base.metadata.sorted_tables:
        if "person_id" in table.c:
            counts[table.name] = (
                await session.scalar(select(func.count()).select_from(table).where(table.c.person_id == person.id)) or 0
            )
    await session.execute(delete(Person).where(Person.id == person.id))
    return counts


async def everything(session: AsyncSession, chat_id: int) -> dict[str, Any] | None:
    """Return all rows about a person, by table, as values that JSON can hold; None for somebody unknown.

    An entry that was deleted from the history is left out while it waits for the clean-up.
    """
    person = await find(session, chat_id)
    if person is None:
        return None
    data: dict[str, Any] = {}
    models: list[Any] = [mapper.class_ for mapper in Base.registry.mappers]
    for model in sorted(models, key=lambda model: str(model.__tablename__)):
        if model is Person:
            data[Person.__tablename__] = [_written(person)]
        elif hasattr(model, "person_id"):
            query = select(model).where(model.person_id == person.id).order_by(model.id)
            rows = await session.scalars(
                query.where(model.deleted_at.is_(None)) if hasattr(model, "deleted_at") else query
            )
            data[model.__tablename__] = [_written(row) for row in rows]
    return data


def _written(row: Base) -> dict[str, Any]:
    """Return a row's values by column, the encrypted ones opened."""
    names = [attribute.key.removeprefix("_") for attribute in row.__mapper__.column_attrs]
    values = {name: getattr(row, name) for name in names}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
