"""Know updates again, so that one that Telegram gives twice is handled once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db.models import SeenUpdate

# After a quiet week Telegram's numbers start anew at random: an older row could hide a new update.
REMEMBERED = timedelta(days=8)


async def begin(session: AsyncSession, bot_id: int, update_ids: Collection[int], now: datetime) -> dict[int, int]:
    """Count one attempt for each update not yet done and return the attempts of those, this one included."""
    rows = await session.execute(
        select(SeenUpdate.update_id, SeenUpdate.attempts, SeenUpdate.done).where(
            SeenUpdate.bot_id == bot_id, SeenUpdate.update_id.in_(update_ids)
        )
    )
    known = {row.update_id: row for row in rows}
    attempts = {
        number: known[number].attempts + 1 if number in known else 1
        for number in update_ids
        if number not in known or not known[number].done
    }
    if attempts:
        insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
        statement = insert(SeenUpdate).values(
            [
                {"bot_id": bot_id, "update_id": number, "seen_at": now, "attempts": count, "done": False}
                for number, count in attempts.items()
            ]
        )
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[SeenUpdate.bot_id, SeenUpdate.update_id],
                set_={"attempts": statement.excluded.attempts},
            )
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
    await session.execute(
        update(SeenUpdate).where(SeenUpdate.bot_id == bot_id, SeenUpdate.update_id == update_id).values(done=True)
    )


async def forget_old(session: AsyncSession, now: datetime) -> None:
    """Delete what is older than Telegram's own memory."""
    await session.execute(delete(SeenUpdate).where(SeenUpdate.seen_at < now - REMEMBERED))
