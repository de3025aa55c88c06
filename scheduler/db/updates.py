"""Know updates again, so that one that Telegram gives twice is handled once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db.models import SeenUpdate

# After a quiet week Telegram's numbers start anew at random: an older row could hide a new update.
REMEMBERED = timedelta(days=8)

# What every update goes through is put together once: with new values in it each time, it would take longer to write
# than to run.
_TABLE = SeenUpdate.metadata.tables[SeenUpdate.__tablename__]
_THIS = (_TABLE.c.bot_id == bindparam("this_bot"), _TABLE.c.update_id == bindparam("this_update"))
_KNOWN = select(_TABLE.c.update_id, _TABLE.c.attempts, _TABLE.c.done).where(
    _TABLE.c.bot_id == bindparam("this_bot"), _TABLE.c.update_id.in_(bindparam("these", expanding=True))
)
_FINISH = update(_TABLE).where(*_THIS).values(done=True)


def _count(insert: Callable[..., sqlite.Insert | postgresql.Insert]) -> sqlite.Insert | postgresql.Insert:
    statement = insert(_TABLE)
    return statement.on_conflict_do_update(
        index_elements=[_TABLE.c.bot_id, _TABLE.c.update_id], set_={"attempts": statement.excluded.attempts}
    )


_COUNT = {"sqlite": _count(sqlite.insert), "postgresql": _count(postgresql.insert)}


async def begin(session: AsyncSession, bot_id: int, update_ids: Collection[int], now: datetime) -> dict[int, int]:
    """Count one attempt for each update not yet done and return the attempts of those, this one included."""
    rows = await session.execute(_KNOWN, {"this_bot": bot_id, "these": list(update_ids)})
    known = {row.update_id: row for row in rows}
    attempts = {
        number: known[number].attempts + 1 if number in known else 1
        for number in update_ids
        if number not in known or not known[number].done
    }
    if attempts:
        await session.execute(
            _COUNT[session.get_bind().dialect.name],
            [
                {"bot_id": bot_id, "update_id": number, "seen_at": now, "attempts": count, "done": False}
                for number, count in attempts.items()
            ],
        )
    return attempts


async def take_back(session: AsyncSession, bot_id: int, update_id: int) -> None:
    """Count one attempt less for an update: what kept it from being handled lay elsewhere."""
    await session.execute(
        update(SeenUpdate)
        .where(SeenUpdate.bot_id == bot_id, SeenUpdate.update_id == update_id, SeenUpdate.attempts > 0)
        .values(attempts=SeenUpdate.attempts - 1)
    )


async def finish(session: AsyncSession, bot_id: int, update_id: int) -> None:
    """Mark one update as done."""
    await session.execute(_FINISH, {"this_bot": bot_id, "this_update": update_id})


async def forget_old(session: AsyncSession, now: datetime) -> None:
    """Delete what is older than Telegram's own memory."""
    await session.execute(delete(SeenUpdate).where(SeenUpdate.seen_at < now - REMEMBERED))
