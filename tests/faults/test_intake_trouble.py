"""Whatever Telegram answers instead of updates, nothing is lost; and a bot that cannot hear ends and says why."""

from __future__ import annotations

import pytest

from bot.polling import CONFLICTS
from tests.faults.harness import CHATS_AT_EASE, TOKEN, Scene, answers

# After a failure, before it grows: instead of a second.
FIRST_PAUSE = 0.2
SHORT_PAUSE = {"bot.polling.FIRST_PAUSE": FIRST_PAUSE}

# What a pause may be longer than it should on a busy machine.
GRACE = 1.0

# The one Telegram asks for is longer; what matters is that it is kept.
PAUSE = 1

TROUBLE = {
    "an error page": {"status": 502, "body": "<html><h1>502 Bad Gateway</h1></html>"},
    "a page with a good status": {"status": 200, "body": "<html>Please log in</html>"},
    "half of an answer": {"status": 200, "body": '{"ok": true, "result": [{"update_id": 1, "mess'},
    "a list of something else": {"status": 200, "body": '{"ok": true, "result": [{"update_id": "1"}, 7]}'},
    "an error without a reason": {"status": 500, "body": ""},
    "no answer at all": {"drop": True},
}


@pytest.mark.case(8)
@pytest.mark.case(9)
@pytest.mark.parametrize("status", [401, 404])
async def test_a_refused_token_ends_the_program_at_once_and_it_works_again_after(
    small_scene: Scene, status: int
) -> None:
    scene, alice = small_scene, small_scene.person("Alice")
    scene.phone.fail(TOKEN, "getUpdates", status=status)

    bot = await scene.fork_command()
    assert await bot.ended() == 78
    assert bot.log().count("TELEGRAM_BOT_TOKEN") == 1

    alice.writes("/help")
    await scene.start()
    await scene.until(lambda: answers(alice) == 1)


@pytest.mark.case(9)
async def test_a_token_that_is_refused_at_the_first_call_leaves_nothing_open(small_scene: Scene) -> None:
    small_scene.phone.fail(TOKEN, "getMe", status=401)

    bot = await small_scene.run_command("TELEGRAM_BOT_TOKEN")

    assert await bot.ended() == 78
    assert "asyncio" not in bot.log()


@pytest.mark.case(10)
async def test_another_poller_is_borne_for_a_moment_and_not_for_long(small_scene: Scene) -> None:
    scene, alice = small_scene, small_scene.person("Alice")
    alice.writes("/help")
    scene.phone.fail(TOKEN, "getUpdates", times=CONFLICTS - 1, status=409)
    bot = await scene.start(instead=SHORT_PAUSE)
    await scene.until(lambda: answers(alice) == 1)

    scene.phone.fail(TOKEN, "getUpdates", times=CONFLICTS, status=409)
    alice.writes("/help")

    assert await bot.ended() == 75


@pytest.mark.case(11)
async def test_nothing_is_fetched_while_telegram_asks_for_a_pause(small_scene: Scene) -> None:
    scene, alice = small_scene, small_scene.person("Alice")
    scene.phone.fail(TOKEN, "getUpdates", retry_after=PAUSE)
    alice.writes("/help")

    await scene.start(instead=SHORT_PAUSE)
    await scene.until(lambda: answers(alice) == 1)

    refused, following = scene.phone.calls(TOKEN, "getUpdates")[:2]
    assert (refused.status, following.status) == (429, 200)
    assert following.started - refused.started >= PAUSE


@pytest.mark.case(12)
async def test_whatever_comes_instead_of_updates_nothing_is_lost(small_scene: Scene) -> None:
    scene, alice = small_scene, small_scene.person("Alice")
    bot = await scene.start(instead=SHORT_PAUSE | CHATS_AT_EASE)

    for number, trouble in enumerate(TROUBLE.values(), 1):
        fault = scene.phone.fail(TOKEN, "getUpdates", **trouble)  # type: ignore[arg-type]  # different ones
        alice.writes("/help")
        await scene.until(lambda fault=fault, number=number: fault.happened == 1 and answers(alice) == number)  # type: ignore[misc]  # bound now

    assert bot.log().count("Telegram cannot be reached") == len(TROUBLE)


@pytest.mark.case(12)
async def test_the_pauses_after_failures_grow(small_scene: Scene) -> None:
    scene, alice = small_scene, small_scene.person("Alice")
    scene.phone.fail(TOKEN, "getUpdates", times=3, status=502)
    alice.writes("/help")

    await scene.start(instead=SHORT_PAUSE)
    await scene.until(lambda: answers(alice) == 1)

    first, second, third, fourth = [call.started for call in scene.phone.calls(TOKEN, "getUpdates")[:4]]
    # Each is between half and the whole of what it could be: the second may be as long as the first, not the third.
    assert FIRST_PAUSE / 2 <= second - first < fourth - third
    assert fourth - first < (1 + 2 + 4) * FIRST_PAUSE + GRACE
