"""A power cut at any moment leaves a whole file, with everything in it that was acknowledged."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import aclosing, closing
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import make_url, text

from tests.faults.harness import SEEDS, Child, Scene, dice, eventually, tell
from tests.faults.power import copy_as_they_are, lose_the_log, tear
from tests.faults.writer import write_for_ever

CUTS = 12

# Between two cuts, in seconds: enough for some hundred pages, so that the log is brought into the file meanwhile.
MOST_BETWEEN = 0.2


@pytest.mark.case(69)
@pytest.mark.parametrize("seed", SEEDS)
async def test_a_power_cut_at_any_moment_loses_nothing_that_was_acknowledged(small_scene: Scene, seed: int) -> None:
    chance, cuts = dice(seed), 0
    async for copy, acknowledged in _cut_again_and_again(small_scene, chance):
        tear(copy, chance)

        assert _check(copy) == "ok"
        assert set(range(1, acknowledged + 1)) <= _done(copy)
        cuts += 1

    tell(f"{cuts} cuts, {acknowledged} updates")
    assert cuts == CUTS


async def test_control_without_its_log_the_file_lacks_what_was_acknowledged(small_scene: Scene) -> None:
    is_missing = False
    async with aclosing(_cut_again_and_again(small_scene, dice(1))) as cuts:
        async for copy, acknowledged in cuts:
            lose_the_log(copy)

            is_missing = _check(copy) != "ok" or acknowledged > len(_done(copy))
            if is_missing:
                break

    assert is_missing


async def test_every_commit_waits_for_the_disk(small_scene: Scene) -> None:
    async with small_scene.database.write() as session:
        waits = await session.scalar(text("PRAGMA synchronous"))
        log = await session.scalar(text("PRAGMA journal_mode"))

    # FULL.
    assert (waits, log) == (2, "wal")


async def _cut_again_and_again(scene: Scene, chance: Random) -> AsyncGenerator[tuple[Path, int]]:
    """Let a process write, and yield what is on the disk at some moments, with the number of acknowledged updates."""
    said = scene.folder / "said"
    path = make_url(scene.database_url).database
    assert path is not None
    writer = scene.fork(write_for_ever, scene.database_url, str(said))
    await eventually(lambda: said.exists() and said.stat().st_size > CUTS, "the first commits")
    for number in range(CUTS):
        await asyncio.sleep(chance.uniform(0, MOST_BETWEEN))
        writer.signal(signal.SIGSTOP)
        await eventually(lambda: _stands_still(writer), "a process that stands still")
        acknowledged = said.stat().st_size
        copy = copy_as_they_are(Path(path), scene.folder / f"cut{number}")
        writer.signal(signal.SIGCONT)
        yield copy, acknowledged


def _stands_still(writer: Child) -> bool:
    tasks = Path(f"/proc/{writer.pid}/task").glob("*/stat")
    return all(stat.read_text().rpartition(")")[2].split()[0] == "T" for stat in tasks)


def _check(path: Path) -> str:
    try:
        with closing(sqlite3.connect(path)) as connection:
            return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    except sqlite3.DatabaseError as error:
        return str(error)


def _done(path: Path) -> set[int]:
    with closing(sqlite3.connect(path)) as connection:
        return {number for (number,) in connection.execute("SELECT update_id FROM seen_updates WHERE done")}
