"""The checklist as a conversation: whatever happens in the middle, the question stands where it was."""

from __future__ import annotations

import dataclasses

import pytest

from tests.beginnings import held_once
from tests.chat import Chats, Talker


@held_once
async def at_question(talker: Talker, number: int) -> None:
    await talker.says("/check")
    await talker.taps("None of these")
    for _ in range(number - 1):
        await talker.taps("No")


@held_once
async def to_the_end(talker: Talker, yes: int = 0) -> None:
    """Answer every question with no, but for the one with this number."""
    await at_question(talker, 1)
    for number in range(1, 20):
        if "Question" not in talker.reads():
            return
        await talker.taps("Yes" if number == yes else "No")


@pytest.mark.case(97)
async def test_three_answers_typed_at_once_answer_three_questions_in_order(alice: Talker) -> None:
    await at_question(alice, 1)

    for text in ("no", "yes", "not sure"):
        alice.phone.writes(text)
    await alice.chats.turn()

    assert "Question 4 of" in alice.reads()


@pytest.mark.case(98)
@pytest.mark.parametrize("text", ["/start", "/help", "/topics", "/nonsense", "/privacy"])
async def test_a_command_in_the_middle_answers_and_the_checklist_can_go_on(alice: Talker, text: str) -> None:
    await at_question(alice, 2)

    await alice.says(text)
    await alice.says("/check")

    assert "Question 2 of" in alice.reads()


@pytest.mark.case(98)
async def test_a_sticker_a_picture_an_edit_or_a_forward_in_the_middle_changes_no_answer(alice: Talker) -> None:
    await at_question(alice, 2)
    written = alice.phone.writes("is it contagious?")
    await alice.chats.turn()

    alice.phone.sends_sticker("👍")
    alice.phone.sends_voice()
    alice.phone.edits(written["message_id"], "yes")
    await alice.chats.turn()
    await alice.says("/check")

    assert "Question 2 of" in alice.reads()


@pytest.mark.case(98)
async def test_cancel_leaves_the_checklist_and_keeps_nothing(alice: Talker) -> None:
    await at_question(alice, 3)

    await alice.says("/cancel")
    assert alice.reads() == "I have left it. Nothing was kept from it."
    await alice.says("/check")

    assert "First, a quick check" in alice.reads()


@pytest.mark.case(50)
async def test_a_second_tap_on_the_same_answer_counts_once(alice: Talker) -> None:
    await at_question(alice, 1)
    question = alice.answers()[-1]

    await alice.taps_on(question, "Yes")
    await alice.taps_on(question, "Yes")

    assert "Question 2 of" in alice.reads()


@pytest.mark.case(100)
@pytest.mark.parametrize(
    "data", ["v0:k:a:whatever", "1:k:a:nobody:pain:yes", "1:zz:1", "1", "", "1:k", "1:o:save:x", "1:c:same:x:y"]
)
async def test_a_button_of_nobody_is_explained_and_changes_nothing(alice: Talker, data: str) -> None:
    await at_question(alice, 2)
    question = alice.answers()[-1]

    alice.phone.presses(question.message_id, data or "0", forged=True)
    await alice.chats.turn()
    await alice.says("/check")

    assert "Question 2 of" in alice.reads()


@pytest.mark.case(108)
async def test_somebody_elses_button_changes_nothing_and_shows_nothing(alice: Talker, bob: Talker) -> None:
    await at_question(alice, 2)
    await bob.says("/start")
    question = alice.answers()[-1]
    data = next(button.data for row in question.buttons for button in row if button.text == "Yes")

    bob.phone.presses(bob.answers()[-1].message_id, data, forged=True)
    await bob.chats.turn()

    assert "Question" not in bob.reads()
    await alice.says("/check")
    assert "Question 2 of" in alice.reads()


async def test_a_checklist_left_open_for_a_day_says_so(alice: Talker) -> None:
    await at_question(alice, 2)
    alice.chats.clock.advance(hours=25)

    await alice.taps("Yes")

    assert "open for more than a day" in alice.reads()


async def test_back_takes_the_last_answer_back(alice: Talker) -> None:
    await at_question(alice, 3)

    await alice.taps("Back")

    assert "Question 2 of" in alice.reads()


@pytest.mark.case(101)
async def test_an_emergency_is_answered_even_when_the_database_is_gone(alice: Talker, chats: Chats) -> None:
    await alice.says("/start")
    alice.phone.writes("my chest hurts badly and I can't breathe")
    broken = Chats(chats.phone, "sqlite:////nowhere/at/all.db", chats.library, chats.clock, chats.token)

    await broken.turn(delivers=False)
    assert alice.reads().startswith("This could be an emergency.")
    assert chats.phone.pending(chats.token) == 1

    await chats.turn()
    assert chats.phone.pending(chats.token) == 0


async def test_an_emergency_sign_on_the_screen_ends_the_checklist_at_once(alice: Talker, chats: Chats) -> None:
    await alice.says("/check")

    await alice.taps(chats.library.checklist.screen.signs[0].label)

    assert "emergency number" in alice.reads()
    assert "Question" not in alice.reads()
    assert "I'm getting help" in alice.buttons()


async def test_a_red_flag_told_in_words_gets_a_card_and_its_question_comes_first(alice: Talker) -> None:
    await alice.says("white chalky stuff is leaking out of my bump, is it contagious?")
    assert alice.reads().startswith("You mention chalky matter coming out.")

    await alice.taps("Go through the checklist")
    await alice.taps("None of these")

    assert "chalk" in alice.reads().lower()


async def test_an_outcome_is_kept_after_consent_and_stands_in_the_history(alice: Talker) -> None:
    await to_the_end(alice, yes=2)
    await alice.taps("Save this")
    assert "May I keep your answers?" in alice.reads()

    await alice.taps("Yes, keep my answers")

    assert "I will ask once if you were seen." in alice.reads()
    await alice.says("/history")
    assert "checklist, book a visit soon" in alice.reads()


async def test_weeks_after_the_outcome_it_asks_once_if_the_person_was_seen(alice: Talker) -> None:
    await to_the_end(alice, yes=2)
    await alice.taps("Save this")
    await alice.taps("Yes, keep my answers")

    await alice.waits(days=21, hours=1)
    assert alice.reads() == "A short question. Were you seen by a doctor?"
    await alice.taps("I have a date")
    assert "I will ask once more" in alice.reads()
    await alice.waits(days=14, hours=1)
    await alice.taps("Yes, I was seen")
    await alice.says("it was milia after all")

    assert "you were seen" in alice.reads()
    await alice.waits(days=60)
    assert "you were seen" in alice.reads()


async def test_a_reminder_to_look_again_comes_once(alice: Talker) -> None:
    await to_the_end(alice)
    await alice.taps("Remind me to check again")
    await alice.says("Berlin")
    await alice.taps("Berlin, Germany: 11:00")
    await alice.taps("Confirm")
    assert "I will remind you once, on Sunday, 20 December 2026, 10:00" in alice.reads()

    await alice.waits(days=28)
    assert "You asked me to remind you to look again." in alice.reads()
    await alice.taps("Go through the checklist")

    assert "First, a quick check" in alice.reads()


async def test_the_answers_can_be_taken_to_a_doctor_as_text(alice: Talker, chats: Chats) -> None:
    await to_the_end(alice, yes=1)

    await alice.taps("Take this to a doctor")

    assert chats.library.checklist.questions[0].ask in alice.reads()
    assert "not a diagnosis" in alice.reads()


async def test_checking_again_and_again_in_a_day_gets_one_kind_word(alice: Talker) -> None:
    for _ in range(4):
        await to_the_end(alice)

    outcomes = [seen.text for seen in alice.answers() if "What to watch for" in seen.text]
    assert [text.startswith("You have gone through this a few times today") for text in outcomes] == [
        False, False, True, False
    ]  # fmt: skip


async def test_a_checklist_of_an_older_version_is_closed_and_said_so(alice: Talker, chats: Chats) -> None:
    await at_question(alice, 2)
    newer = chats.library.checklist.model_copy(update={"version": chats.library.checklist.version + 1})
    chats.library = dataclasses.replace(chats.library, checklist=newer)

    await alice.taps("Yes")

    assert alice.reads() == "That checklist is finished. /check starts a new one."
