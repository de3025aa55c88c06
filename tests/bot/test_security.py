"""Strangers, forgers, groups and floods change nothing, learn nothing and hold up nobody."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.floods import MESSAGE, MESSAGES_PER_MINUTE, PRESS, ROOM, Floods
from content.model import Library
from content.reading.reply_reader import read_reply
from content.reading.schedule import read_schedule
from content.reading.signs import read_signs
from content.reading.topics import find_topic
from scheduler.db import people
from scheduler.db.models import Person
from tests.bot.test_privacy import NOTE, live_a_little
from tests.chat import Chats, Talker
from tests.clock import START
from tests.content.samples import one_in
from tests.scheduler.builders import opened

# Longer than anything that Telegram delivers.
LONGEST = 4096


@pytest.fixture(autouse=True)
def hasty() -> Iterator[None]:
    """Let the bot answer as fast as it can: at Telegram's pace these tests take minutes."""
    with patch("bot.line.PRIVATE", (0.001, 3)), patch("bot.line.GROUP", (0.001, 3)):
        yield


async def kept(talker: Talker) -> str:
    """Return everything about a person, as text that can be compared; what only counts updates is left out."""
    async with opened(talker.chats.database_url) as database, database.read() as session:
        data = await people.everything(session, talker.phone.id)
        if data is not None:
            data["people"][0].pop("applied_update")
        return json.dumps(data, sort_keys=True)


def payloads(talker: Talker) -> list[str]:
    """Return what every button that this person was ever shown carries, each once."""
    keyboards = [
        json.loads(call.parameters["reply_markup"])["inline_keyboard"]
        for call in talker.chats.phone.calls(talker.chats.token)
        if call.parameters.get("chat_id") == str(talker.phone.id) and "reply_markup" in call.parameters
    ]
    return list(dict.fromkeys(button["callback_data"] for rows in keyboards for row in rows for button in row))


def one_of_each(payloads: list[str]) -> list[str]:
    """Return the first payload of each action."""
    return list({":".join(payload.split(":")[:3]): payload for payload in reversed(payloads)}.values())


def changed(payload: str) -> list[str]:
    """Return the payload with one part after the other replaced, taken away, or made too much of."""
    parts = payload.split(":")
    variants = [":".join([*parts[:at], "x", *parts[at + 1 :]]) for at in range(len(parts))]
    variants += [":".join(parts[:at]) for at in range(len(parts))]
    variants += [f"{payload}:{payload}"[:64], f"{payload}::", payload.replace("1:", "2:", 1), "\u202e'; DROP TABLE"]
    return variants


@pytest.mark.case(108)
async def test_another_person_s_buttons_read_and_change_nothing(alice: Talker, bob: Talker) -> None:
    await live_a_little(alice)
    await alice.says("/history")
    await alice.says("/reminders")
    await alice.says("/check")
    await bob.says("/start")
    here = bob.answers()[-1].message_id
    before = await kept(alice)
    stolen = one_of_each([one for one in payloads(alice) if not one.startswith("1:t:")])

    with patch("bot.floods.Floods.take", return_value="fine"):
        for payload in stolen:
            bob.phone.presses(here, payload, forged=True)
        while bob.chats.phone.pending(bob.chats.token):
            await bob.chats.turn()

    assert len(stolen) > 30
    assert await kept(alice) == before
    told = " ".join(seen.text for seen in bob.answers())
    assert "canary" not in told
    assert "Berlin" not in told


@pytest.mark.case(108)
async def test_control_the_owner_s_own_press_changes_something(alice: Talker) -> None:
    await live_a_little(alice)
    await alice.says("/check")
    before = await kept(alice)

    await alice.taps("None of these")

    assert await kept(alice) != before


@pytest.mark.case(108)
async def test_a_payload_with_a_changed_part_breaks_nothing(alice: Talker, bob: Talker) -> None:
    await live_a_little(bob)
    await bob.says("/check")
    of_bob = await kept(bob)
    shown = bob.answers()[-1]
    variants = dict.fromkeys(variant for payload in one_of_each(payloads(bob)) for variant in changed(payload))
    forged = one_in(2, list(variants))
    await alice.says("/start")
    here = alice.answers()[-1].message_id

    with patch("bot.floods.Floods.take", return_value="fine"):
        for payload in forged:
            alice.phone.presses(here, payload, forged=True)
        while alice.chats.phone.pending(alice.chats.token):
            await alice.chats.turn()

    assert len(forged) > 100
    assert not sorry(alice)
    assert await kept(bob) == of_bob
    assert shown.buttons


def sorry(talker: Talker) -> list[str]:
    """Return the apologies for a fault of ours that this person got."""
    text = talker.chats.library.phrases.plain("sorry.text")
    return [seen.text for seen in talker.answers() if seen.text == text]


@pytest.mark.case(109)
async def test_in_a_group_every_way_in_gets_the_one_sentence_and_no_health(alice: Talker, bob: Talker) -> None:
    await live_a_little(alice)
    chats = alice.chats
    only = chats.library.phrases.plain("group.private")
    group = chats.phone.group(chats.token, "Family", [alice.phone, bob.phone])
    before = await kept(alice)

    for text in ("/start", "/history", "/mydata", "/delete", "@calcibot my lips are blue and I can't breathe"):
        alice.phone.writes(text, chat=group.id)
        await chats.turn()
    said = [seen for seen in group.sees() if seen.from_bot]
    for payload in one_of_each(payloads(alice)):
        bob.phone.presses(said[0].message_id, payload, chat=group.id, forged=True)
    while chats.phone.pending(chats.token):
        await chats.turn()

    assert {seen.text for seen in group.sees() if seen.from_bot} == {only}
    assert {toast.text for toast in bob.phone.toasts} == {only}
    assert await kept(alice) == before
    async with opened(chats.database_url) as database, database.read() as session:
        numbers = list(await session.scalars(select(Person.chat_id)))
    assert numbers == [alice.phone.id], "nothing is ever sent to a group, because no group is kept"


@pytest.mark.case(114)
async def test_a_flood_is_answered_20_times_and_then_told_once_and_others_are_answered(
    alice: Talker, bob: Talker
) -> None:
    notice = alice.chats.library.phrases.plain("flood.text")
    for _ in range(2 * MESSAGES_PER_MINUTE):
        alice.phone.writes("/help")
    bob.phone.writes("/help")

    await alice.chats.turn()

    answers = [seen.text for seen in alice.answers()]
    assert len(answers) == MESSAGES_PER_MINUTE + 1
    assert answers.count(notice) == 1
    assert len(bob.answers()) == 1


@pytest.mark.case(114)
async def test_control_without_the_gate_a_flood_is_answered_in_full(alice: Talker) -> None:
    for _ in range(2 * MESSAGES_PER_MINUTE):
        alice.phone.writes("/help")

    with patch("bot.floods.Floods.take", return_value="fine"):
        await alice.chats.turn()

    assert len(alice.answers()) == 2 * MESSAGES_PER_MINUTE


async def test_an_emergency_is_answered_in_the_middle_of_a_flood(alice: Talker) -> None:
    for _ in range(2 * MESSAGES_PER_MINUTE):
        alice.phone.writes("/help")
    alice.phone.writes("my dad can't breathe and his lips are blue")

    await alice.chats.turn()

    assert alice.reads().startswith("This could be an emergency.")


def test_room_comes_back_and_a_second_flood_is_told_again() -> None:
    floods, now = Floods(), START
    first = [floods.take(1, MESSAGE, now) for _ in range(22)]
    a_second_later = floods.take(1, MESSAGE, now + timedelta(seconds=1))
    three_more = floods.take(1, MESSAGE, now + timedelta(seconds=4))

    second = [floods.take(1, MESSAGE, now + timedelta(minutes=2)) for _ in range(21)]

    assert first == ["fine"] * 20 + ["tell", "ignore"]
    assert (a_second_later, three_more) == ("ignore", "fine")
    assert second == ["fine"] * 20 + ["tell"]


def test_a_whole_checklist_can_be_tapped_through_in_a_minute() -> None:
    floods = Floods()

    assert {floods.take(1, PRESS, START) for _ in range(ROOM)} == {"fine"}


def test_people_at_rest_are_not_remembered() -> None:
    floods = Floods()

    for number in range(10_000):
        floods.take(number, MESSAGE, START + timedelta(seconds=number))

    assert len(floods) < 10


@pytest.mark.parametrize(
    "text",
    [
        "a" * LONGEST,
        "my dad can't breathe " * 195,
        "not " * 1024,
        "every other tuesday 7pm " * 170,
        "9" * LONGEST,
        "1:2." * 1024,
        "((((" * 1024,
        "\u202e\u200b" * 2048,
        "🦴" * 2048,
        "e\u0301" * 2048,
        "\ud83d" * LONGEST,
        " \n" * 2048,
    ],
    ids=lambda text: ascii(text[:6]),
)
def test_no_text_of_any_kind_holds_the_program_up(text: str, library: Library) -> None:
    readings: dict[str, Callable[[], Any]] = {
        "signs": lambda: read_signs(text, library.signs),
        "topic": lambda: find_topic(text, library.index),
        "reply": lambda: read_reply(text, "check-in", library.replies),
        "schedule": lambda: read_schedule(text, START, ZoneInfo("Europe/Berlin"), library.words),
    }
    took = {}
    for name, read in readings.items():
        begun = time.process_time()
        read()
        took[name] = time.process_time() - begun

    assert max(took.values()) < 1, took


async def test_markup_and_direction_tricks_in_a_note_are_shown_as_plain_text(alice: Talker) -> None:
    await live_a_little(alice)
    await alice.says("/checkin")
    assert NOTE.split("<", maxsplit=1)[0] in await kept(alice)

    await alice.says("/history")

    assert "<b>when warm</b>" in alice.reads()
    shown = alice.answers()[-1]
    at = shown.text.index("when warm")
    assert not any(one["offset"] <= at < one["offset"] + one["length"] for one in shown.entities)


async def test_markup_and_direction_tricks_in_a_name_are_never_shown(chats: Chats) -> None:
    eve = chats.person("<b>Eve</b>\u202e gnihton")

    for text in ("/start", "/settings", "/privacy", "what are these?"):
        await eve.says(text)

    assert not any("Eve" in seen.text or "\u202e" in seen.text for seen in eve.answers())
