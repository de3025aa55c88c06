"""Follow each plan's dates: every one is a check-in or counted as missed, none is passed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduler.cadence import Nominal, instant
from scheduler.db.models import CheckIn, Plan
from scheduler.db.plans import cadence_of
from scheduler.rule import count_before, nth_date

UNFINISHED = {"waiting", "claimed", "sending"}
NOBODYS = {"expired", "cancelled", "failed"}


@dataclass(frozen=True)
class _Entry:
    """Hold from where on a plan is followed: the number of its next date, and what was there by then."""

    number: int
    taken: int
    has_moved: bool = False


class Ledger:
    """Hold what is known of each plan that goes on."""

    def __init__(self) -> None:
        self._entries: dict[int, _Entry] = {}

    def start(self, plan: Plan, rows: Sequence[CheckIn]) -> None:
        """Follow a plan from now on: it is new, has another rule, or goes on after a pause."""
        self._entries.pop(plan.id, None)
        if plan.next_nominal:
            self._entries[plan.id] = _Entry(_number(plan), _taken(plan, rows))

    def moved(self, plan: Plan) -> None:
        """Know that this plan's dates had other instants before."""
        if entry := self._entries.get(plan.id):
            self._entries[plan.id] = _Entry(entry.number, entry.taken, has_moved=True)

    def check(self, plans: Sequence[Plan], rows: Sequence[CheckIn], latest: datetime) -> Iterator[str]:
        """Yield what is wrong. `latest` is the latest time that the clock ever showed."""
        dates = Counter((row.plan_id, row.nominal[:10]) for row in rows)
        yield from (f"two check-ins for one date: {key}" for key, times in dates.items() if times > 1)
        yield from (f"row {row.id} cannot be: {row.state}" for row in rows if not _is_possible(row))
        for plan in plans:
            entry = self._entries.get(plan.id)
            if plan.next_nominal is None:
                self._entries.pop(plan.id, None)
            elif entry is not None:
                yield from _wrong(plan, entry, rows, latest)


def _wrong(plan: Plan, entry: _Entry, rows: Sequence[CheckIn], latest: datetime) -> Iterator[str]:
    passed, taken = _number(plan) - entry.number, _taken(plan, rows) - entry.taken
    if passed != taken:
        yield f"{plan.public_id}: of {passed} dates {taken} were taken up or counted as missed"
    before = nth_date(cadence_of(plan), _number(plan) - 1)
    if passed and not entry.has_moved and before and instant(_at(plan, before), ZoneInfo(plan.zone)) > latest:
        yield f"{plan.public_id}: {before} was passed over before its time"


def _number(plan: Plan) -> int:
    assert plan.next_nominal is not None  # asked of plans that go on
    return count_before(cadence_of(plan), Nominal.parse(plan.next_nominal).day)


def _at(plan: Plan, day: object) -> Nominal:
    return Nominal.parse(f"{day}T{plan.at}")


def _taken(plan: Plan, rows: Sequence[CheckIn]) -> int:
    return plan.missed + sum(row.plan_id == plan.id for row in rows)


def _is_possible(row: CheckIn) -> bool:
    """Say whether a row is one that somebody will look at again if, and only if, that is needed."""
    if row.state in UNFINISHED:
        return row.wake_at is not None and (row.owner is None) == (row.state == "waiting")
    return row.owner is None and not (row.wake_at and (row.state in NOBODYS or row.closed_at or row.answered_at))
