"""Find time zones: the pinned data, safe look-up by key, and suggestions from what a person types or sends."""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from zoneinfo import ZoneInfo

import tzfpy

from scheduler.places import Place, find_places, place_of, zones_by_population

MAX_SUGGESTIONS = 6
# Minutes. Watches run wrong and typing takes time; the nearest offsets in use lie 15 minutes apart.
MAX_CLOCK_ERROR = 10

_MINUTES_A_DAY = 24 * 60
_WEEK = timedelta(weeks=1)
_WEEKS_A_YEAR = 53


class UnknownZone(ValueError):  # noqa: N818 - it is what the person gave, not a fault
    """This is not the name of a time zone."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class ZoneData:
    """Name the IANA release in use, and whether it is the pinned package's."""

    version: str
    pinned: bool


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Offer a zone by a city in it. `region` may be empty; `local` is the time there, aware, only to be shown."""

    key: str
    city: str
    region: str
    local: datetime


def use_pinned_tzdata() -> str:
    """Make the pinned package the only source of zones and return its release, such as "2026f".

    Call once, before any zone is made: the operating system's files would win, and may be years old.
    """
    zoneinfo.reset_tzpath(to=())
    ZoneInfo.clear_cache()
    return check_tzdata().version


def check_tzdata() -> ZoneData:
    """Return what is in use. `version` is empty when the system's files win and do not tell theirs."""
    for root in map(Path, zoneinfo.TZPATH):
        if (root / "Etc" / "UTC").is_file():
            return ZoneData(_release(root / "tzdata.zi"), pinned=False)
    return ZoneData(_release(files("tzdata") / "zoneinfo" / "tzdata.zi"), pinned=True)


def zone(key: str) -> ZoneInfo:
    """Return the zone with this key; case and spaces do not matter. Raises UnknownZone.

    Only names of the pinned package are looked up, so no key reaches the file system that is not a zone's.
    """
    name = _keys().get(_key_form(key))
    if name is None:
        raise UnknownZone
    return ZoneInfo(name)


def zone_at(latitude: float, longitude: float) -> str | None:
    """Return the key of the zone at a place, in degrees, or None."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    name = tzfpy.get_tz(longitude, latitude)
    return _keys().get(name.casefold())


def find_zones(text: str, now: datetime) -> tuple[Suggestion, ...]:
    """Suggest zones for a city, country, state of the United States or zone name, the likeliest first.

    The zones of one area that keep the same time all year round are one suggestion. The first call builds the index of
    cities and takes a second or two: make it in a thread.
    """
    if key := _keys().get(_key_form(text)):
        return _suggest([place_of(key)], now, apart_by_region=True)
    return _suggest(find_places(text), now, apart_by_region=True)


def zones_with_local_time(now: datetime, wall: time) -> tuple[Suggestion, ...]:
    """Suggest zones where the clock shows `wall`, or nearly, at `now` (UTC); the most populous first.

    Zones that keep the same time all year round are one suggestion. Empty if no clock in the world shows it.
    """
    error = {place: _minutes_apart(wall, now.astimezone(zone(place.key)).time()) for place in zones_by_population()}
    nearest = min(error.values())
    if nearest > MAX_CLOCK_ERROR:
        return ()
    return _suggest([place for place in error if error[place] == nearest], now, apart_by_region=False)


def _suggest(places: Iterable[Place], now: datetime, *, apart_by_region: bool) -> tuple[Suggestion, ...]:
    seen: set[object] = set()
    suggestions: list[Suggestion] = []
    for place in places:
        region = place.region if apart_by_region else ""
        if place.key in seen or (alike := (region, _rhythm(place.key, now))) in seen:
            continue
        seen |= {place.key, alike}
        suggestions.append(Suggestion(place.key, place.city, place.region, now.astimezone(zone(place.key))))
        if len(suggestions) == MAX_SUGGESTIONS:
            break
    return tuple(suggestions)


def _rhythm(key: str, now: datetime) -> tuple[timedelta | None, ...]:
    """Return the offsets of the coming year, week by week: zones with equal ones keep the same time."""
    return tuple((now + week * _WEEK).astimezone(zone(key)).utcoffset() for week in range(_WEEKS_A_YEAR))


def _minutes_apart(one: time, other: time) -> int:
    apart = abs((one.hour - other.hour) * 60 + one.minute - other.minute)
    return min(apart, _MINUTES_A_DAY - apart)


def _key_form(text: str) -> str:
    return text.strip().replace(" ", "_").casefold()


@functools.cache
def _keys() -> dict[str, str]:
    """Map case-folded keys to keys.

    Short names in capitals are left out: "EST" stands still in summer, "PRC" and "W-SU" tell nobody anything.
    """
    names = files("tzdata").joinpath("zones").read_text("ascii").split()
    usable = (name for name in names if "/" in name or name in ("UTC", "GMT") or not name.isupper())
    return {name.casefold(): name for name in usable if name != "Factory"}


def _release(data_file: Path | Traversable) -> str:
    """Return the release that the first line of `data_file` names ("# version 2025b"), or nothing."""
    if not data_file.is_file():
        return ""
    with data_file.open("r", encoding="utf-8") as lines:
        return lines.readline().removeprefix("# version").strip()
