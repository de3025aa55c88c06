"""Read many messages on every core of the machine: what takes most of the time of a build."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

Item = TypeVar("Item")
Read = TypeVar("Read")

# So many messages are handed to a process at a time.
_CHUNK = 100

# A fork has everything loaded that another process would have to load first; only on Linux is it safe.
CONTEXT = get_context("fork" if sys.platform == "linux" else "spawn")

# Each process has its own.
_read: Callable[[Any], Any]


def read_on_every_core(
    make_reader: Callable[..., Callable[[Item], Read]], sources: Iterable[Any], items: Iterable[Item]
) -> list[Read]:
    """Return what a reader makes of each of `items`; each process makes itself one of `sources`."""
    with ProcessPoolExecutor(mp_context=CONTEXT, initializer=_prepare, initargs=(make_reader, *sources)) as readers:
        return list(readers.map(_read_one, items, chunksize=_CHUNK))


def _prepare(make_reader: Callable[..., Callable[[Any], Any]], *sources: object) -> None:
    global _read
    _read = make_reader(*sources)
    # No process lives long enough for its garbage to matter.
    gc.disable()


def _read_one(item: Any) -> Any:  # noqa: ANN401  (what the reader takes and makes)
    return _read(item)
