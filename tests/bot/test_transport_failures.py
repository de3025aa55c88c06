"""Whatever breaks on the way, it is known if the request may have arrived, and nothing is repeated."""

from __future__ import annotations

import asyncio
import socket

import aiohttp
import pytest
from telegram.error import TimedOut

from bot.errors import MaybeSent, NotAnsweredInTime, NotSent, NotSentInTime, classify
from bot.transport import AiohttpRequest
from tests.bot.wire import (
    TEXT,
    Act,
    Server,
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


async def never_read(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept and take nothing, so that the sender's buffers fill up."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
    await server.end.wait()


@pytest.mark.case(43)
async def test_a_refused_connection_was_not_sent() -> None:
    async with serving(answer()) as server:
        pass

    error = await failing(server)

    assert type(error) is NotSent
    assert isinstance(error.__cause__, aiohttp.ClientConnectorError)


@pytest.mark.case(43)
async def test_an_unknown_name_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with AiohttpRequest() as request:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
        with pytest.raises(NotSent) as caught:
            await bot_on(443, request, host="telegram.invalid").send_message(7, TEXT)

    assert isinstance(caught.value.__cause__, aiohttp.ClientConnectorDNSError)


@pytest.mark.case(43)
async def test_a_failed_handshake_was_not_sent() -> None:
    async with serving(drop_unread) as server, AiohttpRequest() as request:
        with pytest.raises(NotSent):
            await bot_on(server.port, request, scheme="https").send_message(7, TEXT)

    assert server.connections == 1


@pytest.mark.case(43)
async def test_a_handshake_that_hangs_was_not_sent() -> None:
    async with serving(hang) as server, AiohttpRequest(connect_timeout=0.05) as request:
        with pytest.raises(NotSentInTime) as caught:
            await bot_on(server.port, request, scheme="https").send_message(7, TEXT)

    assert isinstance(caught.value, TimedOut)
    assert isinstance(caught.value.__cause__, aiohttp.ConnectionTimeoutError)


@pytest.mark.case(43)
async def test_a_full_pool_was_not_sent() -> None:
    async with serving(hang) as server, AiohttpRequest(connection_pool_size=1, pool_timeout=0.05) as request:
        bot = bot_on(server.port, request)
        first = asyncio.ensure_future(bot.send_message(7, TEXT))
        await server.asked.wait()
        with pytest.raises(NotSentInTime) as caught:
            await bot.send_message(8, TEXT)
        first.cancel()

    assert classify(caught.value).kind == "not_sent"
    assert len(server.requests) == 1


async def test_a_closed_client_was_not_sent() -> None:
    request = AiohttpRequest()

    with pytest.raises(NotSent):
        await bot_on(1, request).send_message(7, TEXT)


@pytest.mark.case(41)
async def test_no_answer_in_time_may_have_been_sent() -> None:
    async with serving(hang) as server:
        error = await failing(server, read_timeout=0.05)

    assert len(server.requests) == 1
    assert type(error) is NotAnsweredInTime
    assert isinstance(error, TimedOut)
    assert isinstance(error.__cause__, aiohttp.SocketTimeoutError)


@pytest.mark.case(41)
async def test_an_upload_that_is_not_taken_ends_in_time() -> None:
    async with serving(never_read) as server:
        request = AiohttpRequest(connect_timeout=0.1, media_write_timeout=0.1, read_timeout=0.1)
        async with request:
            with pytest.raises(NotAnsweredInTime):
                await bot_on(server.port, request).send_document(7, b"\x00" * 30_000_000)


@pytest.mark.case(42)
@pytest.mark.parametrize("act", [drop_unread, drop_after_reading, drop_in_the_answer, talk_nonsense])
async def test_a_lost_connection_may_have_been_sent_and_is_not_repeated(act: Act) -> None:
    async with serving(act) as server:
        error = await failing(server)

    assert type(error) is MaybeSent
    assert classify(error).kind == "unknown"
    assert server.connections == 1


@pytest.mark.case(42)
async def test_a_kept_connection_that_the_server_drops_may_have_been_sent_and_is_not_repeated() -> None:
    async with serving(answer(), drop_after_reading) as server, AiohttpRequest() as request:
        bot = bot_on(server.port, request)
        await bot.send_message(7, TEXT)
        with pytest.raises(MaybeSent):
            await bot.send_message(7, TEXT)

    assert (server.connections, len(server.requests)) == (1, 2)


async def test_a_connection_that_the_server_closed_while_idle_is_not_used_again() -> None:
    async with serving(answer(extra="Connection: close\r\n")) as server, AiohttpRequest() as request:
        bot = bot_on(server.port, request)
        for _ in range(3):
            await bot.send_message(7, TEXT)

    assert server.connections == 3
