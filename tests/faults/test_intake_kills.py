"""No message is lost and none is answered twice, whenever the bot is killed and whatever comes as an update."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from bot.phone.people import Person
from scheduler.db.models import Run, SeenUpdate
from tests.faults import unprotected
from tests.faults.harness import CHATS_AT_EASE, HELD, TOKEN, Scene, answers, eventually

BATCH = 100
BAD_ONE = 50

NONE_OF_THESE = "None of these"

# With something in hand Telegram is asked again after so many seconds.
ASKS_SOON = {"bot.polling.ASK_AGAIN_SECONDS": 0.15}

# No log may hold it.
CANARY = "canary-7f3a"

# What a Bot API server before 9.6 sends when somebody sends a poll: python-telegram-bot insists on newer fields.
OLD_POLL = {"id": "1", "question": CANARY, "options": [], "total_voter_count": 0, "is_closed": False}


def confirms(given: dict[str, Any]) -> bool:
    """Say whether this getUpdates confirms anything."""
    return "offset" in given


@pytest.mark.case(1)
async def test_five_messages_in_hand_at_a_kill_are_all_answered_after_it_and_none_twice(scene: Scene) -> None:
    people = [scene.person(f"Person {n}") for n in range(5)]
    scene.phone.fail(TOKEN, "sendMessage", times=2, status=200, delay=0.2)
    held = scene.phone.fail(TOKEN, "sendMessage", times=-1, drop=True, delay=HELD)
    for person in people:
        person.writes("/help")

    bot = await scene.fork_command()
    await scene.until_done(2)
    await eventually(lambda: held.happened == 3, "three answers under way")
    await bot.kill()
    scene.phone.heal(TOKEN)
    await scene.fork_command()
    await scene.until_done(5)

    assert [answers(person) for person in people] == [1] * 5


@pytest.mark.case(1)
async def test_five_messages_of_one_person_are_answered_in_order_over_a_kill(small_scene: Scene) -> None:
    scene, alice = small_scene, small_scene.person("Alice")
    scene.phone.fail(TOKEN, "sendMessage", times=1, status=200)
    held = scene.phone.fail(TOKEN, "sendMessage", times=-1, drop=True, delay=HELD)
    commands = ["/help", "/topics", "/reminders", "/privacy", "/settings"]
    for command in commands:
        alice.writes(command)

    bot = await scene.start(instead=CHATS_AT_EASE)
    await scene.until_done(1)
    await eventually(lambda: held.happened == 1, "the second answer under way")
    await bot.kill()
    scene.phone.heal(TOKEN)
    await scene.start(instead=CHATS_AT_EASE)
    await scene.until_done(5)

    texts = [seen.text for seen in alice.sees() if seen.from_bot]
    assert len(texts) == len(set(texts)) == 5
    assert texts == await _texts_in_order(scene, commands)


async def _texts_in_order(scene: Scene, commands: list[str]) -> list[str]:
    """Ask the same again, one after the other."""
    bob, texts = scene.person("Bob"), []
    for number, command in enumerate(commands, 1):
        bob.writes(command)
        await scene.until(lambda number=number: answers(bob) == number)  # type: ignore[misc]  # bound now
        texts.append(bob.last.text)
    return texts


async def test_control_confirming_before_handling_loses_messages_at_a_kill(small_scene: Scene) -> None:
    scene = small_scene
    people = [scene.person(f"Person {n}") for n in range(5)]
    held = scene.phone.fail(TOKEN, "sendMessage", times=-1, drop=True, delay=HELD)
    for person in people:
        person.writes("/help")

    bot = scene.fork(unprotected.poll_as_the_library_does, TOKEN, scene.phone.url)
    await eventually(lambda: held.happened > 0 and not scene.phone.pending(TOKEN), "a confirmed batch")
    await bot.kill()
    scene.phone.heal(TOKEN)
    scene.fork(unprotected.poll_as_the_library_does, TOKEN, scene.phone.url)
    late = scene.person("Late")
    late.writes("/help")
    await scene.until(lambda: answers(late) == 1)

    assert [answers(person) for person in people] == [0] * 5


@pytest.mark.case(2)
async def test_an_update_that_was_handled_and_not_confirmed_before_the_kill_is_not_handled_again(scene: Scene) -> None:
    alice = scene.person("Alice")
    alice.writes("/help")
    held = scene.phone.fail(TOKEN, "getUpdates", times=-1, drop=True, delay=HELD, when=confirms)

    bot = await scene.start()
    await eventually(lambda: held.happened == 1, "the confirmation under way")
    await bot.kill()
    scene.phone.heal(TOKEN)
    assert scene.phone.pending(TOKEN) == 1
    await scene.start()
    await scene.until(lambda: not scene.phone.pending(TOKEN))

    assert answers(alice) == 1


@pytest.mark.case(1)
async def test_what_came_and_went_beside_a_slow_chat_is_neither_lost_nor_repeated_by_a_kill(scene: Scene) -> None:
    early, alice, *others = (scene.person(name) for name in ("Early", "Alice", "Bob", "Carol", "Dan"))
    held = scene.phone.fail(TOKEN, "sendMessage", times=-1, drop=True, delay=HELD, when=goes_to(alice))
    for person in (early, alice, alice):
        person.writes("/help")

    bot = await scene.start(instead=ASKS_SOON)
    await eventually(lambda: held.happened == 1, "her first answer under way")
    for number, person in enumerate(others, 2):
        person.writes("/help")
        await scene.until_done(number)
    # Telegram may forget the first one, and nothing from Alice's on.
    await scene.until(lambda: scene.phone.pending(TOKEN) == 2 + len(others))
    await bot.kill()
    scene.phone.heal(TOKEN)
    await scene.start()
    await scene.until_done(3 + len(others))
    await scene.until(lambda: not scene.phone.pending(TOKEN))

    assert [answers(person) for person in (early, alice, *others)] == [1, 2, 1, 1, 1]


def goes_to(person: Person) -> Callable[[dict[str, Any]], bool]:
    """Say whether a message goes to this person."""
    return lambda given: str(given["chat_id"]) == str(person.id)


@pytest.mark.case(3)
async def test_a_reply_that_was_not_sent_before_the_kill_comes_after_it_and_the_answer_counts_once(
    scene: Scene,
) -> None:
    alice = scene.person("Alice")
    bot = await scene.start()
    alice.writes("/check")
    await scene.until_done(1)
    alice.presses(alice.last.message_id, NONE_OF_THESE)
    await scene.until_done(2)

    held = scene.phone.fail(TOKEN, "sendMessage", times=-1, drop=True, delay=HELD)
    before = answers(alice)
    alice.writes("no")
    await eventually(lambda: held.happened == 1, "the next question under way")
    await bot.kill()
    scene.phone.heal(TOKEN)
    assert await _given_answers(scene) == 1
    await scene.start()
    await scene.until_done(3)

    assert answers(alice) == before + 1
    assert await _given_answers(scene) == 1


async def _given_answers(scene: Scene) -> int:
    async with scene.database.read() as session:
        run = await session.scalar(select(Run))
        assert run is not None
        return len(run.answers)


@pytest.mark.case(4)
async def test_an_update_that_comes_in_two_batches_is_one_row_and_one_answer(scene: Scene) -> None:
    alice = scene.person("Alice")
    alice.writes("/help")
    batch = [update.api() for update in scene.phone.board.world(TOKEN).updates]
    again = scene.phone.fail(
        TOKEN, "getUpdates", status=200, body=json.dumps({"ok": True, "result": batch}), when=confirms
    )

    await scene.start()
    await scene.until(lambda: again.happened == 1 and not scene.phone.pending(TOKEN))

    assert answers(alice) == 1
    async with scene.database.read() as session:
        assert len((await session.scalars(select(SeenUpdate))).all()) == 1


@pytest.mark.case(5)
@pytest.mark.case(6)
async def test_one_update_that_cannot_be_read_is_set_aside_and_the_99_around_it_are_answered(
    small_scene: Scene,
) -> None:
    scene, people = small_scene, []
    for number in range(1, BATCH + 1):
        person = scene.person(f"Person {number}")
        if number == BAD_ONE:
            person.sends({"poll": OLD_POLL})
        else:
            person.writes(f"{CANARY} {number}")
            people.append(person)

    bot = await scene.start()
    await scene.until_done(BATCH)
    await scene.until(lambda: not scene.phone.pending(TOKEN))

    assert [answers(person) for person in people] == [1] * (BATCH - 1)
    assert bot.log().count("an update cannot be read") == 1
    assert CANARY not in bot.log()
    # One brought the batch, one confirmed it and waits; between them no more than two a second.
    asked_at = [call.started for call in scene.phone.calls(TOKEN, "getUpdates")]
    assert len(asked_at) <= 2 + 2 * (max(asked_at) - min(asked_at))


@pytest.mark.case(7)
@pytest.mark.case(15)
async def test_what_no_release_knows_yet_is_passed_over_and_lower_numbers_than_before_are_followed(
    small_scene: Scene,
) -> None:
    scene, alice = small_scene, small_scene.person("Alice")
    message = alice.writes("/help") | {"aura": {"colour": "blue"}, "entities": [{"type": "hologram"} | SPAN]}
    news = [{"update_id": 5, "mind_read": {"from": alice.user}}, {"update_id": 6, "message": message}]
    await scene.start(instead=CHATS_AT_EASE)
    await scene.until(lambda: answers(alice) == 1)

    # Telegram's numbers start anew after a quiet week.
    scene.phone.fail(TOKEN, "getUpdates", status=200, body=json.dumps({"ok": True, "result": news}))
    alice.writes("/help")
    await scene.until(lambda: answers(alice) == 3)

    alice.writes("/help")
    await scene.until(lambda: answers(alice) == 4 and not scene.phone.pending(TOKEN))
    offsets = [call.parameters.get("offset") for call in scene.phone.calls(TOKEN, "getUpdates")]
    # Of the lower numbers: before the message is done, or after it.
    assert {"6", "7"} & set(offsets)


SPAN = {"offset": 0, "length": 5}
