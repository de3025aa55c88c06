"""Let workers that wait and workers that compute share the cores from beginning to end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

# Most of their time these wait: for other processes, or for time to pass. So many workers begin with them, and are
# there beside the others.
WAITING = (
    "tests/faults/",
    "tests/browser/",
    "tests/bot/test_health.py",
    "tests/bot/test_side_by_side.py",
    "tests/scheduler/test_clocks.py",
)
WAITERS = 2

# Single tests that take seconds: at the end they would hold up all.
LONG = ("tests/bot/test_canary.py", "tests/scheduler/test_year.py", "tests/scheduler/upgrades/")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deal out what waits and what is long to the beginnings of the parts that `--dist worksteal` gives to workers."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    if workers > WAITERS:
        items[:] = deal(items, workers)


def deal(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return the items in an order that is cut into even parts, one for each worker."""
    waiting = [item for item in items if item.nodeid.startswith(WAITING)]
    long = [item for item in items if item.nodeid.startswith(LONG)]
    first = {*waiting, *long}
    others = iter([item for item in items if item not in first])
    heads = [waiting[start::WAITERS] for start in range(WAITERS)]
    heads += [long[start :: workers - WAITERS] for start in range(workers - WAITERS)]
    dealt: list[pytest.Item] = []
    for number, head in enumerate(heads):
        size = (len(items) - len(dealt)) // (workers - number)
        dealt += head
        dealt += [item for _, item in zip(range(size - len(head)), others, strict=False)]
    return [*dealt, *others]
