"""A copied beginning is what the conversation itself leaves, and only the same one is copied."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.phone.seen import Seen
from bot.phone.server import Phone
from content.model import Library
from tests.beginnings import held_once
from tests.chat import Chats, Talker
from tests.clock import StillClock


class World:
    """Begin in new worlds with one conversation, and count how often it is really held."""

    def __init__(self, library: Library, new_database: Callable[[], str]) -> None:
        self._library = library
        self._new_database = new_database
        self.held = 0

        @held_once
        async def begin(talker: Talker, words: str) -> None:
            self.held += 1
            await talker.says("/checkin")
            await talker.says(words)
            await talker.waits(minutes=1)

        self._begin = begin

    async def goes_on(self, words: str = "every day at 7pm", name: str = "Alice", **more: Any) -> list[object]:
        """Return all that is seen in a new world after this beginning and one more step."""
        clock = StillClock()
        async with Phone(clock=clock) as phone:
            chats = Chats(phone, self._new_database(), self._library, clock, **({"may_copy": True} | more))
            talker = chats.person(name)
            await self._begin(talker, words)
            await talker.says("Berlin")
            await chats.close()
            seen = [(one.message_id, one.text, one.from_bot, labels(one)) for one in talker.phone.sees()]
            return [clock(), *seen, *(call.method for call in phone.calls(chats.token))]


def labels(seen: Seen) -> list[str]:
    """Return the labels of the buttons."""
    return [button.text for row in seen.buttons for button in row]


@pytest.fixture
def world(library: Library, empty_database: Path, tmp_path: Path) -> World:
    """Return what begins in new worlds."""
    made: list[Path] = []

    def new_database() -> str:
        made.append(tmp_path / f"{len(made)}.db")
        shutil.copy(empty_database, made[-1])
        return f"sqlite:///{made[-1]}"

    return World(library, new_database)


async def test_a_copied_conversation_goes_on_as_the_held_one(world: World) -> None:
    held, copied, again = await world.goes_on(), await world.goes_on(), await world.goes_on()

    assert world.held == 1
    assert len(held) > 4
    assert held == copied == again


@pytest.mark.parametrize("other", [{"words": "every monday"}, {"name": "Bob"}, {"may_copy": False}])
async def test_another_beginning_is_held(world: World, other: dict[str, Any]) -> None:
    await world.goes_on()

    seen = await world.goes_on(**other)

    assert world.held == 2
    assert seen == await world.goes_on(**other)


async def test_where_something_was_said_before_the_conversation_is_held(world: World) -> None:
    await world.goes_on()
    clock = StillClock()
    async with Phone(clock=clock) as phone:
        chats = Chats(phone, world._new_database(), world._library, clock, may_copy=True)
        alice = chats.person("Alice")
        await alice.says("/help")

        await world._begin(alice, "every day at 7pm")
        await chats.close()

        assert world.held == 2
        assert alice.phone.sees()[0].text == "/help"
