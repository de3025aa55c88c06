"""Keep plans: make, find, change, pause, resume, stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.cadence import Nominal, Occurrence, after_move, first_occurrence, next_occurrence, quiet
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.rule import Cadence, Unit

# More would make a burden of it.
MAX_PLANS = 5

UNFINISHED = ("waiting", "claimed")


def cadence_of(plan: Plan) -> Cadence:
    """Return the plan's rule. Raises ValueError for a row that no rule allows."""
    unit: dict[str, Unit] = {"day": "day", "week": "week", "month": "month", "once": "once"}
    return Cadence(
        unit=unit[plan.unit],
        at=time.fromisoformat(plan.at),
        anchor=plan.anchor,
        interval=plan.interval,
        weekdays=tuple(map(int, plan.weekdays)),
        month_day=plan.month_day,
    )


def quiet_hours(person: Person) -> tuple[time, time]:
    """Return the person's quiet hours as wall times; none while nobody knows when their night is."""
    if person.zone is None:
        return time(0), time(0)
    return time.fromisoformat(person.quiet_from), time.fromisoformat(person.quiet_to)


def set_next(plan: Plan, person: Person, occurrence: Occurrence | None) -> None:
    """Write down what comes next, held back by the person's quiet hours; None ends a plan that is over."""
    if occurrence is None or plan.paused_at or plan.stopped_at or person.suspended_at:
        plan.next_nominal = plan.next_due_at = None
        return
    plan.next_nominal = str(occurrence.nominal)
    plan.next_due_at = quiet(occurrence.due_at, ZoneInfo(plan.zone), *quiet_hours(person))


def reschedule(plan: Plan, person: Person, now: datetime) -> None:
    """Compute what comes next from the rule, the zone and what was taken up last."""
    done = Nominal.parse(plan.done_nominal) if plan.done_nominal else None
    set_next(plan, person, next_occurrence(cadence_of(plan), ZoneInfo(plan.zone), now, done))


async def create(
    session: AsyncSession,
    person: Person,
    public_id: str,
    kind: str,
    cadence: Cadence,
    zone: str,
    now: datetime,
    about: str | None = None,
) -> Plan:
    """Add a plan. Raises ValueError "past" or "too-far" when its first time is not ahead, or years away."""
    first = first_occurrence(cadence, ZoneInfo(zone), now)
    plan = Plan(
        public_id=public_id,
        person_id=person.id,
        kind=kind,
        about=about,
        created_at=now,
        unit=cadence.unit,
        interval=cadence.interval,
        weekdays="".join(map(str, cadence.weekdays)),
        month_day=cadence.month_day,
        at=cadence.at.isoformat("minutes"),
        anchor=cadence.anchor,
        zone=zone,
        unanswered=0,
        missed=0,
    )
    session.add(plan)
    set_next(plan, person, first)
    await session.flush()
    return plan


async def create_once(
    session: AsyncSession, person: Person, public_id: str, kind: str, at: datetime, now: datetime, about: str
) -> Plan:
    """Add a plan for one moment, in the person's zone as far as it is known. Raises as `create`."""
    zone = person.zone or "UTC"
    local = at.astimezone(ZoneInfo(zone))
    cadence = Cadence(unit="once", at=time(local.hour, local.minute), anchor=local.date())
    return await create(session, person, public_id, kind, cadence, zone, now, about)


async def find(session: AsyncSession, person: Person, public_id: str) -> Plan | None:
    """Return this plan of this person, locked; nobody else's."""
    return await session.scalar(
        select(Plan).where(Plan.public_id == public_id, Plan.person_id == person.id).with_for_update()
    )


async def active(session: AsyncSession, person: Person) -> Sequence[Plan]:
    """Return the plans that are not stopped, oldest first, paused ones too."""
    rows = await session.scalars(
        select(Plan)
        .where(Plan.person_id == person.id, Plan.stopped_at.is_(None), Plan.kind == "check_in")
        .order_by(Plan.id)
    )
    return [plan for plan in rows if plan.next_nominal or plan.paused_at or person.suspended_at]


async def pause(session: AsyncSession, plan: Plan, now: datetime, away_until: date | None = None) -> None:
    """Let nothing come until it is resumed, and take back what is on its way."""
    plan.paused_at, plan.away_until = now, away_until
    plan.next_nominal = plan.next_due_at = None
    await _take_back(session, [plan.id], now)


def resume(plan: Plan, person: Person, now: datetime) -> None:
    """Go on from now, by the old rule; also after a stop."""
    plan.paused_at = plan.away_until = plan.stopped_at = plan.stopped_why = None
    plan.unanswered = 0
    reschedule(plan, person, now)


async def stop(session: AsyncSession, plan: Plan, now: datetime, why: str) -> None:
    """End a plan and take back what is on its way."""
    plan.stopped_at, plan.stopped_why = now, why
    plan.next_nominal = plan.next_due_at = None
    await _take_back(session, [plan.id], now)


async def suspend(session: AsyncSession, person: Person, now: datetime, why: str) -> None:
    """Write to this person no more until they come back: they blocked the bot, or the chat is gone."""
    person.suspended_at, person.suspended_why = now, why
    ids = (await session.scalars(select(Plan.id).where(Plan.person_id == person.id))).all()
    await session.execute(update(Plan).where(Plan.person_id == person.id).values(next_nominal=None, next_due_at=None))
    await _take_back(session, ids, now)


async def come_back(session: AsyncSession, person: Person, now: datetime) -> None:
    """Let the plans of a suspended person go on."""
    suspended = await active(session, person)
    person.suspended_at = person.suspended_why = None
    for plan in suspended:
        reschedule(plan, person, now)


async def change_zone(session: AsyncSession, person: Person, zone: str, now: datetime) -> None:
    """Move every plan to another zone: the wall times stay. One that is just past there still comes, once."""
    person.zone = zone
    for plan in await active(session, person):
        plan.zone = zone
        if plan.next_nominal:
            decision = after_move(
                cadence_of(plan), ZoneInfo(zone), Nominal.parse(plan.next_nominal), now, quiet_hours(person)
            )
            plan.missed += decision.missed
            set_next(plan, person, decision.send or decision.next)


async def _take_back(session: AsyncSession, plan_ids: Sequence[int], now: datetime) -> None:
    mine = CheckIn.plan_id.in_(plan_ids)
    await session.execute(
        update(CheckIn)
        .where(mine, CheckIn.state.in_(UNFINISHED))
        .values(state="cancelled", wake_at=None, owner=None, closed_at=now)
    )
    # What was sent keeps its answer buttons, but no nudge and no snooze comes any more.
    await session.execute(update(CheckIn).where(mine, CheckIn.state == "sent").values(wake_at=None))
