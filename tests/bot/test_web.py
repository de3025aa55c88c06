"""The web server: what it refuses, how long it waits, and how it leaves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot import serve, web
from bot.settings import SettingsError
from bot.web import LARGEST_BODY, SECRET_HEADER
from bot.webside import Place
from tests.bot.replicas import SECRET, Replica, free_port, message, replica, until
from tests.chat import Chats, Talker

# What the event loop may be held up for, in seconds.
LONGEST_BLOCK = 0.1

SHORT = 0.1


@pytest.fixture(autouse=True)
def _timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    # python-telegram-bot warns about its old way of giving durations.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture(params=["sqlite"])
def database_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """Return an SQLite file: which database it is makes no difference here."""
    return database_url


@pytest.fixture
async def one(chats: Chats) -> AsyncIterator[Replica]:
    """Return a running program."""
    async with replica(chats) as running:
        yield running


async def raw(replica: Replica, *parts: bytes) -> bytes:
    """Send bytes to the server and return what comes back until it hangs up."""
    where = urlsplit(replica.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


def head(length: str, version: str = "1.1", method: str = "POST", path: str = "/hook") -> bytes:
    """Return the head of a request with the secret."""
    return f"{method} {path} HTTP/{version}\r\nHost: x\r\n{SECRET_HEADER}: {SECRET}\r\n{length}\r\n\r\n".encode()


@asynccontextmanager
async def loop_watched() -> AsyncIterator[list[float]]:
    """Fill the list with how long the event loop was held up, again and again."""
    gaps: list[float] = []

    async def watch() -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.001)
            gaps.append(time.monotonic() - before)

    watcher = asyncio.create_task(watch())
    try:
        yield gaps
    finally:
        watcher.cancel()


@pytest.mark.case(22)
@pytest.mark.parametrize("size", [LARGEST_BODY + 1, 90_000_000])
async def test_a_body_that_is_too_large_is_refused_unread(one: Replica, size: int) -> None:
    async with loop_watched() as gaps:
        answer = await raw(one, head(f"Content-Length: {size}"))

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert max(gaps, default=0.0) < LONGEST_BLOCK
    assert one.counted("webhook_refused_total", why="too large") == 1


@pytest.mark.case(22)
async def test_a_body_of_unsaid_length_is_refused_as_soon_as_it_is_too_large(one: Replica) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    async with loop_watched() as gaps:
        await raw(one, head("Transfer-Encoding: chunked"), *[chunk] * 20)

    assert max(gaps, default=0.0) < LONGEST_BLOCK
    assert one.counted("webhook_refused_total", why="too large") == 1


@pytest.mark.case(22)
async def test_a_body_that_is_just_small_enough_is_read(one: Replica) -> None:
    start = b'{"update_id": 1, "padding": "'
    body = start + b"x" * (LARGEST_BODY - len(start) - 2) + b'"}'

    assert len(body) == LARGEST_BODY
    assert await one.post(body) == 200


@pytest.mark.case(26)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_the_webhook_takes_nothing_but_posts(one: Replica, method: str) -> None:
    async with one.session.request(method, f"{one.url}/hook") as answer:
        assert answer.status == 405


@pytest.mark.case(26)
async def test_other_paths_are_not_there(one: Replica) -> None:
    assert (await one.get("/"))[0] == 404
    assert (await one.get("/hook/more"))[0] == 404
    assert (await one.get("/.env"))[0] == 404


@pytest.mark.case(26)
async def test_http_1_0_is_answered(one: Replica) -> None:
    body = json.dumps({"update_id": 1}).encode()

    answer = await raw(one, head(f"Content-Length: {len(body)}", version="1.0"), body)

    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.case(26)
async def test_what_is_not_http_is_refused(one: Replica) -> None:
    assert (await raw(one, b"\x16\x03\x01\x02\x00\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


@pytest.mark.case(26)
@pytest.mark.parametrize("begun", [b"", b"POST /hook HTTP/1.1\r\n", b"POST /hook HTTP/1.1\r\nHost: x\r\nX: "])
async def test_a_request_head_that_does_not_end_is_hung_up_on(
    chats: Chats, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(serve, "HEAD_SECONDS", SHORT)
    async with replica(chats) as one:
        assert await raw(one, begun) == b""


@pytest.mark.case(26)
async def test_a_second_request_that_does_not_end_is_hung_up_on(chats: Chats, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "HEAD_SECONDS", SHORT)
    async with replica(chats) as one:
        answer = await raw(one, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /healthz HTTP/1.1\r\n")

    assert answer.count(b"HTTP/1.1 200 ") == 1


@pytest.mark.case(26)
async def test_a_body_that_does_not_end_is_refused(one: Replica, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "BODY_SECONDS", SHORT)

    answer = await raw(one, head("Content-Length: 100"), b'{"update')

    assert answer.startswith(b"HTTP/1.1 408 ")


@pytest.mark.case(27)
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_rolling_restart_loses_and_refuses_nothing(chats: Chats) -> None:
    people = [chats.person(f"Person {number}") for number in range(40)]
    for person in people:
        person.phone.writes("/start")
    statuses: list[int] = []
    restarted = asyncio.Event()

    async with replica(chats, leaving_seconds=1.0) as old, replica(chats) as new:
        await chats.phone.until(chats.token, lambda: chats.phone.pending(chats.token) == 0, timeout=20)
        chosen = old

        async def balance() -> None:
            nonlocal chosen
            while (await old.get("/readyz"))[0] == 200:  # noqa: ASYNC110  # as a balancer looks
                await asyncio.sleep(0.05)
            chosen = new

        async def keep_posting(person: Talker) -> None:
            turns = 0
            # Some after the restart as well.
            while turns < 2 or not restarted.is_set():
                statuses.append(await chosen.post(message(person, "/cancel")))
                turns += 1

        balancing = asyncio.create_task(balance())
        posting = [asyncio.create_task(keep_posting(person)) for person in people]
        await old.stop()
        restarted.set()
        await asyncio.gather(balancing, *posting)

    assert set(statuses) == {200}
    assert old.counted("updates_total", kind="message", result="done") > 0
    assert new.counted("updates_total", kind="message", result="done") > 0


async def test_a_stop_lets_what_is_under_way_end(chats: Chats, one: Replica, alice: Talker) -> None:
    await alice_was_here(chats, alice)
    delay = chats.phone.fail(chats.token, "sendMessage", status=200, delay=0.3)
    posting = asyncio.create_task(one.post(message(alice, "/help")))
    await until(lambda: delay.happened)

    await one.stop()

    assert await posting == 200


async def alice_was_here(chats: Chats, alice: Talker) -> None:
    """Let Alice have started the bot, so that it may write to her."""
    alice.phone.writes("/start")
    await chats.phone.until(chats.token, lambda: chats.phone.pending(chats.token) == 0)


async def test_a_webhook_that_cannot_listen_says_which_setting_to_change(chats: Chats, one: Replica) -> None:
    port = urlsplit(one.url).port
    assert port is not None
    program = chats.program(place=Place("127.0.0.1", port, f"{one.url}/hook", SECRET))

    with pytest.raises(SettingsError, match="WEB_PORT"):
        await program.run()


async def test_a_bot_that_polls_does_not_need_the_port(chats: Chats, one: Replica) -> None:
    port = urlsplit(one.url).port
    assert port is not None
    program = chats.program(place=Place("127.0.0.1", port))
    running = asyncio.create_task(program.run())
    await until(lambda: program.health.stage == "listening")

    program.stop()

    await running


async def test_a_closed_server_takes_no_connection(chats: Chats) -> None:
    port = free_port()
    server = serve.Server(lambda *_: None, "127.0.0.1", port)  # type: ignore[arg-type,return-value]
    await server.start()
    await server.stop(0)

    with pytest.raises(aiohttp.ClientConnectionError):
        async with aiohttp.ClientSession() as session:
            await session.get(f"http://127.0.0.1:{port}/")
