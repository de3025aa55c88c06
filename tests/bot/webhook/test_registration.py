"""The bot keeps its webhook at Telegram, and raises the alarm when it is somebody else's."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bot import webhook
from tests.bot.replicas import Replica, replica, until
from tests.chat import Chats, Talker


@pytest.mark.case(28)
async def test_a_webhook_that_somebody_else_took_raises_the_alarm(chats: Chats, one: Replica) -> None:
    registration = one.program.web.registration  # type: ignore[union-attr]
    assert registration is not None
    await one.program.application.bot.set_webhook("https://example.org/stolen")

    with capture_logs() as logs:
        await registration.check()

    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "ALARM: Telegram calls another address than WEBHOOK_URL; was the token stolen?"
    ]
    assert one.counted("webhook_ours") == 0
    assert webhook.CHECK_SECONDS <= 300


@pytest.mark.case(28)
async def test_a_webhook_that_was_removed_is_registered_again(chats: Chats, one: Replica, alice: Talker) -> None:
    registration = one.program.web.registration  # type: ignore[union-attr]
    assert registration is not None
    await one.program.application.bot.delete_webhook()
    before = len(alice.answers())
    alice.phone.writes("/help")

    await registration.check()
    await chats.phone.until(chats.token, lambda: chats.phone.pending(chats.token) == 0)

    assert len(alice.answers()) == before + 1


async def test_a_bot_that_polls_takes_a_webhook_away(chats: Chats, one: Replica, alice: Talker) -> None:
    await one.stop()
    before = len(alice.answers())

    async with replica(chats, polls=True):
        alice.phone.writes("/help")
        await until(lambda: len(alice.answers()) > before)

    assert chats.phone.calls(chats.token, "deleteWebhook")
