"""A phone on a free port, a clock that stands still, Alice, and a bot of python-telegram-bot that talks to it."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from telegram import Bot

from bot.phone.people import Person
from bot.phone.server import Phone

TOKEN = "123456:" + "A" * 35
OTHER = "654321:" + "B" * 35
# The smallest PNG there is: one pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.time = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture(autouse=True)
def _timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    # python-telegram-bot warns about its old way of giving durations.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def phone(clock: Clock) -> AsyncIterator[Phone]:
    async with Phone(clock, webhook_repeats=(0.0, 0.01)) as running:
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
