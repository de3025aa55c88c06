"""Two updates of one chat are never handled at the same time, on whichever replicas they arrive."""

from __future__ import annotations

import asyncio

import pytest

from bot.intake import Intake
from bot.raw import RawUpdate
from tests.bot.replicas import Replica, message, until
from tests.bot.webhook.posts import SLOW, answers
from tests.chat import Chats, Talker


async def both_at_once(chats: Chats, two: tuple[Replica, Replica], alice: Talker) -> tuple[set[int], int]:
    """Post one update to both replicas at the same moment. Return the statuses, and how often it was answered."""
    update, before = message(alice, "/help"), len(answers(chats, alice))
    chats.phone.fail(chats.token, "sendMessage", status=200, delay=SLOW, times=-1)
    statuses = await asyncio.gather(*(each.post(update) for each in two))
    return set(statuses), len(answers(chats, alice)) - before


@pytest.mark.case(23)
async def test_an_update_on_two_replicas_at_once_is_answered_once(
    chats: Chats, two: tuple[Replica, Replica], alice: Talker
) -> None:
    statuses, answered = await both_at_once(chats, two, alice)

    assert statuses == {200}
    assert answered == 1


async def _without_a_turn(self: Intake, raw: RawUpdate) -> bool:
    attempts = await self.begin([raw], [raw])
    return attempts is not None and await self.handle(raw, attempts[raw["update_id"]])


@pytest.mark.case(23)
async def test_without_a_lease_on_the_chat_it_would_be_answered_twice(
    chats: Chats, two: tuple[Replica, Replica], alice: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Intake, "handle_alone", _without_a_turn)

    _, answered = await both_at_once(chats, two, alice)

    assert answered == 2


async def slow_then_quick(chats: Chats, two: tuple[Replica, Replica], first: Talker, then: Talker) -> list[int]:
    """Let one update be under way on one replica when another comes to the other. Return chat ids as answered."""
    delay = chats.phone.fail(chats.token, "sendMessage", status=200, delay=SLOW, times=1)
    ended: list[int] = []

    async def post(each: Replica, person: Talker, command: str, number: int) -> None:
        assert await each.post(message(person, command, number)) == 200
        ended.append(number)

    slow = asyncio.create_task(post(two[0], first, "/help", 500))
    await until(lambda: delay.happened)
    await asyncio.gather(slow, post(two[1], then, "/privacy", 501))
    return ended


@pytest.mark.case(24)
async def test_two_updates_of_one_person_are_handled_in_their_order(
    chats: Chats, two: tuple[Replica, Replica], alice: Talker
) -> None:
    assert await slow_then_quick(chats, two, alice, alice) == [500, 501]


@pytest.mark.case(24)
async def test_different_people_do_not_wait_for_each_other(
    chats: Chats, two: tuple[Replica, Replica], alice: Talker, bob: Talker
) -> None:
    assert await slow_then_quick(chats, two, alice, bob) == [501, 500]


@pytest.mark.case(24)
async def test_without_a_lease_on_the_chat_the_order_would_be_lost(
    chats: Chats, two: tuple[Replica, Replica], alice: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Intake, "handle_alone", _without_a_turn)

    assert await slow_then_quick(chats, two, alice, alice) == [501, 500]
