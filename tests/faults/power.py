"""Cut the power: leave of a database's files what a machine may find on its disk when it comes up again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

HEADER, FRAME_HEADER = 32, 24


def copy_as_they_are(database: Path, to: Path) -> Path:
    """Copy the file and its log, as they are at one moment: whoever writes must stand still. The index is lost."""
    copy = to / database.name
    to.mkdir()
    shutil.copyfile(database, copy)
    if _log(database).exists():
        shutil.copyfile(_log(database), _log(copy))
    return copy


def tear(database: Path, chance: Random) -> None:
    """Spoil what no completed write vouches for: all of the log after the last commit, and the pages that it holds.

    The log is brought into the file at some time; a page that is half written then is still whole in the log.
    """
    log = _log(database)
    data = bytearray(log.read_bytes()) if log.exists() else bytearray()
    if len(data) < HEADER:
        return
    size = int.from_bytes(data[8:12], "big")
    end = HEADER
    pages: set[int] = set()
    waiting: set[int] = set()
    for start, page, is_commit in _frames(data, size):
        waiting.add(page)
        if is_commit:
            end, pages, waiting = start + FRAME_HEADER + size, pages | waiting, set()
    log.write_bytes(data[:end] + chance.randbytes(chance.randint(0, len(data) - end)))
    with database.open("r+b") as file:
        for page in pages:
            if (page - 1) * size < os.fstat(file.fileno()).st_size:
                file.seek((page - 1) * size)
                file.write(chance.randbytes(chance.randint(1, size)))


def lose_the_log(database: Path) -> None:
    """Leave only the one file."""
    _log(database).unlink()


def _frames(data: bytearray, size: int) -> Iterator[tuple[int, int, bool]]:
    """Yield the place and the page of each frame that belongs to this log, and whether it ends a transaction."""
    salts = data[16:24]
    for start in range(HEADER, len(data) - FRAME_HEADER - size + 1, FRAME_HEADER + size):
        if data[start + 8 : start + 16] != salts:
            return
        yield start, int.from_bytes(data[start : start + 4], "big"), any(data[start + 4 : start + 8])


def _log(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")
