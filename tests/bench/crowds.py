"""Make people with plans by the thousand, straight into the tables."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

from sqlalchemy import create_engine, insert, text, update
from sqlalchemy.engine import make_url

from scheduler.db import migrate
from scheduler.db.engine import Database
from scheduler.db.models import Person, Plan
from tests.keys import new_vault

# Rows a statement.
CHUNK = 5_000

# A Monday at noon, UTC: nobody's quiet hours.
DUE = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@contextmanager
def new_database(server: str | None = None) -> Iterator[str]:
    """Give the address of a new database with all tables: a file of its own, or one on this PostgreSQL server."""
    if server is None:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'bench.db'}"
            migrate.upgrade(url)
            yield url
        return
    name = f"calcibot_bench_{token_hex(6)}"
    _on_server(server, f'CREATE DATABASE "{name}"')
    try:
        url = make_url(server).set(database=name).render_as_string(hide_password=False)
        migrate.upgrade(url)
        yield url
    finally:
        _on_server(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Open a database for the length of a block."""
    database = Database(url, new_vault())
    try:
        yield database
    finally:
        await database.close()


async def add_plans(
    database: Database, first: int, count: int, due_at: datetime, step: timedelta = timedelta()
) -> None:
    """Add people `first` and on, each with one weekly plan; the next is due `step` after the one before it."""
    for start in range(first, first + count, CHUNK):
        numbers = range(start, min(start + CHUNK, first + count))
        async with database.write() as session:
            await session.execute(insert(Person.__table__), [_person(number) for number in numbers])
            await session.execute(
                insert(Plan.__table__), [_plan(number, due_at + (number - first) * step) for number in numbers]
            )


def _person(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "chat_id": number,
        "created_at": DUE - timedelta(days=30),
        "zone": "Etc/UTC",
        # None: what is measured by the real clock would wait for the morning at night.
        "quiet_from": "00:00",
        "quiet_to": "00:00",
        "discreet": True,
        "calm_runs": 0,
    }


def _plan(number: int, due_at: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "public_id": f"plan{number}",
        "person_id": number,
        "kind": "check_in",
        "created_at": DUE - timedelta(days=30),
        "unit": "week",
        "interval": 1,
        "weekdays": "",
        "at": due_at.strftime("%H:%M"),
        "anchor": date(due_at.year, due_at.month, due_at.day),
        "zone": "Etc/UTC",
        "next_nominal": due_at.strftime("%Y-%m-%dT%H:%M"),
        "next_due_at": due_at,
        "unanswered": 0,
        "missed": 0,
    }


# Numbers a to b, on both databases.
_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :last)"

_PEOPLE = (
    "INSERT INTO people (id, chat_id, created_at, zone, quiet_from, quiet_to, discreet, calm_runs) "
    + _NUMBERS
    + " SELECT i, i, :now, 'Etc/UTC', '22:00', '08:00', true, 0 FROM n"
)

# Their times lie all over the next four weeks, in another order than their rows.
_PLANS = (
    "INSERT INTO plans (id, public_id, person_id, kind, created_at, unit, interval, weekdays, at, anchor, zone,"
    " next_nominal, next_due_at, unanswered, missed) "
    + _NUMBERS
    + " SELECT i, 'plan' || i, i, 'check_in', :now, 'week', 52, '', '12:00', '2026-11-23', 'Etc/UTC',"
    " '2027-11-23T12:00', :later + (i * 7919 % 40320) * 60000, 0, 0 FROM n"
)

# Each has one that was answered: what a plan leaves behind is looked at as well.
_CHECK_INS = (
    "INSERT INTO check_ins (plan_id, person_id, nominal, zone, due_at, expires_at, turn, state, attempt, unknowns,"
    " missed_before, nudged, sent_at, message_id, closed_at, answered_at) "
    + _NUMBERS
    + " SELECT i, i, '2026-10-05T12:00', 'Etc/UTC', :now, :now, 0, 'sent', 1, 0, 0, false, :now, i, :now, :now FROM n"
)


async def grow(database: Database, first: int, last: int) -> None:
    """Add people `first` to `last` by statements of the database's own; nothing of theirs is due for a year."""
    later = DUE + timedelta(days=400)
    values = {"first": first, "last": last, "now": _milliseconds(DUE), "later": _milliseconds(later)}
    for statement in (_PEOPLE, _PLANS, _CHECK_INS):
        async with database.write() as session:
            if not database.is_sqlite:
                await session.execute(text("SET LOCAL statement_timeout = 0"))
                # The server asks for a date's own type.
                statement = statement.replace("'2026-11-23'", "DATE '2026-11-23'")
            await session.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})
    if not database.is_sqlite:
        async with database.write() as session:
            await session.execute(text("ANALYZE people, plans, check_ins"))


async def make_due(database: Database, plans: list[int], due_at: datetime) -> None:
    """Let these plans be due at that time, for the next time a year later."""
    values = {
        "next_due_at": due_at,
        "next_nominal": due_at.strftime("%Y-%m-%dT%H:%M"),
        "at": due_at.strftime("%H:%M"),
        "anchor": due_at.date(),
    }
    async with database.write() as session:
        await session.execute(update(Plan).where(Plan.id.in_(plans)).values(**values))


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _on_server(server: str, statement: str) -> None:
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
