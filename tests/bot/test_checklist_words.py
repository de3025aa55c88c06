"""The checklist in words, and what brings it back to where it stood: expiry, another release, a sign told of later."""

from __future__ import annotations

import dataclasses

import pytest

from tests.bot.test_checklist_conversation import at_question
from tests.chat import Chats, Talker


@pytest.mark.case(101)
async def test_a_sign_tapped_on_the_emergency_screen_is_answered_even_when_the_database_is_gone(
    alice: Talker, chats: Chats
) -> None:
    await alice.says("/check")
    screen = alice.answers()[-1]
    label = chats.library.checklist.screen.signs[0].label
    data = next(button.data for row in screen.buttons for button in row if button.text == label)
    alice.phone.presses(screen.message_id, data or "")
    broken = Chats(chats.phone, "sqlite:////nowhere/at/all.db", chats.library, chats.clock, chats.token)

    await broken.turn(delivers=False)
    assert alice.reads().startswith("This could be an emergency.")

    await chats.turn()
    assert chats.phone.pending(chats.token) == 0
    await alice.says("is it contagious?")
    assert any("call your local emergency number now" in seen.text for seen in alice.answers()[-3:])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("why do you ask?", "Why I ask:"),
        ("What does this mean?", "What it means:"),
        ("go back", "Question 1 of"),
        ("leave", "I have left the checklist."),
        ("skip", "Question 3 of"),
    ],
)
async def test_what_the_buttons_under_a_question_do_can_be_typed(alice: Talker, text: str, shown: str) -> None:
    await at_question(alice, 2)

    await alice.says(text)

    assert shown in alice.reads()


async def test_the_words_of_the_emergency_screen_are_explained_when_asked_in_words(alice: Talker) -> None:
    await alice.says("/check")

    await alice.says("what does this mean?")

    assert "What it means:" in alice.reads()
    assert "None of these" in alice.buttons()


async def test_a_checklist_left_open_for_a_day_is_begun_anew_and_said_so(alice: Talker) -> None:
    await at_question(alice, 3)
    alice.chats.clock.advance(hours=25)

    await alice.says("/check")

    assert alice.reads().startswith("Your last checklist was open for too long")
    assert "First, a quick check" in alice.reads()


async def test_a_question_asked_after_the_checklist_expired_says_so_once(alice: Talker) -> None:
    await at_question(alice, 3)
    alice.chats.clock.advance(hours=25)

    await alice.says("is it contagious?")
    assert "open for more than a day" in alice.reads()
    await alice.says("is it contagious?")

    assert "catch" in alice.reads().lower()


@pytest.mark.case(98)
async def test_cancel_leaves_the_checklist_also_after_something_else_was_begun(alice: Talker) -> None:
    await at_question(alice, 3)
    await alice.says("/checkin")

    await alice.says("/cancel")
    await alice.says("/check")

    assert "First, a quick check" in alice.reads()


async def test_a_typed_answer_to_a_checklist_of_an_older_version_changes_nothing(alice: Talker, chats: Chats) -> None:
    await at_question(alice, 2)
    newer = chats.library.checklist.model_copy(update={"version": chats.library.checklist.version + 1})
    chats.library = dataclasses.replace(chats.library, checklist=newer)

    await alice.says("yes")

    assert alice.reads() == "That checklist is finished. /check starts a new one."


async def test_a_red_flag_told_in_the_middle_answers_nothing_but_is_asked_about_next(alice: Talker) -> None:
    await at_question(alice, 3)
    await alice.says("white chalky stuff is leaking out of my bump")
    card, question = alice.answers()[-2:]
    assert card.text.startswith("You mention chalky matter coming out.")
    assert "Question 3 of" in question.text

    await alice.taps_on(card, "Go through the checklist")

    assert "chalk" in alice.reads().lower()
    assert "Question 3 of" in alice.reads()


async def test_a_sign_told_of_later_is_asked_again_though_it_was_answered(alice: Talker, chats: Chats) -> None:
    numbers = [n for n, one in enumerate(chats.library.checklist.questions, 1) if one.flag == "chalky-discharge"]
    await at_question(alice, numbers[-1] + 1)
    await alice.says("white chalky stuff is leaking out of my bump")

    await alice.taps_on(alice.answers()[-2], "Go through the checklist")

    assert "chalk" in alice.reads().lower()
    assert f"Question {numbers[-1]} of" in alice.reads()
