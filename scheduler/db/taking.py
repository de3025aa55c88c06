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
from scheduler.db.dues import CHECK_INS, CONTEXT, NIGHT, PEOPLE, PLANS, Claim, before, due_check_in
from scheduler.db.rows import Many, Values, among, stored
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
        # As in `Rule`.
        *(PLANS.c[name] for name in ("unit", "interval", "weekdays", "month_day", "at", "anchor")),
        PLANS.c.zone.label("plan_zone"),
        PLANS.c.next_nominal,
        *NIGHT,
    )
    .join_from(PLANS, PEOPLE, PEOPLE.c.id == PLANS.c.person_id)
    .where(PLANS.c.next_due_at <= bindparam("now", type_=PLANS.c.next_due_at.type))
    .order_by(PLANS.c.next_due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True, of=PLANS)
)

_CLOSE = (
    update(CHECK_INS)
    .where(among(CHECK_INS.c.plan_id, "plans"), CHECK_INS.c.closed_at.is_(None))
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


_MOVED = ("id", "next_nominal", "next_due_at", "done_nominal", "unanswered")

_MOVE_ON = Many(
    {name: PLANS.c[name] for name in _MOVED},
    lambda given: _plan(given).values({name: given[name] for name in _MOVED[1:]}),
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
    among(CHECK_INS.c.plan_id, "plans"), CHECK_INS.c.closed_at.is_(None)
)


class _Shared(NamedTuple):
    """Hold what plans with one rule have in common: `new` are the columns of _NEW from the third on, if one comes."""

    step: Step
    new: Values | None
    is_claimed: bool


class _Move(NamedTuple):
    """Hold a due plan with what is done about it. It ends when nobody has answered for so long."""

    row: Row[*tuple[Any, ...]]
    shared: _Shared
    unanswered: int
    ends: bool


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
    found: dict[Values, _Shared | None] = {}
    moves: list[_Move] = []
    broken: list[Values] = []
    for row in rows:
        rule = row[-RULE_COLUMNS:]
        if rule not in found:
            found[rule] = _shared(Rule._make(rule), row.plan_id, now, owner, lease)
        shared = found[rule]
        if shared is None:
            broken.append((row.plan_id, stored(now)))
            continue
        unanswered = row.unanswered + silent.get(row.plan_id, 0)
        moves.append(_Move(row, shared, unanswered, shared.new is not None and unanswered >= MAX_UNANSWERED))
        tally["missed"] += shared.step.missed
    await _move_on(session, moves, broken, now)
    ids = await _insert_all(session, moves)
    claimed = [move for move in moves if move.shared.is_claimed and move.row.plan_id in ids]
    earlier = await before(session, [move.row.plan_id for move in claimed], list(ids.values())) if claimed else {}
    return [due_check_in(session, move.row, _claim(move, ids), earlier, now) for move in claimed]


def _shared(rule: Rule, plan: int, now: datetime, owner: str, lease: timedelta) -> _Shared | None:
    """Return what becomes of the plans with this rule, of which one is named; None for what cannot be read."""
    step = step_of(rule, plan, now)
    if step is None:
        return None
    if step.nominal is None:
        return _Shared(step, None, is_claimed=False)
    new = (step.nominal, rule.plan_zone, stored(step.due_at), stored(step.expires_at))
    if step.open_at > now:
        return _Shared(step, (*new, "waiting", stored(step.open_at), None, 0), is_claimed=False)
    return _Shared(step, (*new, "claimed", stored(now + lease), owner, 1), is_claimed=True)


async def _move_on(session: AsyncSession, moves: Sequence[_Move], broken: Sequence[Values], now: datetime) -> None:
    await _PAUSE.run(session, broken)
    await _MOVE_ON.run(session, [_moved(*move) for move in moves])
    await _MISS.run(session, [(move.row.plan_id, move.shared.step.missed) for move in moves if move.shared.step.missed])
    await _END.run(session, [(move.row.plan_id, stored(now)) for move in moves if move.ends])


async def _insert_all(session: AsyncSession, moves: Sequence[_Move]) -> dict[int, int]:
    """Insert check-ins and return their ids by plan."""
    new = [(row.plan_id, row.person_id, *shared.new) for row, shared, _, _ in moves if shared.new]
    if not new:
        return {}
    await _INSERT.run(session, new)
    inserted = await session.execute(_INSERTED, {"plans": [plan_id for plan_id, *_ in new]})
    return {row.plan_id: row.id for row in inserted}


def _moved(row: Row[*tuple[Any, ...]], shared: _Shared, unanswered: int, ends: bool) -> Values:
    """Return the plan's columns after this, as in _MOVED."""
    step = shared.step
    done = step.nominal or row.done_nominal
    if ends:
        return (row.plan_id, None, None, done, unanswered)
    return (row.plan_id, step.next_nominal, stored(step.next_due_at), done, unanswered)


def _claim(move: _Move, ids: Mapping[int, int]) -> Claim:
    row, step = move.row, move.shared.step
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
        wanted_at=step.wanted_at,
        nudge_at=None if move.ends or row.kind != "check_in" else step.nudge_at,
    )


async def _close_open(session: AsyncSession, plans: Sequence[int], now: datetime) -> Mapping[int, int]:
    """Close what these plans asked before; return how many of those were sent and not answered, by plan."""
    closed = await session.execute(_CLOSE, {"plans": plans, "now": now})
    return Counter(row.plan_id for row in closed if row.sent_at and not row.answered_at)
