"""The page's own side: who may come in, what it is told, and what its buttons do."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from bot.phone.people import Person
from bot.phone.server import Phone
from tests.bot.phone.conftest import NOW, PNG, TOKEN, Due

YES = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])


async def post(page: aiohttp.ClientSession, name: str, **body: object) -> tuple[int, Any]:
    async with page.post(f"/api/{name}", data=json.dumps(body)) as answer:
        return answer.status, await answer.json()


class Stream:
    """Reads the page's Server-Sent Events."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.calls: list[str] = []

    async def next(self, wanted: Callable[[dict], bool] = lambda _: True) -> dict:
        async with asyncio.timeout(5):
            while True:
                line = (await self.answer.content.readline()).decode()
                if not line.startswith("data: "):
                    continue
                event = json.loads(line[6:])
                self.calls += [call["method"] for call in event.get("calls", []) if call["method"] != "getMe"]
                if wanted(event):
                    return event


@pytest.fixture
async def stream(page: aiohttp.ClientSession, alice: Person) -> AsyncIterator[Stream]:
    async with page.get(f"/api/events?person={alice.id}") as answer:
        yield Stream(answer)


async def test_the_stream_begins_with_everything_and_goes_on_with_changes(
    stream: Stream, bot: Bot, alice: Person
) -> None:
    first = await stream.next()
    alice.starts()
    started = await stream.next(lambda event: "messages" in event)
    sent = await bot.send_message(alice.id, "one", reply_markup=YES)
    shown = await stream.next(lambda event: "messages" in event)
    await sent.edit_text("two")
    edited = await stream.next(lambda event: "messages" in event)
    await sent.delete()
    gone = await stream.next(lambda event: "deleted" in event)

    assert (first["reset"], first["started"], first["messages"]) == (True, False, [])
    assert [person["name"] for person in first["people"]] == ["Alice", "Bob"]
    assert (started["started"], started["messages"][0]["text"]) == (True, "/start")
    assert shown["messages"][0]["reply_markup"]["inline_keyboard"][0][0]["text"] == "Yes"
    assert "reset" not in edited
    assert edited["messages"][0]["text"] == "two"
    assert gone["deleted"] == [sent.message_id]


async def test_the_stream_of_one_person_holds_nothing_said_to_another(
    stream: Stream, bot: Bot, phone: Phone, alice: Person
) -> None:
    bob = phone.person(TOKEN, "Bob")
    bob.starts()
    await bot.send_message(bob.id, "for Bob only")
    await stream.next()

    alice.writes("mine")

    event = await stream.next(lambda event: "messages" in event)
    assert [message["text"] for message in event["messages"]] == ["mine"]


async def test_toasts_typing_commands_and_calls_reach_the_page(
    page: aiohttp.ClientSession, stream: Stream, bot: Bot, alice: Person
) -> None:
    alice.starts()
    sent = await bot.send_message(alice.id, "x", reply_markup=YES)
    _, pressed = await post(page, "press", person=alice.id, message_id=sent.message_id, data="y")
    await bot.answer_callback_query(pressed["id"], "Saved")
    toast = await stream.next(lambda event: "toasts" in event)
    await bot.send_chat_action(alice.id, "typing")
    typing = await stream.next(lambda event: "typing" in event and event["typing"])
    await bot.set_my_commands([("help", "Help")])
    commands = await stream.next(lambda event: "commands" in event and event["commands"])
    while "setMyCommands" not in stream.calls:
        await stream.next()

    assert (toast["toasts"][0]["id"], toast["toasts"][0]["text"]) == (pressed["id"], "Saved")
    assert typing["typing"] == "typing"
    assert commands["commands"] == [{"command": "help", "description": "Help"}]
    assert stream.calls[:2] == ["sendMessage", "answerCallbackQuery"]


async def test_what_a_person_does_by_hand_reaches_the_bot(page: aiohttp.ClientSession, bot: Bot, alice: Person) -> None:
    _, written = await post(page, "write", person=alice.id, text="helo")
    await post(page, "edit", person=alice.id, message_id=written["message_id"], text="hello")
    await post(page, "share", person=alice.id, what="location", latitude=52.5, longitude=13.4)
    await post(page, "share", person=alice.id, what="voice")
    await post(page, "share", person=alice.id, what="sticker", emoji="👍")
    async with page.post(f"/api/upload?person={alice.id}&as=photo&name=a.png", data=PNG) as photo:
        assert photo.status == 200
    async with page.post(f"/api/upload?person={alice.id}&as=document&name=a.txt", data=b"text") as document:
        assert document.status == 200
    await post(page, "block", person=alice.id, blocked=True)
    await post(page, "block", person=alice.id, blocked=False)

    got = await bot.get_updates()

    assert got[0].message.text == "helo"
    assert got[1].edited_message.text == "hello"
    assert got[2].message.location.latitude == 52.5
    assert all((got[3].message.voice, got[4].message.sticker, got[5].message.photo, got[6].message.document))
    assert [one.my_chat_member.new_chat_member.status for one in got[7:]] == ["kicked", "member"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("write", {"person": 1, "text": "x"}),
        ("write", {"text": "x"}),
        ("press", {"message_id": 1, "data": "x"}),
        ("share", {"what": "money"}),
        ("edit", {"message_id": 1, "text": "x"}),
        ("clock", {"seconds": -1}),
        ("clock", {"seconds": 1e12}),
        ("clock", {"seconds": "nan"}),
    ],
)
async def test_nonsense_is_a_problem_and_no_crash(
    page: aiohttp.ClientSession, alice: Person, name: str, body: dict
) -> None:
    status, answer = await post(page, name, **({"person": alice.id} | body if name != "write" else body))

    assert (status, list(answer)) == (400, ["problem"])


async def test_files_are_shown_as_pictures_or_saved_but_never_run(
    page: aiohttp.ClientSession, bot: Bot, alice: Person
) -> None:
    alice.starts()
    photo = await bot.send_photo(alice.id, PNG)
    program = await bot.send_document(alice.id, b"<script>", filename="a.html")
    report = await bot.send_document(alice.id, b"%PDF", filename="report.pdf")

    kinds = []
    for file in (photo.photo[-1], program.document, report.document):
        async with page.get(f"/api/file/{file.file_id}") as answer:
            place = answer.headers.get("Content-Disposition", "").partition(";")[0]
            kinds.append((answer.content_type, place, answer.headers["X-Content-Type-Options"]))

    assert kinds == [
        ("image/png", "", "nosniff"),
        ("application/octet-stream", "attachment", "nosniff"),
        ("application/pdf", "inline", "nosniff"),
    ]


async def test_the_clock_moves_forward_and_the_bot_is_told(
    page: aiohttp.ClientSession, stream: Stream, phone: Phone, due: Due
) -> None:
    await stream.next()
    await post(page, "clock", seconds=3600)

    shifted = await stream.next(lambda event: "shift" in event)

    assert phone.clock() == NOW + timedelta(hours=1)
    assert (shifted["shift"], due.moves) == (3_600_000, 1)


async def test_next_check_in_goes_to_just_after_it_is_due(page: aiohttp.ClientSession, phone: Phone, due: Due) -> None:
    _, nothing = await post(page, "clock", to="next")
    due.at = NOW + timedelta(days=7)
    await post(page, "clock", to="next")
    later = phone.clock()
    due.at = NOW
    await post(page, "clock", to="next")

    assert nothing == {"due": None}
    assert later == NOW + timedelta(days=7, seconds=1)
    assert phone.clock() == later
    assert due.moves == 2


async def test_a_phone_stops_at_once_with_a_page_open(phone: Phone, stream: Stream) -> None:
    await stream.next()

    async with asyncio.timeout(1):
        await phone.stop()
