"""Parameters and keyboards that Telegram refuses, in the words Telegram was seen to use."""

import json

import aiohttp
import pytest
from telegram import Bot

from bot.phone.methods import TABLE
from bot.phone.people import Person
from bot.phone.rules import REFERENCE
from bot.phone.server import Phone
from tests.bot.phone.conftest import TOKEN, Caller


def keys(*buttons: dict) -> dict:
    return {"inline_keyboard": [list(buttons)]}


@pytest.fixture(autouse=True)
def _started(alice: Person) -> None:
    alice.starts()


@pytest.mark.parametrize(
    ("params", "description"),
    [
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": "", "text": "x"}, "chat_id is empty"),
        ({"chat_id": 1, "text": "x"}, "chat not found"),
        ({"chat_id": "@nobody", "text": "x"}, "chat not found"),
        ({"text": ""}, "message text is empty"),
        ({}, "message text is empty"),
        ({"text": "   "}, "text must be non-empty"),
        ({"text": "x" * 4097}, "message is too long"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"text": "x", "parse_mode": "INVALID"}, "unsupported parse_mode"),
        (
            {"text": "x", "disable_web_page_preview": True},
            'unknown parameter "disable_web_page_preview" of sendMessage',
        ),
        ({"text": 5}, 'field "text" must be of type String'),
        ({"text": "x", "disable_notification": "maybe"}, 'field "disable_notification" must be of type Boolean'),
        ({"text": "x", "entities": [{"type": "bold", "offset": 9, "length": 1}]}, None),
        ({"text": "x", "entities": [{"type": "odd", "offset": 0, "length": 1}]}, None),
        ({"text": "x", "entities": [{"type": "text_link", "offset": 0, "length": 1}]}, None),
        ({"text": "x", "reply_parameters": {"message_id": 999}}, "message to be replied not found"),
        ({"text": "x", "reply_parameters": {"quote": "x"}}, 'can\'t find field "message_id"'),
        ({"text": "x", "message_effect_id": "9"}, "EFFECT_ID_INVALID"),
        ({"text": "x", "business_connection_id": "9"}, "business connection not found"),
        ({"text": "x", "message_thread_id": 9}, "message thread not found"),
        ({"text": "x", "allow_paid_broadcast": True}, "FLOODSKIP_NOT_ALLOWED"),
    ],
)
async def test_a_wrong_message_is_refused(call: Caller, alice: Person, params: dict, description: str | None) -> None:
    if params.get("chat_id") is None and params != {"text": "x"}:
        params = params | {"chat_id": alice.id}

    refused = await call.refusal("sendMessage", **params)

    if description:
        assert refused == f"Bad Request: {description}"
    assert len(alice.sees()) == 1


@pytest.mark.parametrize(
    ("button", "description"),
    [
        ({"text": "x"}, "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ({"callback_data": "x"}, "can't parse inline keyboard button: Can't find field \"text\""),
        ({"text": 5, "callback_data": "x"}, 'can\'t parse inline keyboard button: Field "text" must be of type String'),
        ({"text": "", "callback_data": "x"}, "REPLY_MARKUP_INVALID"),
        ({"text": "x", "callback_data": "ä" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, None),
        ({"text": "x", "callback_data": "x", "colour": "red"}, None),
        ({"text": "x", "callback_data": "x", "url": "https://a.org"}, None),
        ({"text": "x", "url": "not-a-url"}, "inline keyboard button URL 'not-a-url' is invalid: Wrong HTTP URL"),
        ({"text": "x", "url": "ftp://a.org"}, None),
        ({"text": "x", "copy_text": {"text": ""}}, "BUTTON_COPY_TEXT_INVALID"),
        ({"text": "x", "pay": True}, "BUTTON_TYPE_INVALID"),
        ({"text": "x", "web_app": {"url": "http://a.org"}}, None),
        ({"text": "x", "callback_data": "x", "style": "pink"}, None),
    ],
)
async def test_a_wrong_button_is_refused(call: Caller, alice: Person, button: dict, description: str | None) -> None:
    refused = await call.refusal("sendMessage", chat_id=alice.id, text="x", reply_markup=keys(button))

    if description:
        assert refused == f"Bad Request: {description}"


async def test_data_of_64_bytes_and_100_buttons_are_the_most(call: Caller, alice: Person) -> None:
    full = {"text": "x", "callback_data": "ä" * 32}

    status, _ = await call("sendMessage", chat_id=alice.id, text="x", reply_markup=keys(*[full] * 100))
    refused = await call.refusal("sendMessage", chat_id=alice.id, text="x", reply_markup=keys(*[full] * 101))

    assert status == 200
    assert refused == "Bad Request: REPLY_MARKUP_TOO_LONG"


@pytest.mark.parametrize("text", ["x" * 4096, "😀" * 2048, "<b>" + "x" * 4096 + "</b>"])
async def test_4096_units_after_parsing_are_taken(bot: Bot, alice: Person, text: str) -> None:
    message = await bot.send_message(alice.id, text, parse_mode="HTML")

    assert alice.last.text == message.text


@pytest.mark.parametrize("markup", ["[]", "5", "{}", "nonsense", '{"keys": 1}'])
async def test_something_that_is_no_markup_is_refused(call: Caller, alice: Person, markup: str) -> None:
    assert await call.refusal("sendMessage", chat_id=alice.id, text="x", reply_markup=markup)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("deleteMyCommands", {"scope": {"type": ["a"]}}),
        ("deleteMyCommands", {"scope": {"type": "galaxy"}}),
        ("setWebhook", {"url": "https://[::1/x"}),
        ("setWebhook", {"url": "https://x:99999/"}),
        ("setMyCommands", {"commands": [{"command": "a", "description": "\ud800"}]}),
        ("setMyName", {"name": "\ud800"}),
        ("getFile", {"file_id": ["x"]}),
        ("getUpdates", {"allowed_updates": [1]}),
    ],
)
async def test_nonsense_is_refused_and_never_an_error_of_the_phone(call: Caller, method: str, params: dict) -> None:
    assert await call.refusal(method, **params)


async def test_query_form_json_and_multipart_mean_the_same(phone: Phone, alice: Person) -> None:
    url = f"{phone.url}/bot{TOKEN}/sendMessage"
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    plain = {"chat_id": str(alice.id), "text": "ä+b", "protect_content": "true", "reply_markup": json.dumps(markup)}
    parts = aiohttp.FormData(plain, default_to_multipart=True)
    async with aiohttp.ClientSession() as session:
        for sent in (
            session.get(url, params=plain),
            session.post(url, data=plain),
            session.post(url, data=parts),
            session.post(url, json=plain | {"chat_id": alice.id, "protect_content": True, "reply_markup": markup}),
        ):
            async with sent as answer:
                assert answer.status == 200

    seen = alice.sees()[1:]

    assert {(one.text, one.protected, one.buttons) for one in seen} == {("ä+b", True, seen[0].buttons)}
    assert len(seen) == 4


async def test_methods_are_known_in_any_case_and_others_are_not_found(call: Caller) -> None:
    known, _ = await call("GETME")
    status, body = await call("sendPoll")

    assert known == 200
    assert (status, body["description"]) == (404, "Not Found: method not found")


def test_every_described_method_has_an_answer() -> None:
    assert set(REFERENCE["methods"]) == {*TABLE, "getUpdates"}


@pytest.mark.parametrize(
    ("token", "status"), [("nonsense", 404), ("1:short", 401), ("012:" + "A" * 35, 401), ("7:" + "A" * 35, 200)]
)
async def test_tokens_are_judged_by_their_form(call: Caller, token: str, status: int) -> None:
    got, _ = await call("getMe", token=token)

    assert got == status


async def test_a_closed_phone_knows_only_its_own_bots() -> None:
    async with Phone(tokens={TOKEN}) as phone, aiohttp.ClientSession() as session:
        own = await session.get(f"{phone.url}/bot{TOKEN}/getMe")
        other = await session.get(f"{phone.url}/bot7:{'A' * 35}/getMe")

    assert (own.status, other.status) == (200, 401)
