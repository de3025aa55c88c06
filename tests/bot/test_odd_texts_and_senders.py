"""Texts and senders that nobody expects: each gets an answer or is passed over, and what was open stays open."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bot.test_check_in_conversation import set_up
from tests.bot.test_checklist_conversation import at_question
from tests.bot.test_security import sorry
from tests.chat import Chats, Talker

ODD = {
    "NUL": "a\x00b",
    "right to left": "\u202ekcolb",
    "zero width": "\u200b\u200d\u2060",
    "emoji": "😀" * 2048,
    "spaces": "   \n\t ",
    "HTML": "<b>bold</b> <script>alert(1)</script> &lt;",
    "SQL": "'; DROP TABLE people; --",
    "format": "{0.__class__} {text} %s %(text)s",
    "Markdown": "*_`[x](tg://user?id=1)",
    "digits": "9" * 4096,
    "combining": "z" + "\u0301" * 4095,
}


@pytest.mark.case(102)
async def test_an_odd_text_is_answered_and_leaves_an_open_question_as_it_was(alice: Talker) -> None:
    await at_question(alice, 2)

    for kind, text in ODD.items():
        await alice.says(text)
        assert "Question 2 of" in alice.reads(), kind

    assert not sorry(alice)


@pytest.mark.case(102)
async def test_half_a_character_is_answered(alice: Talker) -> None:
    """Telegram's JSON can hold an unpaired surrogate as an escape."""
    await alice.says("/help")
    chats, before = alice.chats, len(alice.answers())
    message = {"message_id": 900, "date": 1_790_000_000, "chat": {"id": alice.phone.id, "type": "private"}}

    chats.phone.inject(chats.token, {"message": {**message, "from": alice.phone.user, "text": "is \ud83d contagious?"}})
    await chats.turn()

    assert not sorry(alice)
    assert len(alice.answers()) == before + 1


@pytest.mark.case(102)
async def test_an_odd_text_in_a_set_up_is_no_city_and_no_time(alice: Talker) -> None:
    await alice.says("/checkin")
    await alice.says("every week at 7pm")

    for kind, text in ODD.items():
        await alice.says(text)
        assert "Where are you?" in alice.reads(), kind

    assert not sorry(alice)


@pytest.mark.case(102)
async def test_an_odd_note_is_kept_and_shown_as_text(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    await alice.taps("Something changed")
    await alice.taps("Number")
    await alice.taps("Done")

    await alice.says(" ".join(ODD[kind] for kind in ("NUL", "right to left", "HTML", "SQL", "format", "Markdown")))
    assert alice.reads().startswith("Noted: something changed: number.")
    await alice.says("/history")
    await alice.says("/mydata")

    assert not sorry(alice)
    listed = next(seen for seen in alice.answers() if seen.text.startswith("Your answers"))
    assert "<script>" in listed.text
    assert not [entity for entity in listed.entities if entity["type"] not in {"bold", "italic", "bot_command"}]


@pytest.mark.case(104)
@pytest.mark.parametrize(
    "sender",
    [
        {"first_name": "A"},
        {"first_name": "z" + "\u0301" * 63, "last_name": "\u202eevil", "username": "x" * 32},
        {"first_name": ""},  # a deleted account
        {"first_name": "<b>&</b>", "language_code": "xx-unknown"},
    ],
    ids=["bare", "combining", "deleted", "markup"],
)
async def test_whoever_writes_is_greeted_whatever_the_name(alice: Talker, sender: dict[str, Any]) -> None:
    await alice.says("/help")
    chats, before = alice.chats, len(alice.answers())
    person = {"id": alice.phone.id, "is_bot": False, **sender}
    message = {"message_id": 900, "date": 1_790_000_000, "chat": {"id": alice.phone.id, "type": "private"}}

    for text in ("/start", "/checkin", "every week at 7pm", "/settings"):
        chats.phone.inject(chats.token, {"message": {**message, "from": person, "text": text}})
        await chats.turn()

    assert not sorry(alice)
    assert len(alice.answers()) == before + 4
    assert not any("evil" in seen.text or "&" in seen.text for seen in alice.answers())


@pytest.mark.case(104)
async def test_no_bot_channel_or_nameless_administrator_is_talked_with(chats: Chats, alice: Talker) -> None:
    group = chats.phone.group(chats.token, "Family", [alice.phone])
    at = {"message_id": 901, "date": 1_790_000_000, "text": "/start"}
    bot = {"id": 77, "is_bot": True, "first_name": "Other"}
    anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
    whole_group = {"id": group.id, "type": "supergroup", "title": "Family"}
    updates: list[dict[str, Any]] = [
        {"message": {**at, "chat": {"id": 77, "type": "private"}, "from": bot}},
        {"message": {**at, "chat": whole_group, "from": anonymous, "sender_chat": whole_group}},
        {"channel_post": {**at, "chat": {"id": -100500, "type": "channel", "title": "News"}}},
        {"message": {**at, "chat": {"id": -100501, "type": "channel", "title": "News"}}},
    ]

    for update in updates:
        chats.phone.inject(chats.token, update)
        await chats.turn()

    sent = [call for call in chats.phone.calls(chats.token, "sendMessage") if call.status == 200]
    assert {call.parameters["chat_id"] for call in sent} <= {str(group.id)}
    assert {seen.text for seen in group.sees() if seen.from_bot} <= {chats.library.phrases.plain("group.private")}
    await alice.says("/start")
    assert alice.reads().startswith("Hello.")
