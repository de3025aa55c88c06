"""A saved checklist can be corrected answer by answer, and noted on; what it calls for follows."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from scheduler.db.models import Run
from tests.beginnings import held_once
from tests.bot.histories import LONGEST_NOTE, exported, kept, open_entry, save_a_checklist
from tests.chat import Chats, Talker

NOTE = "canary-4711 did this together with my sister"
ENTRY = "22 November 2026: checklist, "
BUTTONS = ["Correct it", "Add a note", "Take this to a doctor", "Delete it", "All answers"]


@held_once
async def answer_no_and_save(talker: Talker) -> None:
    await save_a_checklist(talker)
    await talker.taps("Yes, keep my answers")


@pytest.fixture
async def saved(alice: Talker) -> Talker:
    """Return Alice, who answered everything with No and saved that."""
    await answer_no_and_save(alice)
    return alice


async def run_of(talker: Talker) -> dict[str, Any]:
    data: dict[str, Any] = (await exported(talker))["runs"][0]
    return data


async def correct(talker: Talker, question: int, answer: str) -> None:
    await open_entry(talker)
    await talker.taps("Correct it")
    await talker.taps(str(question))
    await talker.taps(answer)


def texts(talker: Talker) -> list[str]:
    return [seen.text for seen in talker.answers()]


async def test_all_answers_are_shown_and_one_is_corrected_by_tapping(saved: Talker) -> None:
    await open_entry(saved)
    assert saved.buttons() == BUTTONS
    await saved.taps("Correct it")
    assert "1. Is the bump clearly bigger than four weeks ago? No" in saved.reads()
    assert "12. Is this about a baby or a child? No" in saved.reads()
    await saved.taps("12")
    assert saved.reads().startswith("Is this about a baby or a child?")
    assert "You said: No." in saved.reads()
    await saved.taps("Yes")

    assert texts(saved)[-2].startswith("Corrected.")
    assert ENTRY in texts(saved)[-2]
    assert (await run_of(saved))["answers"]["child"] == "yes"


async def test_an_answer_that_calls_for_more_shows_it_whole_and_the_visit_is_asked_about(saved: Talker) -> None:
    await correct(saved, 1, "Yes")

    entry, card = texts(saved)[-2:]
    assert f"{ENTRY}book a visit soon" in entry
    assert card.startswith("With this answer the checklist says:")
    assert "Because you said: it has clearly grown." in card
    assert "What to watch for" in card
    assert "On Sunday, 13 December 2026" in card
    assert "Save this" not in saved.buttons()
    assert (await run_of(saved))["outcome"] == "soon"

    await saved.waits(days=21, hours=1)
    assert "Were you seen by a doctor?" in saved.reads()


async def test_of_two_questions_about_a_visit_only_the_sooner_comes(saved: Talker) -> None:
    await correct(saved, 1, "Yes")
    await correct(saved, 10, "Yes")
    assert "Please get medical help today." in texts(saved)[-1]

    asked = 0
    for _ in range(11):
        await saved.waits(days=2, hours=4)
        if "Yes, I was seen" in saved.buttons():
            asked += 1
            await saved.taps("Yes, I was seen")
            await saved.says("they looked at it")

    assert asked == 1


async def test_an_answer_that_calls_for_less_is_shown_too_and_plans_nothing(saved: Talker) -> None:
    await correct(saved, 1, "Yes")
    await correct(saved, 1, "No")

    entry, card = texts(saved)[-2:]
    assert f"{ENTRY}routine visit" in entry
    assert card.startswith("With this answer the checklist says:")
    assert "I will ask once if you were seen" not in card
    assert len((await exported(saved))["plans"]) == 1, "of the time when it called for more"


async def test_an_answer_that_calls_for_the_same_is_only_kept(saved: Talker) -> None:
    await correct(saved, 1, "Yes")
    said = len(saved.answers())
    await correct(saved, 2, "Yes")

    assert saved.reads().startswith("Corrected.")
    assert len(saved.answers()) == said + 1, "one message, which became the entry"
    assert (await run_of(saved))["answers"] | {"growth": "yes", "pain": "yes"} == (await run_of(saved))["answers"]


async def test_every_step_can_be_typed(saved: Talker) -> None:
    await open_entry(saved)
    await saved.taps("Correct it")
    await saved.says("2.")
    assert saved.reads().startswith("Does the bump, or the skin round it, hurt?")
    await saved.says("not sure")

    assert (await run_of(saved))["answers"]["pain"] == "unsure"


@pytest.mark.parametrize("text", ["0", "13", "4711", "99999999999999999999", "²", "two or three"])
async def test_a_number_of_no_question_changes_nothing_and_is_asked_again(saved: Talker, text: str) -> None:
    before = await run_of(saved)
    await open_entry(saved)
    await saved.taps("Correct it")
    await saved.says(text)

    assert "Which answer is not right?" in saved.reads()
    assert await run_of(saved) == before


async def test_a_question_in_between_is_answered_and_the_correction_goes_on(saved: Talker) -> None:
    await open_entry(saved)
    await saved.taps("Correct it")
    await saved.taps("2")
    await saved.says("what are these hard white bumps?")
    assert "Calcium" in "".join(texts(saved)[-2:])
    assert saved.reads().startswith("Does the bump, or the skin round it, hurt?")
    await saved.says("yes")

    assert (await run_of(saved))["answers"]["pain"] == "yes"


async def test_another_sign_than_the_one_asked_about_gets_its_card_and_answers_nothing(saved: Talker) -> None:
    await open_entry(saved)
    await saved.taps("Correct it")
    await saved.taps("12")
    await saved.says("white chalky stuff is leaking out of my bump")

    assert any("You mention" in text for text in texts(saved)[-2:])
    assert saved.reads().startswith("Is this about a baby or a child?")
    assert (await run_of(saved))["answers"]["child"] == "no"


async def test_back_and_leaving_change_nothing(saved: Talker) -> None:
    before = await run_of(saved)
    await open_entry(saved)
    await saved.taps("Correct it")
    await saved.taps("3")
    await saved.taps("Back")
    assert "Which answer is not right?" in saved.reads()
    await saved.taps("3")
    await saved.says("stop")
    assert saved.reads().startswith(ENTRY)
    await saved.says("yes")

    assert await run_of(saved) == before


async def test_a_note_is_kept_sealed_shown_and_taken_away(saved: Talker) -> None:
    await open_entry(saved)
    await saved.taps("Add a note")
    await saved.says(NOTE)
    assert saved.reads().startswith("Your note is kept.")
    assert f"Note: {NOTE}" in saved.reads()
    assert (await run_of(saved))["note"] == NOTE
    assert [row for row in await kept(saved) if isinstance(row, Run) and "canary" in str(row._note)] == []

    await correct(saved, 1, "Yes")
    assert (await run_of(saved))["note"] == NOTE, "a correction leaves it"
    await open_entry(saved)
    await saved.taps("Change the note")
    await saved.taps("Remove the note")

    assert (await run_of(saved))["note"] is None


async def test_a_sign_in_a_note_gets_its_card_and_a_long_one_is_cut(saved: Talker) -> None:
    await open_entry(saved)
    await saved.taps("Add a note")
    await saved.says(LONGEST_NOTE)

    assert "Go through the checklist" in saved.buttons()
    assert len((await run_of(saved))["note"]) == 500


async def test_the_note_stands_on_the_page_for_the_doctor(saved: Talker) -> None:
    await open_entry(saved)
    await saved.taps("Add a note")
    await saved.says(NOTE)
    await saved.says("/report")
    await saved.taps("All")

    assert "Your notes, in your own words: 1" in saved.reads()


async def test_without_consent_nothing_new_is_kept(saved: Talker) -> None:
    await open_entry(saved)
    await saved.taps("Correct it")
    which = saved.answers()[-1]
    await saved.says("/stop")
    await open_entry(saved)
    assert saved.buttons() == ["Take this to a doctor", "Delete it", "All answers"]
    await saved.taps_on(which, "1")

    assert saved.reads().startswith(ENTRY)
    assert (await run_of(saved))["answers"]["growth"] == "no"


async def test_one_of_an_older_version_can_be_noted_on_and_its_answers_stay(saved: Talker, chats: Chats) -> None:
    await open_entry(saved)
    await saved.taps("Correct it")
    which = saved.answers()[-1]
    newer = chats.library.checklist.model_copy(update={"version": chats.library.checklist.version + 1})
    chats.library = dataclasses.replace(chats.library, checklist=newer)
    await saved.says("1")
    assert saved.buttons() == ["Add a note", "Delete it", "All answers"]
    await saved.taps_on(which, "1")
    assert saved.buttons() == ["Add a note", "Delete it", "All answers"]
    await saved.taps("Add a note")
    await saved.says(NOTE)

    assert (await run_of(saved))["note"] == NOTE
    assert set((await run_of(saved))["answers"].values()) == {"no"}


@pytest.mark.parametrize(
    "rest", ["which:{id}:run:nonsense", "set:{id}:run:growth:maybe", "set:{id}:run", "size:{id}:run:pea"]
)
async def test_a_button_that_was_never_made_shows_the_entry_as_it_is(saved: Talker, rest: str) -> None:
    before = await run_of(saved)
    await open_entry(saved)
    here = saved.answers()[-1].message_id
    saved.phone.presses(here, f"1:h:{rest.format(id=before['public_id'])}", forged=True)
    await saved.chats.turn()

    assert saved.reads().startswith(ENTRY)
    assert await run_of(saved) == before
