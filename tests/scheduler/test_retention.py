"""Things are kept for as long as people were told, and not a day longer. On SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from scheduler.db import people
from scheduler.db.engine import Database
from scheduler.db.models import Base, CheckIn, Person, Plan, Run
from scheduler.db.retention import Terms, forget_old, months_before
from scheduler.deliver import Deliverer
from scheduler.jobs import Clockwork
from tests.clock import START, StillClock
from tests.scheduler.builders import Post, opened

# Two years on, at the same time of day.
LATER = datetime(2028, 11, 22, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


async def add(database: Database, chat_id: int = 7, keep_months: int | None = None, *, goes_on: bool = True) -> None:
    """Add a person with a plan, an answered check-in and a saved checklist, all of the same moment."""
    async with database.write() as session:
        person = await people.ensure(session, chat_id, START)
        person.keep_months = keep_months
        plan = Plan(
            public_id=f"plan{chat_id}",
            person_id=person.id,
            kind="check_in",
            created_at=START,
            unit="month",
            interval=1,
            at="09:00",
            anchor=START.date(),
            zone="UTC",
            stopped_at=None if goes_on else START,
        )
        session.add(plan)
        await session.flush()
        session.add(
            CheckIn(
                plan_id=plan.id,
                person_id=person.id,
                nominal="2026-11-22T09:00",
                zone="UTC",
                due_at=START,
                expires_at=START,
                state="sent",
                answered_at=START,
                answer="same",
            )
        )
        session.add(_run(person, f"run{chat_id}", START, saved_at=START))


def _run(person: Person, public_id: str, started_at: datetime, saved_at: datetime | None = None) -> Run:
    return Run(
        public_id=public_id,
        person_id=person.id,
        checklist_version=1,
        started_at=started_at,
        answers={"pain": "no"},
        saved_at=saved_at,
    )


async def clean(database: Database, now: datetime, terms: Terms = Terms()) -> None:  # noqa: B008
    async with database.write() as session:
        await forget_old(session, terms, now)


async def left(database: Database, model: type[Base]) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.case(113)
async def test_answers_go_after_24_months_and_a_plan_that_goes_on_stays(database: Database) -> None:
    await add(database)

    await clean(database, LATER - MINUTE)
    kept = await left(database, CheckIn), await left(database, Run)
    await clean(database, LATER + MINUTE)

    assert kept == (1, 1)
    assert (await left(database, CheckIn), await left(database, Run)) == (0, 0)
    assert (await left(database, Plan), await left(database, Person)) == (1, 1)


async def test_a_person_who_chose_a_shorter_time_gets_it_and_others_do_not(database: Database) -> None:
    await add(database, 7, keep_months=6)
    await add(database, 8)

    await clean(database, months_before(LATER, 18) - MINUTE)
    assert await left(database, CheckIn) == 2
    await clean(database, months_before(LATER, 18) + MINUTE)

    assert (await left(database, CheckIn), await left(database, Run)) == (1, 1)
    assert await left(database, Person) == 2


async def test_nobody_s_answers_are_kept_for_longer_than_the_operator_says(database: Database) -> None:
    await add(database, 7, keep_months=24)

    await clean(database, months_before(LATER, 12) + MINUTE, Terms(answers_months=12))

    assert await left(database, CheckIn) == 0


async def test_what_is_left_of_somebody_who_stopped_goes_with_the_answers(database: Database) -> None:
    await add(database, goes_on=False)

    await clean(database, LATER - MINUTE)
    assert await left(database, Person) == 1
    await clean(database, LATER + MINUTE)

    assert [await left(database, model) for model in (Person, Plan, CheckIn, Run)] == [0, 0, 0, 0]


@pytest.mark.parametrize("model", [Person, Plan, CheckIn, Run])
async def test_somebody_who_blocked_the_bot_is_forgotten_after_90_days(database: Database, model: type[Base]) -> None:
    await add(database)
    async with database.write() as session:
        person = await people.find(session, 7, lock=True)
        assert person is not None
        person.suspended_at = START

    await clean(database, START + timedelta(days=90) - MINUTE)
    kept = await left(database, model)
    await clean(database, START + timedelta(days=90) + MINUTE)

    assert (kept, await left(database, model)) == (1, 0)


async def test_a_checklist_that_was_not_saved_goes_after_24_hours(database: Database) -> None:
    await add(database)
    async with database.write() as session:
        person = await people.find(session, 7)
        assert person is not None
        session.add(_run(person, "open", START))

    await clean(database, START + timedelta(hours=24) - MINUTE)
    kept = await left(database, Run)
    await clean(database, START + timedelta(hours=24) + MINUTE)

    assert (kept, await left(database, Run)) == (2, 1)


async def test_the_nightly_job_does_all_of_it(database: Database, clock: StillClock) -> None:
    await add(database, goes_on=False)
    clock.move_to(LATER + MINUTE)

    await Clockwork(database, Deliverer(database, Post().send, clock, "one"), clock).clean_up()

    assert await left(database, Person) == 0


def test_months_back_end_on_the_last_day_of_a_shorter_month() -> None:
    assert months_before(datetime(2028, 8, 31, tzinfo=UTC), 6) == datetime(2028, 2, 29, tzinfo=UTC)
    assert months_before(datetime(2028, 1, 15, tzinfo=UTC), 24) == datetime(2026, 1, 15, tzinfo=UTC)
