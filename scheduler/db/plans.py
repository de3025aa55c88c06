"""Keep plans: make, find, change, pause, resume, stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.cadence import Nominal, Occurrence, after_move, first_occurrence, next_occurrence, quiet
from scheduler.db import people
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.rule import Cadence, Unit

# More would make a burden of it.
MAX_PLANS = 5

UNFINISHED = ("waiting", "claimed")

# From just before midnight on, an occurrence at midnight still is to come. Instants are kept in milliseconds.
_MOMENT = timedelta(milliseconds=1)


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
    """Compute what comes next from the rule, the zone, what was taken up last, and until when the person is away."""
    done = Nominal.parse(plan.done_nominal) if plan.done_nominal else None
    zone, after = ZoneInfo(plan.zone), now
    if day_back := away_until(plan, now):
        after = datetime.combine(day_back, time(0), tzinfo=zone).astimezone(UTC) - _MOMENT
    set_next(plan, person, next_occurrence(cadence_of(plan), zone, after, done))


def away_until(plan: Plan, now: datetime) -> date | None:
    """Return the day from which the person is back, in the plan's zone; None when they are not away."""
    today = now.astimezone(ZoneInfo(plan.zone)).date()
    return plan.away_until if plan.away_until and plan.away_until > today else None


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
        unanswered=0,
        missed=0,
    )
    _set_rule(plan, cadence, zone)
    session.add(plan)
    set_next(plan, person, first)
    await session.flush()
    return plan


async def create_once(
    session: AsyncSession, person: Person, public_id: str, kind: str, at: datetime, now: datetime, about: str
) -> Plan:
    """Add a plan for one moment, in the person's zone as far as it is known, and not in the quiet hours.

    Raises as `create`.
    """
    zone = person.zone or "UTC"
    tz = ZoneInfo(zone)
    local = quiet(at, tz, *people.night(person)).astimezone(tz)
    cadence = Cadence(unit="once", at=time(local.hour, local.minute), anchor=local.date())
    return await create(session, person, public_id, kind, cadence, zone, now, about)


async def find(session: AsyncSession, person: Person, public_id: str) -> Plan | None:
    """Return this plan of this person, locked; nobody else's."""
    return await session.scalar(
        select(Plan).where(Plan.public_id == public_id, Plan.person_id == person.id).with_for_update()
    )


def change(plan: Plan, person: Person, cadence: Cadence, zone: str, now: datetime) -> None:
    """Give a plan another rule, from now on; it goes on if it was paused. Raises as `create`, before any change."""
    first_occurrence(cadence, ZoneInfo(zone), now)
    _set_rule(plan, cadence, zone)
    resume(plan, person, now)


def _set_rule(plan: Plan, cadence: Cadence, zone: str) -> None:
    plan.unit, plan.interval, plan.anchor = cadence.unit, cadence.interval, cadence.anchor
    plan.weekdays = "".join(map(str, cadence.weekdays))
    plan.month_day, plan.at, plan.zone = cadence.month_day, cadence.at.isoformat("minutes"), zone


async def active(session: AsyncSession, person: Person, *, lock: bool = False) -> Sequence[Plan]:
    """Return the plans of every kind that are not over, oldest first, paused ones too; `lock` them to change them."""
    query = select(Plan).where(Plan.person_id == person.id, Plan.stopped_at.is_(None)).order_by(Plan.id)
    rows = await session.scalars(query.with_for_update() if lock else query)
    return [
        plan for plan in rows if plan.next_nominal or plan.paused_at or (person.suspended_at and not _is_over(plan))
    ]


def _is_over(plan: Plan) -> bool:
    return plan.unit == "once" and plan.done_nominal is not None


async def pause(session: AsyncSession, plan: Plan, now: datetime) -> None:
    """Let nothing come until it is resumed, and take back what is on its way."""
    plan.paused_at, plan.away_until = now, None
    plan.next_nominal = plan.next_due_at = None
    await _take_back(session, [plan.id], now)


def resume(plan: Plan, person: Person, now: datetime) -> None:
    """Go on from now, by the old rule; also after a stop."""
    plan.paused_at = plan.away_until = plan.stopped_at = plan.stopped_why = None
    plan.unanswered = 0
    reschedule(plan, person, now)


async def go_away(session: AsyncSession, person: Person, plan: Plan, day_back: date, now: datetime) -> None:
    """Let nothing come before this day, and take back what is on its way; then it goes on by the old rule.

    What comes only once, and would have come while they are away, waits for that day.
    """
    plan.away_until, plan.paused_at, plan.unanswered = day_back, None, 0
    await _take_back(session, [plan.id], now)
    if plan.unit == "once" and not _is_over(plan) and plan.anchor < day_back:
        plan.anchor = day_back
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
    suspended = await active(session, person, lock=True)
    person.suspended_at = person.suspended_why = None
    for plan in suspended:
        reschedule(plan, person, now)


async def change_zone(session: AsyncSession, person: Person, zone: str, now: datetime) -> None:
    """Move every plan to another zone: the wall times stay. One that is just past there still comes, once."""
    person.zone = zone
    for plan in await active(session, person, lock=True):
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
    # What is just being sent may arrive, and is answered then; it is not repeated if its sender died meanwhile.
    await session.execute(
        update(CheckIn)
        .where(mine, CheckIn.state == "sending")
        .values(state="sent_unconfirmed", wake_at=None, owner=None)
    )
    # What was sent keeps its answer buttons, but no nudge and no snooze comes any more.
    await session.execute(
        update(CheckIn).where(mine, CheckIn.state.in_(("sent", "sent_unconfirmed"))).values(wake_at=None)
    )
