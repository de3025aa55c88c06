"""Three real replicas share one database: nothing is lost, doubled or out of order when one dies and one restarts."""

from __future__ import annotations

import os
from pathlib import Path

from tests.bench.crowds import new_database
from tests.conftest import leave_out
from tests.faults.harness import tell
from tests.faults.replicas import run
from tests.faults.tally import Orders, follow, worst_second

# A fifth of what `python -m tests.faults.replicas` does by default.
SMALL = Orders(due=60, seconds=6)


async def test_nothing_is_lost_or_out_of_order_when_one_of_three_replicas_is_killed_and_one_restarted(
    tmp_path: Path,
) -> None:
    server = os.environ.get("TEST_POSTGRESQL_URL")
    if not server:
        leave_out("TEST_POSTGRESQL_URL names no PostgreSQL server")

    with new_database(server) as url:
        tally = await run(SMALL, url, tmp_path, tell)

    tell(tally)
    assert tally.broken == []
    assert sum(len(one.waits) for one in tally.answers) == SMALL.updates_per_second * SMALL.seconds


def test_control_a_missing_answer_is_lost_and_a_later_one_before_an_earlier_is_told() -> None:
    written = [0.0, 4.0, 8.0]

    whole = follow(written, [(1.0, 0), (5.0, 1), (9.5, 2)])
    again = follow(written, [(1.0, 0), (2.0, 0), (5.0, 1), (9.5, 2)])
    without_one = follow(written, [(1.0, 0), (9.5, 2)])
    swapped = follow(written, [(1.0, 0), (5.0, 2), (9.5, 1)])

    assert (whole.waits, whole.lost, whole.repeated, whole.out_of_order) == ([1.0, 1.0, 1.5], 0, 0, 0)
    assert (again.lost, again.repeated, again.out_of_order) == (0, 1, 0)
    assert (without_one.lost, without_one.out_of_order) == (2, 1)
    assert (swapped.lost, swapped.out_of_order) == (1, 1)


def test_the_worst_second_may_begin_at_any_moment() -> None:
    assert worst_second([]) == 0
    assert worst_second([0.0, 0.5, 0.9, 1.2, 1.4, 3.0]) == 4
    assert worst_second([2.0, 1.0, 0.0]) == 1
