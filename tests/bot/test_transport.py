"""Hold the transport against a small server that fails in every way a network can."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from urllib.parse import parse_qs

import aiohttp
import pytest
from telegram import Bot, InputFile
from telegram.error import BadRequest, ChatMigrated, Forbidden, InvalidToken, NetworkError, TelegramError, TimedOut

from bot.errors import Flooded, MaybeSent, NotAnsweredInTime, NotSent, NotSentInTime, classify
from bot.transport import AiohttpRequest

TOKEN = "123456789:CANARY-token-that-must-stay-secret-x"
TEXT = "a canary text about a person's health"

SENT = {"ok": True, "result": {"message_id": 1, "date": 0, "chat": {"id": 7, "type": "private"}, "text": "x"}}

Act = Callable[["Server", asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Request:
    """Hold one request as it came over the wire."""

    head: str
    headers: Message
    body: bytes


@dataclass
class Server:
    """Serve HTTP on a local port; each request takes the next act of the script, the last one for ever."""

    acts: list[Act] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    most_at_once: int = 0
    port: int = 0
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    end: asyncio.Event = field(default_factory=asyncio.Event)
    _open: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        try:
            while not writer.is_closing() and not self.end.is_set():
                act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
                await act(self, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._open -= 1
            writer.close()

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Take in one request and remember it."""
        raw = await reader.readuntil(b"\r\n\r\n")
        head, _, lines = raw.partition(b"\r\n")
        headers = BytesParser().parsebytes(lines)
        if headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(await reader.readline(), 16):
                body += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
        else:
            body = await reader.readexactly(int(headers.get("Content-Length", 0)))
        self.requests.append(Request(head.decode(), headers, body))
        self.asked.set()


def answer(status: int = 200, body: object = SENT, *, extra: str = "") -> Act:
    """Read the request and answer it; a body that is bytes goes out as it is."""

    async def act(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await server.read(reader)
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(payload)}\r\n{extra}\r\n"
        writer.write(head.encode() + payload)
        await writer.drain()

    return act


async def hang(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read the request and never answer."""
    await server.read(reader)
    await server.end.wait()


async def never_read(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accept and take nothing, so that the sender's buffers fill up."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
    await server.end.wait()


async def drop_unread(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hang up before anything is read."""
    writer.transport.abort()


async def drop_after_reading(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take in the whole request, as if it were acted on, and hang up without a word."""
    await server.read(reader)
    writer.close()


async def drop_in_the_answer(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hang up in the middle of the answer."""
    await server.read(reader)
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"ok": tr')
    await writer.drain()
    writer.close()


async def talk_nonsense(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer with something that is not HTTP."""
    await server.read(reader)
    writer.write(b"220 mail.example.org ESMTP\r\n\r\n")
    await writer.drain()
    writer.close()


@asynccontextmanager
async def serving(*acts: Act) -> AsyncIterator[Server]:
    server = Server(list(acts))
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        server.end.set()
        listener.close()
        await listener.wait_closed()


def bot_on(port: int, request: AiohttpRequest, *, scheme: str = "http", host: str = "127.0.0.1") -> Bot:
    base = f"{scheme}://{host}:{port}"
    return Bot(TOKEN, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot", request=request)


async def failing(server: Server, request: AiohttpRequest | None = None, **timeouts: float) -> TelegramError:
    """Send one message and return the error it ends with."""
    async with request or AiohttpRequest(**timeouts) as request:
        with pytest.raises(TelegramError) as caught:
            await bot_on(server.port, request).send_message(7, TEXT)
    return caught.value


def everything_shown_of(error: BaseException) -> str:
    """Return all that a log could print of the error and of what led to it."""
    chain: list[str] = []
    link: BaseException | None = error
    while link is not None:
        chain += [str(link), repr(link), repr(link.args)]
        link = link.__cause__ or link.__context__
    return "\n".join([*chain, *traceback.format_exception(error)])


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
