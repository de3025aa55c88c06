"""A phone on a free port, a clock that stands still, Alice, and a bot of python-telegram-bot that talks to it."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from telegram import Bot

from bot.phone.clock import ShiftedClock
from bot.phone.people import Person
from bot.phone.server import Phone

TOKEN = "123456:" + "A" * 35
OTHER = "654321:" + "B" * 35
# The smallest PNG there is: one pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)


NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


class Clock(ShiftedClock):
    """Stands still until it is moved."""

    def __init__(self) -> None:
        super().__init__(source=lambda: NOW)

    def moves(self, **by: float) -> None:
        self.advance(timedelta(**by))


class Due:
    """When the bot will come back, and how often it was told that the clock was moved."""

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.moves = 0

    async def next_due(self) -> datetime | None:
        return self.at

    async def on_move(self) -> None:
        self.moves += 1


@pytest.fixture(autouse=True)
def _timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    # python-telegram-bot warns about its old way of giving durations.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def due() -> Due:
    return Due()


@pytest.fixture
async def phone(clock: Clock, due: Due) -> AsyncIterator[Phone]:
    page = {"page_token": TOKEN, "next_due": due.next_due, "on_move": due.on_move}
    async with Phone(clock, webhook_repeats=(0.0, 0.01), **page) as running:
        yield running


@pytest.fixture
def alice(phone: Phone) -> Person:
    return phone.person(TOKEN, "Alice")


@pytest.fixture
async def bot(phone: Phone) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=phone.base_url, base_file_url=phone.base_file_url) as running:
        yield running


class Caller:
    """Calls the Bot API by hand, with JSON, and returns status and body."""

    def __init__(self, phone: Phone, session: aiohttp.ClientSession) -> None:
        self.phone = phone
        self.session = session

    async def __call__(self, method: str, token: str = TOKEN, **params: object) -> tuple[int, dict]:
        async with self.session.post(f"{self.phone.url}/bot{token}/{method}", json=params) as answer:
            return answer.status, json.loads(await answer.text())

    async def refusal(self, method: str, **params: object) -> str:
        """Return the description of a call that must be refused with 400."""
        status, body = await self(method, **params)
        assert (status, body["ok"], body["error_code"]) == (400, False, 400)
        return body["description"]


@pytest.fixture
async def call(phone: Phone) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(phone, session)


@pytest.fixture
async def page(phone: Phone) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser that has opened the printed address."""
    async with aiohttp.ClientSession(phone.url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(f"/?key={phone.key}") as answer:
            assert answer.status == 200
        yield session
