"""A phone with a page, a bot that says what a test wants, Alice, and a real browser that looks at her chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, async_playwright
from telegram import Bot

from bot.phone.clock import ShiftedClock
from bot.phone.people import Person
from bot.phone.server import Phone
from tests.browser.chromium import CHROMIUM, FLAGS
from tests.conftest import leave_out

TOKEN = "123456:" + "A" * 35
NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    if CHROMIUM is None:
        leave_out("there is no Chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
        page.set_default_timeout(10_000)
        yield page
        await browser.close()


@pytest.fixture
async def phone(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Phone]:
    # python-telegram-bot warns about its old way of giving durations.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    async with Phone(ShiftedClock(source=lambda: NOW), page_token=TOKEN) as running:
        yield running


@pytest.fixture
def alice(phone: Phone) -> Person:
    alice = phone.person(TOKEN, "Alice")
    alice.starts()
    return alice


@pytest.fixture
async def bot(phone: Phone) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=phone.base_url, base_file_url=phone.base_file_url) as running:
        yield running


@pytest.fixture
async def open_page(page: Page, phone: Phone, alice: Person) -> Page:
    """Return the page with Alice's chat on it."""
    await page.goto(phone.page_url)
    await page.locator(".message").first.wait_for()
    return page
