"""Claim check-ins for sending, and write down what became of each. A claim is a lease with an attempt number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, bindparam, func, literal_column, null, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.cadence import quiet
from scheduler.db.dues import CHECK_INS, CONTEXT, NIGHT, PEOPLE, PLANS, Claim, before, due_check_in, quiet_hours
from scheduler.db.models import Person
from scheduler.db.nudges import NUDGE_PATIENCE, is_wanted, nudge_at
from scheduler.db.plans import suspend
from scheduler.db.rows import Many, Values, among, stored
from scheduler.due import DueCheckIn, Report

# Telegram knows no key that would make a repeat harmless: of an unknown sending there is one repeat, never a second.
MAX_UNKNOWNS = 2

# A message that our own code cannot make is tried this often: a fault may pass with the next release.
MAX_ATTEMPTS = 5

FIRST_RETRY = timedelta(seconds=10)
LONGEST_RETRY = timedelta(minutes=5)

_WAKING = (
    select(
        *CONTEXT,
        *(
            CHECK_INS.c[name]
            for name in ("id", "nominal", "zone", "due_at", "expires_at", "turn", "state", "wake_at", "attempt")
        ),
        *(CHECK_INS.c[name] for name in ("unknowns", "nudged", "message_id", "answered_at", "closed_at")),
        *(PLANS.c[name] for name in ("paused_at", "away_until", "stopped_at", "stopped_why", "next_due_at")),
        PLANS.c.zone.label("plan_zone"),
        PEOPLE.c.suspended_at,
        *NIGHT,
    )
    .join_from(CHECK_INS, PLANS, PLANS.c.id == CHECK_INS.c.plan_id)
    .join(PEOPLE, PEOPLE.c.id == CHECK_INS.c.person_id)
    .where(CHECK_INS.c.wake_at <= bindparam("now"))
    .order_by(CHECK_INS.c.wake_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=CHECK_INS)
)

_CHANGED = ("id", "state", "owner", "wake_at", "attempt", "unknowns", "turn", "nudged", "expires_at")

_CHANGE = Many(
    {name: CHECK_INS.c[name] for name in _CHANGED},
    lambda given: (
        update(CHECK_INS).where(CHECK_INS.c.id == given["id"]).values({name: given[name] for name in _CHANGED[1:]})
    ),
)

_BEGIN = (
    update(CHECK_INS)
    .where(
        among(CHECK_INS.c.id, "ids"),
        CHECK_INS.c.attempt == bindparam("attempt_now"),
        CHECK_INS.c.owner == bindparam("owner_now"),
        CHECK_INS.c.state == "claimed",
        CHECK_INS.c.expires_at > bindparam("now"),
    )
    .values(state="sending", wake_at=bindparam("until"))
    .returning(CHECK_INS.c.id)
)

_FINISHED = ("id", "attempt", "owner", "state", "wake_at", "unknowns", "message_id", "sent_at")

_FINISH = Many(
    {name: CHECK_INS.c[name] for name in _FINISHED},
    lambda given: (
        update(CHECK_INS)
        .where(
            CHECK_INS.c.id == given["id"],
            CHECK_INS.c.attempt == given["attempt"],
            CHECK_INS.c.owner == given["owner"],
            CHECK_INS.c.state.in_((literal_column("'claimed'"), literal_column("'sending'"))),
        )
        .values(
            state=given["state"],
            wake_at=given["wake_at"],
            unknowns=given["unknowns"],
            message_id=func.coalesce(given["message_id"], CHECK_INS.c.message_id),
            sent_at=func.coalesce(given["sent_at"], CHECK_INS.c.sent_at),
            owner=null(),
        )
    ),
)


async def wake_up(
    session: AsyncSession, now: datetime, owner: str, lease: timedelta, limit: int, tally: Counter[str]
) -> list[DueCheckIn]:
    """Claim the check-ins that must be looked at again: retries, snoozes, nudges, and those whose lease ran out.

    `tally` counts those that end unsent.
    """
    rows = (await session.execute(_WAKING, {"now": now, "most": limit})).all()
    if not rows:
        return []
    changes: list[dict[str, Any]] = []
    claimed = []
    for row in rows:
        change = _change(row, now, owner, lease)
        changes.append(change)
        if change["state"] == "claimed":
            claimed.append((row, change))
        elif change["state"] != row.state and change["state"] in {"expired", "sent_unconfirmed"}:
            tally[change["state"]] += 1
    await _CHANGE.run(session, [_as_stored(change) for change in changes])
    if not claimed:
        return []
    earlier = await before(session, [row.plan_id for row, _ in claimed], [row.id for row, _ in claimed])
    return [due_check_in(session, row, _claim(row, change, now), earlier, now) for row, change in claimed]


def _change(row: Row[*tuple[Any, ...]], now: datetime, owner: str, lease: timedelta) -> dict[str, Any]:
    """Return the columns of a check-in after this look at it: claimed, held back by quiet hours, or ended."""
    change = {
        "id": row.id,
        "state": row.state,
        "owner": None,
        "wake_at": None,
        "attempt": row.attempt,
        "unknowns": row.unknowns,
        "turn": row.turn,
        "nudged": row.nudged,
        "expires_at": row.expires_at,
    }
    is_nudge = row.state in {"sent", "sent_unconfirmed"}
    hours = quiet_hours(row)
    if is_nudge:
        if not is_wanted(row, now):
            return change
    else:
        if row.state == "sending":
            # Its sender was gone for a whole lease: it may have arrived.
            change["unknowns"] += 1
        if change["unknowns"] >= MAX_UNKNOWNS:
            # Never a third copy. But none may have arrived, and the nudge of the next day is another message.
            return change | {"state": "sent_unconfirmed", "wake_at": _nudge_at(row, row.turn, now)}
        if now >= row.expires_at:
            return change | {"state": "sent_unconfirmed" if change["unknowns"] else "expired"}
    open_at = quiet(now, ZoneInfo(row.plan_zone), *hours)
    if open_at > now:
        return change | {"state": row.state if is_nudge else "waiting", "wake_at": open_at}
    if is_nudge:
        change |= {
            "turn": row.turn + 1,
            "nudged": True,
            "attempt": 0,
            "unknowns": 0,
            "expires_at": now + NUDGE_PATIENCE,
        }
    change["attempt"] += 1
    return change | {"state": "claimed", "owner": owner, "wake_at": now + lease}


def _as_stored(change: dict[str, Any]) -> Values:
    as_stored = change | {name: stored(change[name]) for name in ("wake_at", "expires_at")}
    return tuple(as_stored[name] for name in _CHANGED)


def _nudge_at(row: Row[*tuple[Any, ...]], turn: int, now: datetime) -> datetime | None:
    """Return when to remind of what goes now, or may have gone; only a first sending is reminded of."""
    if turn or row.kind != "check_in" or row.stopped_at:
        return None
    return nudge_at(ZoneInfo(row.plan_zone), row.next_due_at, quiet_hours(row), now)


def _claim(row: Row[*tuple[Any, ...]], change: dict[str, Any], now: datetime) -> Claim:
    return Claim(
        id=row.id,
        attempt=change["attempt"],
        unknowns=change["unknowns"],
        turn=change["turn"],
        is_nudge=change["nudged"] and change["turn"] > 0,
        nominal=row.nominal,
        zone=row.zone,
        due_at=row.due_at,
        expires_at=change["expires_at"],
        message_id=row.message_id,
        unanswered=row.unanswered,
        is_over=row.stopped_why == "silent",
        wanted_at=None if change["turn"] else quiet(row.due_at, ZoneInfo(row.zone), *quiet_hours(row)),
        nudge_at=_nudge_at(row, change["turn"], now),
    )


async def begin(
    session: AsyncSession, dues: Iterable[DueCheckIn], owner: str, now: datetime, lease: timedelta
) -> set[int]:
    """Mark these as being sent, as far as they are still claimed by this owner; return the ids of those that are."""
    ids: dict[int, list[int]] = {}
    for due in dues:
        ids.setdefault(due.attempt, []).append(due.id)
    values = {"owner_now": owner, "now": now, "until": now + lease}
    allowed: set[int] = set()
    # Nearly always there is but the first attempt.
    for attempt, these in ids.items():
        allowed.update(await session.scalars(_BEGIN, values | {"ids": these, "attempt_now": attempt}))
    return allowed


async def finish(
    session: AsyncSession, reports: Sequence[tuple[DueCheckIn, Report]], owner: str, now: datetime
) -> None:
    """Write down how these sendings ended; one whose lease went to another changes nothing."""
    await _FINISH.run(session, [_ending(due, report, owner, now) for due, report in reports])
    for due, report in reports:
        if report.kind == "gone":
            person = await session.scalar(select(Person).where(Person.chat_id == due.chat_id).with_for_update())
            if person is not None and person.suspended_at is None:
                await suspend(session, person, now, report.why)


def _ending(due: DueCheckIn, report: Report, owner: str, now: datetime) -> Values:
    """Return the columns of a finished attempt."""
    state: str = report.kind
    wake_at: datetime | None = None
    sent_at: datetime | None = None
    unknowns = due.unknowns
    if report.kind == "sent":
        wake_at, sent_at = due.nudge_at, now
    elif report.kind == "gone":
        state = "cancelled"
    elif report.kind == "unknown" and (unknowns := due.unknowns + 1) >= MAX_UNKNOWNS:
        state, wake_at, sent_at = "sent_unconfirmed", due.nudge_at, now
    elif report.kind in {"unknown", "not_sent"}:
        retry_in = report.retry_in or min(FIRST_RETRY * 2 ** (due.attempt - 1), LONGEST_RETRY)
        state, wake_at = "waiting", now + retry_in
    # As in _FINISHED.
    return (due.id, due.attempt, owner, state, stored(wake_at), unknowns, report.message_id, stored(sent_at))
