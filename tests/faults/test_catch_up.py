"""When many have missed the same time, they come one after the other, and people who write are answered between."""

from __future__ import annotations

import os
import time
from unittest.mock import patch

import pytest

from bot.pacing import SENDS_PER_SECOND, Pace
from bot.phone.people import Person
from tests.conftest import EVERYTHING
from tests.faults import child
from tests.faults.checker import judge, unfinished
from tests.faults.crowd import gather
from tests.faults.harness import PATIENCE as LONG
from tests.faults.harness import TOKEN, Scene, answers, eventually, tell

# As many as are out in a few seconds; ten thousand take seven minutes.
CROWD = int(os.environ.get("CATCH_UP_CROWD", "130" if EVERYTHING else "80"))

# More than an answer can wait for, or than may come at once.
CONTROL = 130

# Somebody who writes in the middle of it is answered within this time, in seconds.
PATIENCE = 2.0

# What leaves evenly may arrive in heaps where the machine is busy; each instant is held in virtual time elsewhere.
WINDOW, MOST_IN_WINDOW = 2.0, 2 * 30


@pytest.mark.case(90)
async def test_a_crowd_that_missed_the_same_time_comes_at_the_pace_of_telegram_and_answers_come_between(
    scene: Scene,
) -> None:
    due = await gather(scene, CROWD)
    alice = scene.person("Alice")
    await scene.start(per_second=SENDS_PER_SECOND)
    await scene.until(lambda: scene.count("sendMessage") > SENDS_PER_SECOND)

    waited = [await _asked_in_the_middle(scene, alice, number) for number in range(1, 4)]
    assert await unfinished(scene), "the crowd was gone before the answers"
    await eventually(lambda: _is_over(scene), "the end of every delivery", CROWD / SENDS_PER_SECOND + 30)

    tell(f"{_fullest_window(scene)} in {WINDOW} s, answers after {max(waited):.2f} s")
    assert _fullest_window(scene) <= MOST_IN_WINDOW
    assert max(waited) <= PATIENCE
    verdict = await judge(scene, due)
    assert not verdict.broken
    assert not verdict.doubled


async def test_control_without_priority_an_answer_waits_behind_the_crowd(small_scene: Scene) -> None:
    scene, alice = small_scene, small_scene.person("Alice")
    await gather(scene, CONTROL)
    stderr = scene.folder / "equal.log"
    orders = child.Orders(TOKEN, scene.phone.url, scene.database_url, str(stderr), per_second=SENDS_PER_SECOND)
    scene.fork(run_with_all_equal, orders, stderr=stderr)
    await scene.until(lambda: scene.count("sendMessage") > SENDS_PER_SECOND)

    with pytest.raises(TimeoutError):
        await _asked_in_the_middle(scene, alice, 1, PATIENCE)


async def test_control_without_a_pace_the_crowd_comes_all_at_once(small_scene: Scene) -> None:
    scene = small_scene
    await gather(scene, CONTROL)
    await scene.start(per_second=1000.0)
    await eventually(lambda: _is_over(scene), "the end of every delivery")

    assert _fullest_window(scene) > MOST_IN_WINDOW


def run_with_all_equal(orders: child.Orders) -> None:
    """Be the program, but let check-ins stand in the same line as answers."""
    with patch("bot.sending.Reminder", Pace):
        child.run(orders)


async def _asked_in_the_middle(scene: Scene, alice: Person, number: int, patience: float = LONG) -> float:
    """Return how long somebody waits for an answer, in seconds. Raises TimeoutError."""
    asked = time.monotonic()
    alice.writes("/help")
    await scene.until(lambda: answers(alice) == number, patience)
    return time.monotonic() - asked


def _fullest_window(scene: Scene) -> int:
    """Return the most messages that came within one window."""
    starts = sorted(call.started for call in scene.phone.calls(TOKEN, "sendMessage"))
    return max(sum(begin <= start < begin + WINDOW for start in starts) for begin in starts)


async def _is_over(scene: Scene) -> bool:
    return not await unfinished(scene)
