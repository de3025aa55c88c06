"""Keep hold of the check-ins that this deliverer has claimed, and give them back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db.dues import CHECK_INS
from scheduler.db.rows import among

_OURS = (
    select(CHECK_INS.c.id)
    .where(
        among(CHECK_INS.c.id, "ids"),
        CHECK_INS.c.owner == bindparam("owner_now"),
        CHECK_INS.c.state.in_(("claimed", "sending")),
    )
    # What is locked is just being written down: to wait for it, with others in hand, could be for ever.
    .with_for_update(skip_locked=True)
)

_HOLD = update(CHECK_INS).where(CHECK_INS.c.id.in_(_OURS)).values(wake_at=bindparam("until"))


async def hold(session: AsyncSession, ids: Sequence[int], owner: str, until: datetime) -> None:
    """Make the leases of these longer: their sender is alive."""
    await session.execute(_HOLD, {"ids": ids, "owner_now": owner, "until": until})


async def release(session: AsyncSession, owner: str, now: datetime) -> int:
    """Give back what this owner claimed and has not begun to send; return how many."""
    released = await session.scalars(
        update(CHECK_INS)
        # What is claimed has a time to wake at, and an index of those.
        .where(CHECK_INS.c.owner == owner, CHECK_INS.c.state == "claimed", CHECK_INS.c.wake_at.is_not(None))
        .values(state="waiting", wake_at=now, owner=None)
        .returning(CHECK_INS.c.id)
    )
    return len(released.all())
