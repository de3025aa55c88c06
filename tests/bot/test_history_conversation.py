"""Each entry of the history can be opened, corrected, and noted on, by tapping and by typing."""

from __future__ import annotations

import pytest

from scheduler.db.models import CheckIn
from tests.bot.histories import (
    DAY,
    LONGEST_NOTE,
    NOTE,
    answer_once,
    exported,
    kept,
    open_entry,
)
from tests.bot.test_check_in_conversation import set_up
from tests.chat import Talker


@pytest.fixture
async def told(alice: Talker) -> Talker:
    """Return Alice, who has answered one check-in."""
    await answer_once(alice)
    return alice


async def test_each_entry_is_opened_by_its_own_button_and_the_list_comes_back(told: Talker) -> None:
    await told.says("/history")
    assert f"1. {DAY}: something changed: number" in told.reads()
    assert "1: 22 Dec" in told.buttons()

    await told.taps("1: 22 Dec")
    assert told.buttons() == ["Correct it", "Add a note", "Delete it", "All answers"]
    await told.taps("All answers")

    assert told.reads().startswith("Your answers, newest first (1 of 1)")
    assert len([seen for seen in told.answers() if DAY in seen.text and "1 of 1" in seen.text]) == 1, "in place"


async def test_pages_hold_six_entries_and_the_way_back_leads_to_the_entry_s_page(alice: Talker) -> None:
    await set_up(alice, "every week at 7pm")
    alice.chats.clock.advance(hours=9)
    for _ in range(7):
        await alice.waits(days=7)
        await alice.taps("Nothing new")

    await alice.says("/history")
    assert [label for label in alice.buttons() if ": " in label][-1].startswith("6: ")
    await alice.taps("Older")
    await alice.taps(next(label for label in alice.buttons() if label.startswith("7: ")))
    await alice.taps("All answers")

    assert alice.reads().startswith("Your answers, newest first (2 of 2)")
    assert "7. " in alice.reads()


async def test_an_answer_is_corrected_by_tapping_and_counts_from_then_on(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Correct it")
    await told.taps("Nothing new")

    assert told.reads().startswith("Corrected.")
    assert f"{DAY}: nothing new" in told.reads()
    await told.waits(days=31)
    assert f"Last time ({DAY}): nothing new." in told.reads()
    assert (await exported(told))["check_ins"][0]["details"] is None


async def test_what_changed_and_the_size_are_corrected_step_by_step(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Correct it")
    await told.taps("Something changed")
    assert "✓ Number" in told.buttons()
    await told.taps("✓ Number")
    await told.taps("Size")
    await told.taps("Done")
    await told.taps("Like a pea")

    assert f"{DAY}: something changed: size (like a pea)" in told.reads()
    assert "number" not in told.reads()


async def test_every_step_of_a_correction_can_be_typed(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Correct it")
    await told.says("worse")
    await told.says("number and size")
    await told.says("a lentil")
    assert f"{DAY}: something changed: size (like a lentil), number" in told.reads()

    await told.taps("Correct it")
    await told.says("it got better")

    assert f"{DAY}: better" in told.reads()


async def test_nothing_is_changed_until_what_changed_is_done(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Correct it")
    await told.taps("Something changed")
    await told.taps("✓ Number")
    await told.taps("Done")
    assert told.reads().startswith("What changed?"), "nothing is chosen, so it is asked again"
    await told.taps("Back")

    assert f"{DAY}: something changed: number" in told.reads()


async def test_a_sign_that_a_correction_tells_of_gets_its_card_and_goes_with_it(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Correct it")
    await told.taps("Something changed")
    await told.taps("Pain")
    await told.taps("Done")
    assert told.reads().startswith("You mention pain, redness, swelling or a sore.")
    assert (await exported(told))["check_ins"][0]["details"]["flags"] == ["pain-inflammation-ulceration"]

    await open_entry(told)
    await told.taps("Correct it")
    await told.taps("Nothing new")

    assert (await exported(told))["check_ins"][0]["details"] is None


async def test_a_note_is_typed_shown_and_stored_sealed(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Add a note")
    assert "Please type your note." in told.reads()
    await told.says(NOTE)

    assert told.reads().startswith("Your note is kept.")
    assert f"Note: {NOTE}" in told.reads()
    assert (await exported(told))["check_ins"][0]["details"]["note"] == NOTE
    assert [
        row._details for row in await kept(told) if isinstance(row, CheckIn) and "canary" in str(row._details)
    ] == []


async def test_a_note_is_replaced_removed_and_survives_a_correction(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Add a note")
    await told.says(NOTE)
    await told.taps("Correct it")
    await told.taps("Better")
    assert f"{DAY}: better\nNote: {NOTE}" in told.reads()

    await told.taps("Change the note")
    await told.says("only this")
    assert "canary" not in told.reads()
    assert "only this" in told.reads()
    await told.taps("Change the note")
    await told.taps("Remove the note")

    assert f"{DAY}: better" in told.reads()
    assert "Note:" not in told.reads()


async def test_a_note_with_a_red_flag_gets_its_card_and_stands_in_the_report(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Add a note")
    await told.says("it is leaking chalky white stuff")

    assert told.reads().startswith("You mention chalky matter coming out.")
    assert "Go through the checklist" in told.buttons()
    await told.says("/report")
    await told.taps("All")
    assert "Warning signs: Chalky matter" in told.reads()


async def test_an_emergency_in_a_note_is_answered_first_and_not_noted(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Add a note")
    await told.says("I can't breathe and my lips are blue")

    assert told.reads().startswith("This could be an emergency.")
    assert (await exported(told))["check_ins"][0]["details"] == {"what": ["number"]}


@pytest.mark.parametrize("words", ["no note", "stop"])
async def test_a_note_can_be_left_out_in_words(told: Talker, words: str) -> None:
    await open_entry(told)
    await told.taps("Add a note")
    await told.says(words)

    assert f"{DAY}: something changed: number" in told.reads()
    assert "Note:" not in told.reads()
    await told.says("is it contagious?")
    assert "note" not in (await exported(told))["check_ins"][0]["details"]


async def test_who_looks_at_the_list_again_writes_no_note_any_more(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Add a note")
    await told.says("/history")
    await told.says("is it contagious?")

    assert "note" not in (await exported(told))["check_ins"][0]["details"]


async def test_a_question_while_what_was_right_is_asked_is_answered_and_the_step_shown_again(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Correct it")
    await told.says("is it contagious?")

    assert "What is right?" in told.reads()


async def test_a_red_flag_in_the_words_of_a_correction_gets_its_card_and_the_step_is_shown_again(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Correct it")
    await told.says("it got worse, it is hot and really painful now")

    assert any(seen.text.startswith("You mention pain") for seen in told.answers()[-2:])
    assert "What is right?" in told.reads()


async def test_a_note_whose_answer_was_lost_comes_again_and_is_not_read_as_a_question(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Add a note")
    is_down = [True]
    told.chats.phone.fail(told.chats.token, "sendMessage", times=-1, when=lambda _call: is_down[0])
    await told.says("is it contagious?")
    shown = len(told.answers())
    is_down[0] = False

    await told.chats.turn()

    assert len(told.answers()) == shown + 1
    assert f"{DAY}: something changed: number\nNote: is it contagious?" in told.reads()


async def test_a_page_of_the_longest_notes_fits_into_a_message(alice: Talker) -> None:
    await set_up(alice, "every week at 7pm")
    alice.chats.clock.advance(hours=9)
    for _ in range(6):
        await alice.waits(days=7)
        await alice.says(LONGEST_NOTE)

    await alice.says("/history")
    assert alice.reads().count("😭") == 6 * (120 - len("it hurts "))
    await alice.taps(next(label for label in alice.buttons() if label.startswith("1: ")))

    assert alice.reads().count("😭") == 500 - len("it hurts ")
