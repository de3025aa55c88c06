"""While Telegram lets nothing be sent, no answer is given up."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from bot import intake
from scheduler.db import updates
from scheduler.db.models import Moment
from tests.chat import Chats, Talker
from tests.scheduler.builders import opened

# More than an update that fails is given.
TRIES = intake.ATTEMPTS + 1


async def ask_in_a_pause(chats: Chats, alice: Talker) -> None:
    """Ask for help while every send is told to wait for a minute; then the pause is over."""
    await alice.says("/start")
    chats.phone.fail(chats.token, "sendMessage", times=-1, retry_after=60)
    alice.phone.writes("/help")
    for _ in range(TRIES):
        await chats.turn()
    chats.phone.heal(chats.token)
    async with opened(chats.database_url) as database, database.write() as session:
        # Replicas share the pause on PostgreSQL.
        await session.execute(delete(Moment))
    await chats.turn()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "HANDLER_SECONDS", 0.2)


async def test_an_answer_that_fell_into_a_pause_comes_after_it(chats: Chats, alice: Talker) -> None:
    await ask_in_a_pause(chats, alice)

    assert "/check" in alice.reads()


async def test_control_if_tries_in_a_pause_counted_the_answer_would_never_come(
    chats: Chats, alice: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def keep_counting(*_arguments: object) -> None:
        """Take nothing back."""

    monkeypatch.setattr(updates, "take_back", keep_counting)
    before = len(alice.answers())

    await ask_in_a_pause(chats, alice)

    assert "/check" not in "".join(answer.text for answer in alice.answers()[before + 1 :])
