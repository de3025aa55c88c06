"""Read files of sample texts and judge answers by the rules of their format."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from time import process_time
from typing import Any, TypeVar

from tests.conftest import EVERYTHING

T = TypeVar("T")

CONTENT = Path(__file__).parents[2] / "content" / "en"
DATA = Path(__file__).parent / "data"
EVAL = Path(__file__).parents[1] / "eval"
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def words_file(name: str) -> dict[str, Any]:
    return tomllib.loads((CONTENT / name).read_text(encoding="utf-8"))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def one_in(number: int, of: Sequence[T]) -> Sequence[T]:
    """Return one of so many, evenly spread, or all where everything has to run: each takes a millisecond or more."""
    return of if EVERYTHING else of[::number]


def same_schedule(got: dict[str, Any] | str, expected: dict[str, Any] | str) -> bool:
    """Return whether two answers are equal as the format defines it: null where a start implies the day."""
    if isinstance(got, str) or isinstance(expected, str):
        return got == expected
    left, right = _plain(got), _plain(expected)
    if any(left[field] != right[field] for field in ("freq", "interval", "time")):
        return False
    if right["first"] and left["first"] != right["first"]:
        return False
    start = date.fromisoformat(right["first"]) if right["first"] else None
    implied = {"weekday": [CODES[start.weekday()]], "monthday": start.day} if start else {}
    empty: dict[str, Any] = {"weekday": [], "monthday": None}
    return all(
        left[field] == right[field]
        or (
            field in implied
            and sorted([str(left[field]), str(right[field])]) == sorted([str(empty[field]), str(implied[field])])
        )
        for field in empty
    )


def _plain(sample: dict[str, Any]) -> dict[str, Any]:
    plain = {**sample, "weekday": sorted(sample["weekday"] or [])}
    if plain["freq"] == "daily" and plain["interval"] % 7 == 0:
        plain |= {"freq": "weekly", "interval": plain["interval"] // 7}
    return plain | ({"interval": 1} if plain["freq"] == "once" else {})


def takes_less(than: float, call: Callable[[], object], tries: int = 3) -> bool:
    """Return whether it takes less CPU time, in seconds; a try may hold a garbage collection of the whole test run."""

    def seconds() -> float:
        start = process_time()
        call()
        return process_time() - start

    return any(seconds() < than for _ in range(tries))
