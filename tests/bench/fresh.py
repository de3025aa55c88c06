"""Run each measurement in a process of its own, of the same kind for all that are compared."""

from __future__ import annotations

import asyncio
import gc
import inspect
import logging
import multiprocessing
import os
import traceback
from collections.abc import Callable, Coroutine, Mapping
from multiprocessing.connection import Connection
from typing import Any, TypeVar, overload

from bot.logs import set_up_logs
from scheduler.zones import use_pinned_tzdata
from tests.faults import child

T = TypeVar("T")

# Seconds that nothing takes, even with a million rows on a busy machine.
LONGEST = 1800.0

# Forked from a process that has imported the program and read the content: importing would take longer than measuring.
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["__main__", child.__name__, "tests.bench.delivery", "tests.bench.growth"])


class Failed(Exception):  # noqa: N818  # it says what happened
    """A measurement ended with an error."""


class Running:
    """Hold one measurement that is under way."""

    def __init__(self, work: Callable[..., Any], arguments: tuple[object, ...]) -> None:
        """Start it."""
        self._here, there = multiprocessing.Pipe()
        self._process = _forks.Process(target=_run, args=(there, work, arguments))
        self._process.start()
        there.close()

    def result(self) -> Any:
        """Wait for it, and return what it returned. Raises Failed with what it raised."""
        try:
            if not self._here.poll(LONGEST):
                self._process.kill()
                raise Failed(f"not within {LONGEST:g} s")
            is_good, value = self._here.recv()
        except EOFError:
            is_good, value = False, "it ended without a word"
        self._process.join()
        if not is_good:
            raise Failed(value)
        return value


@overload
def call(work: Callable[..., Coroutine[Any, Any, T]], *arguments: object) -> T: ...


@overload
def call(work: Callable[..., T], *arguments: object) -> T: ...


def call(work: Callable[..., Any], *arguments: object) -> Any:
    """Return what a function of a module, or a coroutine of it, returns in a fresh process."""
    return Running(work, arguments).result()


def together(works: Mapping[str, tuple[Callable[..., Any], tuple[object, ...]]]) -> dict[str, Any]:
    """Run all of them at the same time: for what mostly waits."""
    running = {name: Running(work, arguments) for name, (work, arguments) in works.items()}
    return {name: one.result() for name, one in running.items()}


def side_by_side(repeats: int, works: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Run one after the other, again and again, so that a busy minute falls on all of them."""
    found: dict[str, list[T]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            found[name].append(work())
    return found


def _run(told: Connection, work: Callable[..., Any], arguments: tuple[object, ...]) -> None:
    use_pinned_tzdata()
    # What peers log of what they lose is counted instead.
    set_up_logs("ERROR", "json")
    logging.disable(logging.CRITICAL)
    # As the bot does after its start: what is loaded need not be looked through again.
    gc.freeze()
    try:
        value = work(*arguments)
        told.send((True, asyncio.run(value) if inspect.iscoroutine(value) else value))
    except Exception:  # noqa: BLE001  # whatever it is, it is told where it is waited for
        told.send((False, traceback.format_exc()))
    told.close()
    # A measurement may leave threads behind that would be waited for.
    os._exit(0)
