"""A real bot passes its sends through."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from telegram.ext import ExtBot
from telegram.request import BaseRequest, RequestData

from bot.errors import Flooded
from bot.pacing import Reminder
from tests.bot.virtual import near, now, pacing, virtually


class Recorder(BaseRequest):
    """Take PTB's requests and answer all alike."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    @property
    def read_timeout(self) -> float | None:
        """Return none."""
        return None

    async def initialize(self) -> None:
        """Do nothing."""

    async def shutdown(self) -> None:
        """Do nothing."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        """Answer a message."""
        self.urls.append(url)
        assert request_data is not None
        assert set(request_data.parameters) == {"chat_id", "text"}
        message = {"message_id": 1, "date": 0, "chat": {"id": 7, "type": "private"}}
        return 200, json.dumps({"ok": True, "result": message}).encode()


def test_a_real_bot_passes_its_sends_and_their_pace_through() -> None:
    async def main() -> Recorder:
        recorder = Recorder()
        bot = ExtBot("1:x", request=recorder, rate_limiter=pacing(per_second=1))
        async with asyncio.TaskGroup() as group:
            group.create_task(bot.send_message(7, "a"))
            group.create_task(bot.send_message(8, "b"))
            with pytest.raises(Flooded):
                await bot.send_message(9, "c", rate_limit_args=Reminder(give_up_after=1.5))
        assert now() == near(1.5)
        return recorder

    recorder = virtually(main())

    assert len(recorder.urls) == 2
