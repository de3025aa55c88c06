"""Take up plans whose time has come: each becomes one claimed check-in, and the plan moves on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Update, bindparam, case, false, func, literal_column, null, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from scheduler.db import leases
from scheduler.db.dues import CHECK_INS, CONTEXT, PEOPLE, PLANS, Claim, before, due_check_in
from scheduler.db.rows import Many, Values, numbers, stored
from scheduler.db.steps import RULE_COLUMNS, Rule, Step, step_of
from scheduler.due import DueCheckIn

# Silence after this many in a row is an answer: the plan ends, and says so.
MAX_UNANSWERED = 3

_LOOK = select(
    select(func.min(PLANS.c.next_due_at)).where(PLANS.c.next_due_at.is_not(None)).scalar_subquery(),
    select(func.min(CHECK_INS.c.wake_at)).where(CHECK_INS.c.wake_at.is_not(None)).scalar_subquery(),
)

_LOOK_AND_CLOCK = _LOOK.add_columns(leases.SHOWN)

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


def _plan(given: dict[str, Any]) -> Update:
    return update(PLANS).where(PLANS.c.id == given["id"])


_MOVED = ("next_nominal", "next_due_at", "done_nominal", "unanswered")

_MOVE_ON = Many(
    {name: PLANS.c[name] for name in ("id", *_MOVED)},
    lambda given: _plan(given).values({name: given[name] for name in _MOVED}),
)

_MISS = Many(
    {"id": PLANS.c.id, "more": PLANS.c.missed},
    lambda given: _plan(given).values(missed=PLANS.c.missed + given["more"]),
)

_END = Many(
    {"id": PLANS.c.id, "now": PLANS.c.stopped_at},
    lambda given: _plan(given).values(stopped_at=given["now"], stopped_why=literal_column("'silent'")),
)

_PAUSE = Many(
    {"id": PLANS.c.id, "now": PLANS.c.paused_at},
    lambda given: _plan(given).values(paused_at=given["now"], next_nominal=null(), next_due_at=null()),
)

_NEW = ("plan_id", "person_id", "nominal", "zone", "due_at", "expires_at", "state", "wake_at", "owner", "attempt")
_ZERO: ColumnElement[int] = literal_column("0")
_AT_FIRST: dict[str, Any] = {"turn": _ZERO, "unknowns": _ZERO, "missed_before": _ZERO, "nudged": false()}

# A constraint holds the promise "never twice"; a row that breaks it must not stop the others of its batch.
_INSERT = Many(
    {name: CHECK_INS.c[name] for name in _NEW},
    lambda given: sqlite.insert(CHECK_INS).values(given | _AT_FIRST).on_conflict_do_nothing(),
    lambda given: (
        postgresql.insert(CHECK_INS)
        .from_select([*_NEW, *_AT_FIRST], select(*given.values(), *_AT_FIRST.values()))
        .on_conflict_do_nothing()
    ),
)

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
    return _earlier(*(await session.execute(_LOOK)).one())


async def look(
    connection: AsyncConnection, machine: Callable[[], datetime]
) -> tuple[datetime | None, timedelta | None]:
    """Return that, and how far the database's clock is ahead, as `leases.clock_ahead` does: by one statement."""
    if connection.dialect.name == "sqlite":
        return _earlier(*(await connection.execute(_LOOK)).one()), timedelta()
    asked_at = machine()
    plan, check_in, shown = (await connection.execute(_LOOK_AND_CLOCK)).one()
    return _earlier(plan, check_in), leases.ahead(asked_at, shown, machine())


def _earlier(plan: datetime | None, check_in: datetime | None) -> datetime | None:
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
            broken.append({"id": row.plan_id, "now": stored(now)})
        else:
            moves.append(_Move(row, step, row.unanswered + silent.get(row.plan_id, 0)))
            tally["missed"] += step.missed
    await _move_on(session, moves, broken, now)
    new = {move.row.plan_id: _new_row(move, now, owner, lease) for move in moves if move.step.nominal}
    ids = await _insert_all(session, list(new.values()))
    claimed = [move for move in moves if move.step.open_at <= now and move.row.plan_id in ids]
    earlier = await before(session, [move.row.plan_id for move in claimed], list(ids.values())) if claimed else {}
    return [due_check_in(session, move.row, _claim(move, ids), earlier, now) for move in claimed]


async def _move_on(session: AsyncSession, moves: Sequence[_Move], broken: Sequence[Values], now: datetime) -> None:
    await _PAUSE.run(session, broken)
    await _MOVE_ON.run(session, [_moved(move) for move in moves])
    missed = [{"id": move.row.plan_id, "more": move.step.missed} for move in moves if move.step.missed]
    await _MISS.run(session, missed)
    await _END.run(session, [{"id": move.row.plan_id, "now": stored(now)} for move in moves if move.ends])


async def _insert_all(session: AsyncSession, new: Sequence[Values]) -> dict[int, int]:
    """Insert check-ins and return their ids by plan."""
    if not new:
        return {}
    await _INSERT.run(session, new)
    inserted = await session.execute(_INSERTED, {"plans": [values["plan_id"] for values in new]})
    return {row.plan_id: row.id for row in inserted}


def _moved(move: _Move) -> Values:
    """Return the plan's columns after this."""
    step = move.step
    return {
        "id": move.row.plan_id,
        "next_nominal": None if move.ends else step.next_nominal,
        "next_due_at": None if move.ends else stored(step.next_due_at),
        "done_nominal": step.nominal or move.row.done_nominal,
        "unanswered": move.unanswered,
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
        "due_at": stored(step.due_at),
        "expires_at": stored(step.expires_at),
        "state": "waiting" if is_held_back else "claimed",
        "wake_at": stored(step.open_at if is_held_back else now + lease),
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
