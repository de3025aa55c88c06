"""Measure what the bot occupies on a disk, and how long a backup takes: python -m tests.soak.disk [--write].

A person's year is written as the bot writes it: a plan, and a check-in each week that was answered. It prints a table,
with --write also into docs/measurements.md.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from sqlalchemy import insert, make_url

from scheduler.db import backup
from scheduler.db.engine import Database
from scheduler.db.models import CheckIn
from tests.bench import document, machine
from tests.bench.crowds import DUE, add_plans, new_database, opened
from tests.faults.tally import where_and_when, written
from tests.keys import new_vault

PEOPLE = 2_000
WEEKS = 52

# What somebody adds to every fourth answer.
DETAILS = {"changed": "size", "size": "larger", "note": "a little redder than it was last week"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.disk", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table into docs/measurements.md")
    asked = parser.parse_args(arguments)
    facts = where_and_when(machine.facts(None))
    with new_database() as url, tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(_fill(url)) | _back_up(_file(url), Path(folder)) | _installed()
    text = f"{facts}\n{written(rows)}"
    sys.stdout.write(text)
    if asked.write:
        document.write("disk", text)


async def _fill(url: str) -> dict[str, object]:
    """Give everybody a plan, then a year of answers; return what a row of each adds to the file."""
    async with opened(url) as database:
        empty = await _size(database, url)
        await add_plans(database, 1, PEOPLE, DUE)
        with_plans = await _size(database, url)
        for week in range(WEEKS):
            await _answer(database, DUE + timedelta(weeks=week - WEEKS), DETAILS if week % 4 == 0 else None)
        full = await _size(database, url)
    return {
        "bytes for each person with a plan": round((with_plans - empty) / PEOPLE),
        "bytes for each answered check-in": round((full - with_plans) / PEOPLE / WEEKS),
        f"kB a year for each person who answers every week, {PEOPLE:,} people": round((full - empty) / PEOPLE / 1_000),
    }


async def _answer(database: Database, due_at: datetime, details: Mapping[str, str] | None) -> None:
    """Let everybody have answered the check-in that was due then."""
    vault = new_vault()
    rows = [
        {
            "plan_id": number,
            "person_id": number,
            "nominal": f"{due_at:%Y-%m-%dT%H:%M}",
            "zone": "Etc/UTC",
            "due_at": due_at,
            "expires_at": due_at + timedelta(hours=12),
            "state": "sent",
            "attempt": 1,
            "sent_at": due_at,
            "message_id": 1_000_000 + number,
            "closed_at": due_at,
            "answered_at": due_at,
            "_answer": vault.seal("changed" if details else "same", "check_ins.answer", number),
            "_details": details and vault.seal(details, "check_ins.details", number),
        }
        for number in range(1, PEOPLE + 1)
    ]
    async with database.write() as session:
        await session.execute(insert(CheckIn), rows)


async def _size(database: Database, url: str) -> int:
    """Return the size of the file, with everything of the log in it."""
    async with database.write() as session:
        connection = await session.connection()
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        size = (await connection.exec_driver_sql("PRAGMA page_size")).scalar_one()
    return int(pages * size)


def _back_up(database: Path, folder: Path) -> dict[str, object]:
    copy, until = folder / "backup.db", DUE + timedelta(hours=1)
    saved = _seconds(lambda: backup.save(database, copy))
    size = copy.stat().st_size / 1e6
    restored = _seconds(lambda: backup.restore(copy, database, new_vault(), until, until))
    return {
        "backup, MB": f"{size:.0f}",
        "seconds to make it": f"{saved:.1f}",
        "seconds to put it back, each plan due since it was made": f"{restored:.1f}",
    }


def _installed() -> dict[str, object]:
    """Return the size of the bot's libraries as they lie here, without those that only build and test."""
    sizes = {name: _bytes(name) for name in _needed("calcibot", set(), {"calcibot"})}
    largest = max(sizes, key=lambda name: sizes[name])
    return {
        f"MB of {len(sizes)} libraries": round(sum(sizes.values()) / 1e6),
        f"MB of the largest of them ({largest})": round(sizes[largest] / 1e6),
    }


def _needed(name: str, extras: Set[str], known: set[str]) -> Iterator[str]:
    """Yield all libraries that this one needs, each once."""
    for line in distribution(name).requires or ():
        one = Requirement(line)
        is_for_us = one.marker is None or any(one.marker.evaluate({"extra": extra}) for extra in extras | {""})
        if not is_for_us or one.name.lower() in known:
            continue
        known.add(one.name.lower())
        yield one.name
        yield from _needed(one.name, one.extras, known)


def _bytes(name: str) -> int:
    found = (Path(str(file.locate())) for file in distribution(name).files or ())
    return sum(path.stat().st_size for path in found if path.exists())


def _file(url: str) -> Path:
    return Path(make_url(url).database or "")


def _seconds(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


if __name__ == "__main__":
    main()
