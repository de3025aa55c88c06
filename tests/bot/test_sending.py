"""A check-in travels as the library would write it, and what came of it is read from the answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from telegram.constants import ParseMode
from telegram.ext import ExtBot
from telegram.request import BaseRequest, RequestData
from telegram.request._requestparameter import RequestParameter

from bot.pacing import Pacing
from bot.sending import Sender, buttons
from bot.views import check_ins
from bot.views.screen import Button, Screen
from content.model import Library
from scheduler.due import DueCheckIn, Report

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MESSAGE = {"message_id": 5, "date": 0, "chat": {"id": 7, "type": "private"}}

ROWS = (
    (Button("Nothing – the same ✓", "1:c:same:p:20261123T0900"),),
    (Button("Look again", "1:c:look:p:20261123T0900", "success"), Button("Later", "1:c:later:p:20261123T0900")),
)


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1]])
def test_buttons_are_written_as_the_library_writes_them(rows: tuple[tuple[Button, ...], ...]) -> None:
    screen = Screen("How is it?", rows)

    written = buttons(screen)

    theirs = RequestParameter.from_input("reply_markup", screen.keyboard()).json_value
    assert json.loads(written["reply_markup"]) == json.loads(theirs or "")


def test_without_buttons_nothing_is_said_of_them() -> None:
    assert buttons(Screen("How is it?")) == {}


class Recorder(BaseRequest):
    """Note where each request goes and what is in it, and answer all with the same."""

    def __init__(self, result: object) -> None:
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self._result = result

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
        """Note it, and answer."""
        assert request_data is not None
        self.calls.append((url, method, request_data.json_parameters))
        return 200, json.dumps({"ok": True, "result": self._result}).encode()


def a_check_in() -> DueCheckIn:
    return DueCheckIn(
        id=1,
        attempt=1,
        unknowns=0,
        chat_id=7,
        plan_public_id="plan1",
        kind="check_in",
        about=None,
        interval=1,
        unit="week",
        nominal="2026-11-23T09:00",
        zone="Etc/UTC",
        due_at=NOW,
        expires_at=NOW + timedelta(days=1),
        is_nudge=False,
        is_late=False,
        discreet=True,
        unanswered=0,
        ends_plan=False,
        closes_message_id=None,
        nudge_at=None,
        wanted_at=NOW,
        last=None,
    )


async def sent_through(recorder: Recorder, library: Library) -> Report:
    async def begin() -> bool:
        return True

    bot = ExtBot("1:x", request=recorder, rate_limiter=Pacing(1000.0))
    return await Sender(bot, library, lambda: NOW).send(a_check_in(), begin)


async def test_a_check_in_is_sent_as_the_library_sends_a_message(library: Library) -> None:
    recorder, theirs = Recorder(MESSAGE), Recorder(MESSAGE)
    screen = check_ins.due(library, a_check_in())

    report = await sent_through(recorder, library)
    await ExtBot("1:x", request=theirs).send_message(
        7, screen.text, parse_mode=ParseMode.HTML, reply_markup=screen.keyboard()
    )

    assert report == Report("sent", message_id=5)
    assert comparable(recorder) == comparable(theirs)


def comparable(recorder: Recorder) -> object:
    ((url, method, parameters),) = recorder.calls
    return url, method, parameters | {"reply_markup": json.loads(parameters["reply_markup"])}


@pytest.mark.parametrize("result", [True, [], {}, {"message_id": "5"}])
async def test_an_answer_that_is_no_message_leaves_it_unknown_what_came_of_it(library: Library, result: object) -> None:
    report = await sent_through(Recorder(result), library)

    assert report == Report("unknown", why="no answer")
