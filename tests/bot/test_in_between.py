"""What is no text, in the middle of something: it is answered, and what was asked is shown again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.bot.test_check_in_conversation import set_up
from tests.bot.test_checklist_conversation import at_question
from tests.bot.test_conversations import PNG
from tests.chat import Talker

SENDINGS: dict[str, tuple[Callable[[Talker], Any], str]] = {
    "photo": (lambda talker: talker.phone.sends_photo(PNG), "I can't look at photos"),
    "sticker": (lambda talker: talker.phone.sends_sticker("👍"), "Thank you."),
    "voice": (lambda talker: talker.phone.sends_voice(), "I can't listen to voice messages."),
    "contact": (lambda talker: talker.phone.sends_contact("+49", "Bob"), "I can only read typed text."),
    "edit": (
        lambda talker: talker.phone.edits(talker.phone.sees()[0].message_id, "yes"),
        "I saw that you changed a message.",
    ),
}

pytestmark = pytest.mark.parametrize("kind", SENDINGS)


async def sends(talker: Talker, kind: str) -> tuple[str, str]:
    """Send something that is no text; return the last two answers."""
    send, _ = SENDINGS[kind]
    send(talker)
    await talker.chats.turn()
    return talker.answers()[-2].text, talker.answers()[-1].text


@pytest.mark.case(98)
async def test_in_a_checklist_the_question_is_shown_again(alice: Talker, kind: str) -> None:
    await at_question(alice, 2)

    answer, question = await sends(alice, kind)

    assert answer.startswith(("Thanks for trying", SENDINGS[kind][1]))
    assert "Question 2 of" in question
    await alice.taps("No")
    assert "Question 3 of" in alice.reads()


@pytest.mark.case(98)
async def test_in_a_set_up_the_step_is_shown_again(alice: Talker, kind: str) -> None:
    await alice.says("/checkin")
    await alice.taps("Every week")

    answer, question = await sends(alice, kind)

    assert answer.startswith(("Thanks for trying", SENDINGS[kind][1]))
    assert question.startswith("At what time?")
    await alice.says("7pm")
    assert alice.reads().startswith("Where are you?")


@pytest.mark.case(98)
async def test_in_an_open_check_in_it_is_shown_again(alice: Talker, kind: str) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)

    answer, question = await sends(alice, kind)

    assert answer.startswith(("Thanks for trying", SENDINGS[kind][1]))
    assert question.startswith("Time for your check-in.")


@pytest.mark.case(98)
async def test_where_a_note_was_asked_for_the_note_is_asked_for_again(alice: Talker, kind: str) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    await alice.taps("Something changed")
    await alice.taps("Number")
    await alice.taps("Done")

    _, question = await sends(alice, kind)

    assert question.startswith("Would you like to add a note?")


async def test_with_nothing_open_there_is_only_the_answer(alice: Talker, kind: str) -> None:
    await alice.says("/start")
    before = len(alice.answers())

    await sends(alice, kind)

    assert len(alice.answers()) == before + 1


async def test_after_an_emergency_the_short_line_comes_first(alice: Talker, kind: str) -> None:
    await alice.says("my dad can't breathe and his lips are blue")

    line, answer = await sends(alice, kind)

    assert "call your local emergency number now" in line
    assert answer.startswith(("Thanks for trying", SENDINGS[kind][1]))
