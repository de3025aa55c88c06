"""Who may come in to the page, and what is served."""

import json

import aiohttp
import pytest

from bot.phone.people import Person
from bot.phone.server import Phone
from tests.bot.phone.conftest import TOKEN


async def test_the_key_in_the_address_becomes_a_cookie_and_leaves_the_address(phone: Phone) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(phone.page_url) as answer:
            assert (str(answer.url), answer.content_type) == (f"{phone.url}/", "text/html")
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        (cookie,) = session.cookie_jar

    assert cookie["httponly"]
    assert cookie["samesite"] == "strict"


@pytest.mark.parametrize("path", ["/", "/?key=wrong", "/page/app.js", "/api/events", "/api/file/x"])
async def test_without_the_key_nothing_is_shown(phone: Phone, path: str) -> None:
    async with aiohttp.ClientSession(phone.url) as stranger, stranger.get(path) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
async def test_a_page_elsewhere_gets_nothing_even_with_the_key(
    page: aiohttp.ClientSession, phone: Phone, headers: dict, alice: Person
) -> None:
    with_key = headers | {"X-Phone-Key": phone.key}
    body = json.dumps({"person": alice.id, "text": "x"})

    async with page.post("/api/write", data=body, headers=with_key) as answer:
        assert answer.status == 403

    assert alice.sees() == []


async def test_a_header_does_as_well_as_the_cookie(phone: Phone) -> None:
    headers = {"X-Phone-Key": phone.key}
    async with aiohttp.ClientSession(phone.url, headers=headers) as session, session.get("/page/app.js") as answer:
        assert (answer.status, answer.content_type) == (200, "text/javascript")


@pytest.mark.parametrize("path", ["/page/..%2Fapi.py", "/page/%2Fetc%2Fpasswd", "/page/nothing.js"])
async def test_only_the_pages_own_files_are_served(page: aiohttp.ClientSession, path: str) -> None:
    async with page.get(path) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    "headers",
    [{"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}],
)
async def test_a_page_elsewhere_cannot_play_the_bot_though_its_token_is_known(
    phone: Phone, headers: dict, alice: Person
) -> None:
    alice.starts()
    address = f"/bot{TOKEN}/sendMessage?chat_id={alice.id}&text=x"
    async with aiohttp.ClientSession(phone.url) as session:
        async with session.get(address, headers=headers) as answer:
            assert answer.status == 403
        async with session.get(address) as answer:
            assert answer.status == 200

    assert [seen.text for seen in alice.sees()] == ["/start", "x"]
