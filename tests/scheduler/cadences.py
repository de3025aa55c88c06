"""Build rules and walk through them, on the pinned zone data."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
import whenever
from hypothesis import strategies as st

from scheduler.cadence import Cadence, Occurrence, next_occurrence, nominal_times
from scheduler.zones import use_pinned_tzdata

ZONES = [name for name in files("tzdata").joinpath("zones").read_text("ascii").split() if name != "Factory"]
DAY = timedelta(days=1)
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))


@pytest.fixture(scope="module")
def pinned_tzdata() -> Iterator[None]:
    """Use the package's zones here and in `whenever`, and the machine's again afterwards."""
    before = zoneinfo.TZPATH
    use_pinned_tzdata()
    whenever.reset_tzpath(())
    whenever.clear_tzcache()
    yield
    zoneinfo.reset_tzpath(to=before)
    ZoneInfo.clear_cache()
    whenever.reset_tzpath()
    whenever.clear_tzcache()


def daily(at: str = "09:00", anchor: str = "2026-01-01", **changes: object) -> Cadence:
    given = {"unit": "day", "at": time.fromisoformat(at), "anchor": date.fromisoformat(anchor), **changes}
    return Cadence(**given)  # type: ignore[arg-type]  # a builder passes on whatever a test wants changed


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def dates(cadence: Cadence, how_many: int) -> list[str]:
    return [str(nominal.day) for nominal in islice(nominal_times(cadence), how_many)]


def walk(cadence: Cadence, zone: ZoneInfo, after: datetime, how_many: int) -> list[Occurrence]:
    """Go from each occurrence to the next, as the program does."""
    found: list[Occurrence] = []
    following = next_occurrence(cadence, zone, after)
    while following is not None and len(found) < how_many:
        found.append(following)
        following = next_occurrence(cadence, zone, following.due_at, following.nominal)
    return found
