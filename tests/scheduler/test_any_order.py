"""Whatever people do, and whatever breaks, in any order: the promises about check-ins hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.conftest import EVERYTHING
from tests.scheduler.machine import AnyOrder

# A second or two; some hundreds of them at night.
EXAMPLES = int(os.environ.get("ANY_ORDER_EXAMPLES", "12" if EVERYTHING else "5"))
STEPS = 40

# For a control, far more than are needed.
MOST_EXAMPLES = 100


def _settings(**changes: Any) -> settings:
    return settings(
        **{
            "max_examples": EXAMPLES,
            "stateful_step_count": STEPS,
            "deadline": None,
            "derandomize": True,
            "database": None,
            "suppress_health_check": list(HealthCheck),
            **changes,
        }
    )


@pytest.mark.case(106)
def test_in_any_order_nothing_is_lost_nothing_comes_unwanted_and_no_third_copy(empty_database: Path) -> None:
    AnyOrder.empty_database = empty_database

    run_state_machine_as_test(AnyOrder, settings=_settings())


def test_control_without_asking_before_each_sending_the_machine_finds_what_is_sent_wrongly(
    empty_database: Path,
) -> None:
    class NeverAsks(AnyOrder):
        asks_before, only = False, "hang, then ask"

    NeverAsks.empty_database = empty_database

    with pytest.raises(AssertionError, match=r"sent|copy"):
        run_state_machine_as_test(NeverAsks, settings=_settings(max_examples=MOST_EXAMPLES, phases=[Phase.generate]))


def test_control_without_the_limit_of_unknown_sendings_the_machine_finds_a_third_copy(
    empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class NeverCounts(AnyOrder):
        only = "unknown, arrived"

    NeverCounts.empty_database = empty_database
    monkeypatch.setattr("scheduler.db.claims.MAX_UNKNOWNS", 99)

    with pytest.raises(AssertionError, match="copy 3"):
        run_state_machine_as_test(NeverCounts, settings=_settings(max_examples=MOST_EXAMPLES, phases=[Phase.generate]))
