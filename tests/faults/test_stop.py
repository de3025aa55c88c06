"""A stop is in good order, short, and costs nobody a message or a check-in."""

from __future__ import annotations

import signal
import time
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.crew import LEAVE_SECONDS
from bot.intake import HANDLER_SECONDS
from bot.polling import CONFIRM_SECONDS
from bot.program import DRAIN_SECONDS, STOP_SECONDS
from scheduler.db.models import CheckIn, SeenUpdate
from tests.conftest import EVERYTHING
from tests.faults.checker import judge, unfinished
from tests.faults.crowd import gather
from tests.faults.harness import HELD, TOKEN, Scene, eventually

DUE = 200

# So slow that most of what is claimed has not been begun when it has to stop.
SLOW, SHORT_DRAIN = 20, 0.5

# So many are begun before it has to.
FEW = 10

LEASE = timedelta(seconds=1)

# A handler and a stop that waits for it take a quarter of a minute as shipped.
SHORTER = {"bot.intake.HANDLER_SECONDS": 1.0, "bot.crew.LEAVE_SECONDS": 2.0, "bot.program.STOP_SECONDS": 8.0}

# Beyond the bot's own limit: for the machine that runs the test.
GRACE = 5.0


@pytest.mark.case(62)
async def test_a_stop_in_the_middle_of_a_delivery_gives_back_what_was_not_begun(scene: Scene) -> None:
    due = await gather(scene, DUE)
    bot = await scene.start(per_second=SLOW, lease=LEASE, instead={"bot.program.DRAIN_SECONDS": SHORT_DRAIN})
    await scene.until(lambda: scene.count("sendMessage") >= FEW)

    bot.signal(signal.SIGTERM)
    assert await bot.ended(STOP_SECONDS) == 0
    assert scene.count("sendMessage") < DUE
    async with scene.database.read() as session:
        assert not await session.scalar(select(func.count()).where(CheckIn.state == "claimed"))
    await scene.start(lease=LEASE)
    await eventually(lambda: _is_over(scene), "the end of every delivery")

    verdict = await judge(scene, due)
    assert not verdict.broken
    assert len(verdict.doubled) <= 1


@pytest.mark.case(62)
async def test_a_second_signal_ends_it_at_once_and_the_next_bot_goes_on(scene: Scene) -> None:
    due = await gather(scene, FEW)
    held = scene.phone.fail(TOKEN, "sendMessage", times=-1, drop=True, delay=HELD)
    bot = await scene.start(lease=LEASE)
    await eventually(lambda: held.happened == FEW, "every request under way")

    bot.signal(signal.SIGTERM)
    await eventually(lambda: not scene.phone.polling(TOKEN), "the first signal taken in")
    bot.signal(signal.SIGTERM)
    assert await bot.ended(GRACE) == 1
    scene.phone.heal(TOKEN)
    await scene.start(lease=LEASE)
    await eventually(lambda: _is_over(scene), "the end of every delivery")

    verdict = await judge(scene, due)
    assert not verdict.broken
    assert not verdict.doubled


@pytest.mark.case(63)
async def test_a_handler_that_never_returns_holds_up_no_stop_and_its_update_is_tried_again(
    small_scene: Scene,
) -> None:
    assert max(HANDLER_SECONDS, DRAIN_SECONDS) < LEAVE_SECONDS < LEAVE_SECONDS + CONFIRM_SECONDS < STOP_SECONDS
    scene, alice = small_scene, small_scene.person("Alice")
    held = scene.phone.fail(TOKEN, "sendMessage", times=-1, drop=True, delay=HELD)
    alice.writes("/help")
    bot = await scene.start(instead={} if EVERYTHING else SHORTER)
    await eventually(lambda: held.happened == 1, "a handler at work")

    began = time.monotonic()
    bot.signal(signal.SIGTERM)
    assert await bot.ended() == 0
    assert time.monotonic() - began < STOP_SECONDS + GRACE
    assert scene.phone.pending(TOKEN) == 1
    scene.phone.heal(TOKEN)
    await scene.start()
    await scene.until_done(1)

    assert [seen.from_bot for seen in alice.sees()] == [False, True]
    async with scene.database.read() as session:
        assert await session.scalar(select(SeenUpdate.attempts)) == 2


async def _is_over(scene: Scene) -> bool:
    return not await unfinished(scene)
