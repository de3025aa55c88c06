"""What Telegram answers instead of a result, and that no error tells a secret."""

from __future__ import annotations

import logging
import traceback

import pytest
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.errors import Flooded, MaybeSent, NotSentInTime, classify
from bot.transport import AiohttpRequest
from tests.bot.wire import (
    TEXT,
    TOKEN,
    Act,
    answer,
    bot_on,
    drop_after_reading,
    drop_in_the_answer,
    drop_unread,
    failing,
    hang,
    serving,
    talk_nonsense,
)


def everything_shown_of(error: BaseException) -> str:
    """Return all that a log could print of the error and of what led to it."""
    chain: list[str] = []
    link: BaseException | None = error
    while link is not None:
        chain += [str(link), repr(link), repr(link.args)]
        link = link.__cause__ or link.__context__
    return "\n".join([*chain, *traceback.format_exception(error)])


@pytest.mark.parametrize(
    "body",
    [b"<html>oops</html>", b'{"ok": true, "res', b"[1]", b"null", b'{"ok": true}', b"\xff\xfe", b"[" * 100_000],
)
async def test_an_answer_that_cannot_be_read_may_have_been_sent_and_is_not_logged(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async with serving(answer(body=body)) as server:
        error = await failing(server)

    assert type(error) is MaybeSent
    assert error.__context__ is None
    assert not caplog.records


async def test_an_error_page_is_not_quoted_in_the_error() -> None:
    async with serving(answer(502, b"<html>upstream said: " + TEXT.encode())) as server:
        error = await failing(server)

    assert type(error) is NetworkError
    assert classify(error).kind == "unknown"
    assert TEXT not in everything_shown_of(error)


@pytest.mark.case(38)
@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"ok": False, "description": "Too Many Requests: retry after 3", "parameters": {"retry_after": 3}}, 3),
        pytest.param({"description": "Too Many Requests: retry after 8"}, 8, marks=pytest.mark.case(39)),
        pytest.param({"description": "Too Many Requests"}, 60, marks=pytest.mark.case(39)),
        pytest.param(b"<html>slow down</html>", 60, marks=pytest.mark.case(39)),
        (b'{"parameters": {"retry_after": NaN}}', 60),
        ({"parameters": "none"}, 60),
    ],
)
async def test_a_429_says_how_long_to_wait(body: object, seconds: int) -> None:
    async with serving(answer(429, body)) as server:
        error = await failing(server)

    assert type(error) is Flooded
    assert error.retry_after.total_seconds() == seconds


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"ok": False, "description": "Bad Request: chat not found"}, BadRequest),
        (400, {"ok": False, "description": "Bad Request: x", "parameters": {"migrate_to_chat_id": -5}}, ChatMigrated),
        (403, {"ok": False, "description": "Forbidden: bot was blocked by the user"}, Forbidden),
        (401, {"ok": False, "description": "Unauthorized"}, InvalidToken),
        (500, [1, 2], NetworkError),
        (302, {"ok": False}, NetworkError),
    ],
)
async def test_other_refusals_are_ptbs_own_errors(status: int, body: object, kind: type[TelegramError]) -> None:
    async with serving(answer(status, body, extra="Location: http://127.0.0.1:1/\r\n")) as server:
        error = await failing(server)

    assert type(error) is kind
    assert len(server.requests) == 1


@pytest.mark.case(107)
@pytest.mark.parametrize("act", [hang, drop_unread, drop_after_reading, drop_in_the_answer, talk_nonsense])
async def test_no_error_shows_the_token_or_the_text(act: Act, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aiohttp")

    async with serving(act) as server:
        error = await failing(server, read_timeout=0.05)

    shown = everything_shown_of(error) + caplog.text
    assert TOKEN not in shown
    assert TEXT not in shown


@pytest.mark.case(107)
async def test_a_connection_that_hangs_does_not_show_the_token() -> None:
    async with serving(hang) as server, AiohttpRequest(connect_timeout=0.05) as request:
        with pytest.raises(NotSentInTime) as caught:
            await bot_on(server.port, request, scheme="https").send_message(7, TEXT)

    assert TOKEN not in everything_shown_of(caught.value)
