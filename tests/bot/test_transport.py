"""Requests arrive whole, over no more connections than there may be."""

from __future__ import annotations

import asyncio
import io
from email.parser import BytesParser
from urllib.parse import parse_qs

import pytest
from telegram import InputFile
from telegram.error import BadRequest, InvalidToken

from bot.errors import NotAnsweredInTime
from bot.transport import AiohttpRequest
from tests.bot.wire import TEXT, TOKEN, answer, bot_on, hang, serving


async def test_a_message_arrives_as_a_form_and_its_answer_comes_back() -> None:
    async with serving(answer()) as server, AiohttpRequest() as request:
        message = await bot_on(server.port, request).send_message(7, "Grüße & <b>ok</b> 🙂")

    fields = parse_qs(server.requests[0].body.decode())
    assert message.message_id == 1
    assert server.requests[0].head == f"POST /bot{TOKEN}/sendMessage HTTP/1.1"
    assert fields == {"chat_id": ["7"], "text": ["Grüße & <b>ok</b> 🙂"]}


async def test_half_a_surrogate_pair_is_sent_as_a_question_mark() -> None:
    async with serving(answer()) as server, AiohttpRequest() as request:
        await bot_on(server.port, request).send_message(7, "a\ud83db")

    assert parse_qs(server.requests[0].body.decode())["text"] == ["a?b"]


@pytest.mark.parametrize("content", [b"%PDF-1.7", b"\x00" * 3_000_000], ids=["small", "three megabytes"])
async def test_a_file_arrives_with_its_name_type_and_caption(content: bytes) -> None:
    async with serving(answer()) as server, AiohttpRequest() as request:
        await bot_on(server.port, request).send_document(7, content, filename="mein bericht ü.pdf", caption="a\ud83db")

    kind = server.requests[0].headers["Content-Type"].encode()
    parts = BytesParser().parsebytes(b"Content-Type: " + kind + b"\r\n\r\n" + server.requests[0].body).get_payload()
    by_name = {part.get_param("name", header="content-disposition"): part for part in parts}
    assert set(by_name) == {"chat_id", "caption", "document"}
    assert by_name["caption"].get_payload(decode=True) == b"a?b"
    assert by_name["document"].get_payload(decode=True) == content
    assert by_name["document"].get_content_type() == "application/pdf"
    assert 'filename="mein bericht ü.pdf"'.encode() in server.requests[0].body


async def test_a_file_is_read_from_its_handle() -> None:
    async with serving(answer()) as server, AiohttpRequest() as request:
        document = InputFile(io.BytesIO(b"from a handle"), filename="a.txt", read_file_handle=False)
        await bot_on(server.port, request).send_document(7, document)

    assert b"from a handle" in server.requests[0].body


async def test_a_file_comes_down_byte_by_byte() -> None:
    async with serving(answer(body=b"\x00\xff not json")) as server, AiohttpRequest() as request:
        content = await request.retrieve(f"http://127.0.0.1:{server.port}/file/bot{TOKEN}/a.jpg")

    assert content == b"\x00\xff not json"


async def test_an_expired_file_does_not_look_like_a_refused_token() -> None:
    async with serving(answer(404, {"ok": False, "description": "Not Found"})) as server, AiohttpRequest() as request:
        with pytest.raises(BadRequest):
            await request.retrieve(f"http://127.0.0.1:{server.port}/file/bot{TOKEN}/a.jpg")
        with pytest.raises(InvalidToken):
            await bot_on(server.port, request).send_message(7, TEXT)


async def test_a_timeout_of_one_call_goes_before_the_default() -> None:
    async with serving(hang) as server, AiohttpRequest(read_timeout=None) as request:
        with pytest.raises(NotAnsweredInTime):
            await bot_on(server.port, request).send_message(7, TEXT, read_timeout=0.05)

    assert request.read_timeout is None


async def test_no_more_connections_than_the_pool_are_open_at_once() -> None:
    async with serving(answer()) as server, AiohttpRequest(connection_pool_size=3) as request:
        bot = bot_on(server.port, request)
        await asyncio.gather(*(bot.send_message(7, TEXT) for _ in range(50)))

    assert server.most_at_once == 3
    assert len(server.requests) == 50


async def test_a_cancelled_call_gives_its_place_back() -> None:
    async with serving(hang, answer()) as server, AiohttpRequest(connection_pool_size=1) as request:
        bot = bot_on(server.port, request)
        call = asyncio.ensure_future(bot.send_message(7, TEXT))
        await server.asked.wait()
        call.cancel()
        await asyncio.wait({call})
        message = await bot.send_message(7, TEXT)

    assert call.cancelled()
    assert message.message_id == 1


async def test_nothing_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async with serving(answer(extra="Set-Cookie: a=b\r\n")) as server, AiohttpRequest() as request:
        bot = bot_on(server.port, request)
        await bot.send_message(7, TEXT)
        await bot.send_message(7, TEXT)

    assert [item.headers.get("Cookie") for item in server.requests] == [None, None]


async def test_a_client_can_be_opened_again_after_it_was_closed() -> None:
    request = AiohttpRequest()

    async with serving(answer()) as server:
        for _ in range(2):
            await request.initialize()
            await request.initialize()
            await bot_on(server.port, request).send_message(7, TEXT)
            await request.shutdown()
            await request.shutdown()

    assert len(server.requests) == 2
