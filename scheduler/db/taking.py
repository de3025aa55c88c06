"""Take up plans whose time has come: each becomes one claimed check-in, and the plan moves on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, case, false, func, literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db.dues import CHECK_INS, CONTEXT, PEOPLE, PLANS, Claim, before, due_check_in, numbers
from scheduler.db.steps import RULE_COLUMNS, Rule, Step, step_of
from scheduler.due import DueCheckIn

Values = dict[str, Any]

# Silence after this many in a row is an answer: the plan ends, and says so.
MAX_UNANSWERED = 3

_LOOK = select(
    select(func.min(PLANS.c.next_due_at)).where(PLANS.c.next_due_at.is_not(None)).scalar_subquery(),
    select(func.min(CHECK_INS.c.wake_at)).where(CHECK_INS.c.wake_at.is_not(None)).scalar_subquery(),
)

_DUE = (
    select(
        *CONTEXT,
        PLANS.c.done_nominal,
        # As in `Rule`; the same names stand in CONTEXT, with the same values.
        *(
            PLANS.c[name]
            for name in ("unit", "interval", "weekdays", "month_day", "at", "anchor", "zone", "next_nominal")
        ),
        *(PEOPLE.c[name] for name in ("zone", "quiet_from", "quiet_to")),
    )
    .join_from(PLANS, PEOPLE, PEOPLE.c.id == PLANS.c.person_id)
    .where(PLANS.c.next_due_at <= bindparam("now", type_=PLANS.c.next_due_at.type))
    .order_by(PLANS.c.next_due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=PLANS)
)

_CLOSE = (
    update(CHECK_INS)
    .where(CHECK_INS.c.plan_id.in_(numbers("plans")), CHECK_INS.c.closed_at.is_(None))
    .values(
        closed_at=bindparam("now"),
        wake_at=None,
        owner=None,
        state=case(
            (CHECK_INS.c.state.in_(("waiting", "claimed")), "expired"),
            (CHECK_INS.c.state == "sending", "sent_unconfirmed"),
            else_=CHECK_INS.c.state,
        ),
    )
    .returning(CHECK_INS.c.plan_id, CHECK_INS.c.sent_at, CHECK_INS.c.answered_at)
)

_MOVE_ON = (
    update(PLANS)
    .where(PLANS.c.id == bindparam("plan"))
    .values({name: bindparam(f"new_{name}") for name in ("next_nominal", "next_due_at", "done_nominal", "unanswered")})
)

_MISS = update(PLANS).where(PLANS.c.id == bindparam("plan")).values(missed=PLANS.c.missed + bindparam("more"))

_END = update(PLANS).where(PLANS.c.id == bindparam("plan")).values(stopped_at=bindparam("now"), stopped_why="silent")

_PAUSE = (
    update(PLANS)
    .where(PLANS.c.id == bindparam("plan"))
    .values(paused_at=bindparam("now"), next_nominal=None, next_due_at=None)
)

# A constraint holds the promise "never twice"; a row that breaks it must not stop the others of its batch.
_INSERT = {
    dialect.name: insert(CHECK_INS)
    .values(
        {name: bindparam(name) for name in ("plan_id", "person_id", "nominal", "zone", "due_at", "expires_at")}
        | {name: bindparam(name) for name in ("state", "wake_at", "owner", "attempt")}
        | dict.fromkeys(("turn", "unknowns", "missed_before"), literal_column("0"))
        | {"nudged": false()}
    )
    .on_conflict_do_nothing()
    for dialect, insert in ((sqlite.dialect, sqlite.insert), (postgresql.dialect, postgresql.insert))
}

# What these plans had open was closed just before.
_INSERTED = select(CHECK_INS.c.plan_id, CHECK_INS.c.id).where(
    CHECK_INS.c.plan_id.in_(numbers("plans")), CHECK_INS.c.closed_at.is_(None)
)


class _Move(NamedTuple):
    """Hold a due plan with what is done about it."""

    row: Row[*tuple[Any, ...]]
    step: Step
    unanswered: int

    @property
    def ends(self) -> bool:
        """Return whether nobody has answered for so long that this is the last one."""
        return self.step.nominal is not None and self.unanswered >= MAX_UNANSWERED


async def next_wake(session: AsyncSession) -> datetime | None:
    """Return when the deliverer must look next: cheap, from the ends of two indexes."""
    plan, check_in = (await session.execute(_LOOK)).one()
    return min((at for at in (plan, check_in) if at is not None), default=None)


async def take_up(
    session: AsyncSession, now: datetime, owner: str, lease: timedelta, limit: int, tally: Counter[str]
) -> list[DueCheckIn]:
    """Turn plans whose time has come into claimed check-ins, and move each plan on.

    `tally` counts what was "missed": too old to be sent.
    """
    rows = (await session.execute(_DUE, {"now": now, "most": limit})).all()
    if not rows:
        return []
    silent = await _close_open(session, [row.plan_id for row in rows], now)
    # People like the same times: of those due in one minute many have one rule.
    steps: dict[Rule, Step | None] = {}
    moves: list[_Move] = []
    broken: list[Values] = []
    for row in rows:
        rule = Rule._make(row[-RULE_COLUMNS:])
        if rule not in steps:
            steps[rule] = step_of(rule, row.plan_id, now)
        step = steps[rule]
        if step is None:
            broken.append({"plan": row.plan_id, "now": now})
        else:
            moves.append(_Move(row, step, row.unanswered + silent.get(row.plan_id, 0)))
            tally["missed"] += step.missed
    await _move_on(session, moves, broken, now)
    new = {move.row.plan_id: _new_row(move, now, owner, lease) for move in moves if move.step.nominal}
    ids = await _insert(session, list(new.values()))
    claimed = [move for move in moves if move.step.open_at <= now and move.row.plan_id in ids]
    earlier = await before(session, [move.row.plan_id for move in claimed], list(ids.values())) if claimed else {}
    return [due_check_in(session, move.row, _claim(move, ids), earlier, now) for move in claimed]


async def _move_on(session: AsyncSession, moves: Sequence[_Move], broken: Sequence[Values], now: datetime) -> None:
    if broken:
        await session.execute(_PAUSE, broken)
    if moves:
        await session.execute(_MOVE_ON, [_moved(move) for move in moves])
    if missed := [{"plan": move.row.plan_id, "more": move.step.missed} for move in moves if move.step.missed]:
        await session.execute(_MISS, missed)
    if ended := [{"plan": move.row.plan_id, "now": now} for move in moves if move.ends]:
        await session.execute(_END, ended)


async def _insert(session: AsyncSession, new: Sequence[Values]) -> dict[int, int]:
    """Insert check-ins and return their ids by plan."""
    if not new:
        return {}
    await session.execute(_INSERT[session.get_bind().dialect.name], new)
    inserted = await session.execute(_INSERTED, {"plans": [values["plan_id"] for values in new]})
    return {row.plan_id: row.id for row in inserted}


def _moved(move: _Move) -> Values:
    """Return the plan's columns after this."""
    step = move.step
    return {
        "plan": move.row.plan_id,
        "new_next_nominal": None if move.ends else step.next_nominal,
        "new_next_due_at": None if move.ends else step.next_due_at,
        "new_done_nominal": step.nominal or move.row.done_nominal,
        "new_unanswered": move.unanswered,
    }


def _new_row(move: _Move, now: datetime, owner: str, lease: timedelta) -> Values:
    """Return the new check-in's columns."""
    row, step = move.row, move.step
    is_held_back = step.open_at > now
    return {
        "plan_id": row.plan_id,
        "person_id": row.person_id,
        "nominal": step.nominal,
        "zone": row.plan_zone,
        "due_at": step.due_at,
        "expires_at": step.expires_at,
        "state": "waiting" if is_held_back else "claimed",
        "wake_at": step.open_at if is_held_back else now + lease,
        "owner": None if is_held_back else owner,
        "attempt": 0 if is_held_back else 1,
    }


def _claim(move: _Move, ids: Mapping[int, int]) -> Claim:
    row, step = move.row, move.step
    assert step.nominal is not None  # it was inserted
    return Claim(
        id=ids[row.plan_id],
        attempt=1,
        unknowns=0,
        turn=0,
        is_nudge=False,
        nominal=step.nominal,
        zone=row.plan_zone,
        due_at=step.due_at,
        expires_at=step.expires_at,
        message_id=None,
        unanswered=move.unanswered,
        is_over=move.ends,
        next_due_at=step.next_due_at,
    )


async def _close_open(session: AsyncSession, plans: Sequence[int], now: datetime) -> Mapping[int, int]:
    """Close what these plans asked before; return how many of those were sent and not answered, by plan."""
    closed = await session.execute(_CLOSE, {"plans": plans, "now": now})
    return Counter(row.plan_id for row in closed if row.sent_at and not row.answered_at)
