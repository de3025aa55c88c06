"""A year of many people in forty zones: each check-in comes once, at its wall time, and none is lost."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiosqlite import Connection

from scheduler.cadence import Nominal
from tests.scheduler.builders import opened
from tests.scheduler.cadences import pinned_tzdata
from tests.scheduler.year.cast import BEGIN, NIGHT, Character, make_cast
from tests.scheduler.year.judge import judge
from tests.scheduler.year.oracle import Downtime, expect
from tests.scheduler.year.world import Letter, Year
from tests.store import at_once

__all__ = ["pinned_tzdata"]
pytestmark = pytest.mark.usefixtures("pinned_tzdata")

# Over one of the hours that many wait for; and over days, so that some of it is too old in the end.
DOWNTIMES = (
    Downtime(datetime(2027, 5, 24, 7, tzinfo=UTC), datetime(2027, 5, 24, 10, tzinfo=UTC)),
    Downtime(datetime(2027, 3, 11, 6, tzinfo=UTC), datetime(2027, 3, 13, 12, tzinfo=UTC)),
)

# Telegram is out of reach just then.
OUTAGES = (datetime(2027, 2, 15, 8, tzinfo=UTC), datetime(2027, 10, 25, 20, tzinfo=UTC))

# Enough for a control.
FEW = 12


@pytest.fixture(autouse=True)
def _without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "_execute", at_once)


@pytest.mark.case(89)
async def test_a_year_in_forty_zones_loses_nothing_doubles_nothing_and_keeps_every_wall_time(
    empty_database: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    cast = make_cast()

    async with _lived(cast, empty_database, tmp_path) as year:
        verdict = await judge(year, cast, [expect(who, DOWNTIMES) for who in cast])

    record_property("tally", f"a year: {verdict} ({year.looks} looks)")
    assert verdict.breaches == {}


async def test_control_the_judge_sees_what_is_lost_doubled_late_or_brought_up_again(
    empty_database: Path, tmp_path: Path
) -> None:
    cast = make_cast(FEW)
    courses = [expect(who, DOWNTIMES) for who in cast]
    async with _lived(cast, empty_database, tmp_path) as year:
        letters = year.letters[next(who.chat_id for who in cast if who.habit == "answers" and who.night == NIGHT)]
        kept, breaches = list(letters), []

        for harm in (lambda letters: None, _lose, _double, _delay, _nudge_about):
            harm(letters)
            breaches.append(set((await judge(year, cast, courses)).breaches))
            letters[:] = kept

    assert breaches == [set(), {"lost"}, {"doubled"}, {"untimely"}, {"unwanted nudge"}]


def _lose(letters: list[Letter]) -> None:
    del letters[1]


def _double(letters: list[Letter]) -> None:
    letters.append(letters[1])


def _delay(letters: list[Letter]) -> None:
    letters[1] = Letter(letters[1].due, letters[1].at + timedelta(hours=1))


def _nudge_about(letters: list[Letter]) -> None:
    letters.append(Letter(letters[1].due._replace(is_nudge=True), letters[1].at + timedelta(days=1)))


async def test_control_with_the_offsets_of_winter_all_year_the_wall_times_are_wrong(
    empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = make_cast(FEW)

    def in_winter(nominal: Nominal, zone: ZoneInfo) -> datetime:
        return datetime.combine(nominal.day, nominal.at, tzinfo=UTC) - (
            BEGIN.astimezone(zone).utcoffset() or timedelta()
        )

    monkeypatch.setattr("scheduler.cadence.instant", in_winter)
    async with _lived(cast, empty_database, tmp_path) as year:
        verdict = await judge(year, cast, [expect(who, DOWNTIMES) for who in cast])

    assert "untimely" in verdict.breaches


@asynccontextmanager
async def _lived(cast: Sequence[Character], empty_database: Path, folder: Path) -> AsyncIterator[Year]:
    path = folder / "year.db"
    shutil.copy(empty_database, path)
    async with opened(f"sqlite:///{path}") as database:
        year = Year(database, cast, DOWNTIMES, OUTAGES)
        await year.pass_by()
        yield year
