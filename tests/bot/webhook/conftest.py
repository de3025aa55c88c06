"""Share programs that Telegram calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from bot.phone.server import Phone
from tests.bot.replicas import Replica, replica
from tests.chat import Chats, Talker
from tests.clock import StillClock


@pytest.fixture(autouse=True)
def _timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    # python-telegram-bot warns about its old way of giving durations.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def phone(clock: StillClock) -> AsyncIterator[Phone]:
    """Return a Telegram that repeats a refused call soon."""
    async with Phone(clock=clock, webhook_repeats=(0.0, 0.05)) as running:
        yield running


@pytest.fixture
async def one(chats: Chats, alice: Talker, bob: Talker) -> AsyncIterator[Replica]:
    """Return a running program that Alice and Bob have written to before."""
    await alice.says("/help")
    await bob.says("/help")
    async with replica(chats) as running:
        yield running


@pytest.fixture
async def two(chats: Chats, one: Replica) -> AsyncIterator[tuple[Replica, Replica]]:
    """Return two replicas on one database; where the database is SQLite they are the same."""
    async with AsyncExitStack() as stack:
        other = one if one.program.database.is_sqlite else await stack.enter_async_context(replica(chats))
        yield one, other
