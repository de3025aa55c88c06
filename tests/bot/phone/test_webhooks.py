"""Updates posted to a bot's webhook."""

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from telegram import Bot
from telegram.error import BadRequest, Conflict

from bot.phone.people import Person
from bot.phone.server import Phone
from tests.bot.phone.conftest import TOKEN


class Hook:
    """A bot's webhook: notes what comes and answers what it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict, str | None]] = []
        self.answers: list[int] = []
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((await request.json(), request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    @property
    def texts(self) -> list[str]:
        return [update["message"]["text"] for update, _ in self.got]


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    hook = Hook()
    app = web.Application()
    app.router.add_post("/hook", hook.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield hook
    await runner.cleanup()


def emptied(phone: Phone) -> Callable[[], bool]:
    return lambda: phone.pending(TOKEN) == 0


async def test_a_webhook_gets_updates_with_its_secret(bot: Bot, phone: Phone, alice: Person, hook: Hook) -> None:
    alice.writes("before")
    await bot.set_webhook(hook.url, secret_token="s3cret")
    alice.writes("after")

    await phone.until(TOKEN, emptied(phone))

    assert hook.texts == ["before", "after"]
    assert {secret for _, secret in hook.got} == {"s3cret"}
    assert (await bot.get_webhook_info()).url == hook.url
    with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()


async def test_a_refused_update_is_repeated_and_holds_back_only_its_own_chat(
    bot: Bot, phone: Phone, alice: Person, hook: Hook
) -> None:
    bob = phone.person(TOKEN, "Bob")
    hook.answers = [500, 503]
    await bot.set_webhook(hook.url)
    alice.writes("a1")
    await phone.until(TOKEN, lambda: len(hook.got) >= 1)
    alice.writes("a2")
    bob.writes("b1")

    await phone.until(TOKEN, emptied(phone))

    assert [text for text in hook.texts if text != "b1"] == ["a1", "a1", "a1", "a2"]
    assert hook.texts.count("b1") == 1
    assert "503" in ((await bot.get_webhook_info()).last_error_message or "")


async def test_webhooks_elsewhere_need_https_and_pending_updates_can_be_dropped(
    bot: Bot, phone: Phone, alice: Person
) -> None:
    alice.writes("one")

    with pytest.raises(BadRequest, match=r"(?i)an HTTPS URL must be provided for webhook"):
        await bot.set_webhook("http://example.org/hook")
    with pytest.raises(BadRequest, match="ports 80, 88, 443 or 8443"):
        await bot.set_webhook("https://example.org:5000/hook")
    await bot.delete_webhook(drop_pending_updates=True)

    assert phone.pending(TOKEN) == 0
