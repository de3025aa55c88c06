"""A red flag among what changed leads to the checklist, tapped as well as typed."""

from __future__ import annotations

import pytest

from tests.beginnings import held_once
from tests.bot.test_check_in_conversation import set_up
from tests.chat import Chats, Talker

CARE = "That is a sign that a clinician should look at."


@held_once
async def at_what_changed(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    await alice.taps("Something changed")


async def picks(alice: Talker, *labels: str) -> None:
    for label in labels:
        await alice.taps(label)


def asked(chats: Chats, flag: str) -> set[str]:
    return {question.ask for question in chats.library.checklist.questions if question.flag == flag}


@pytest.mark.parametrize(
    ("taps", "named", "flag"),
    [
        (("Pain", "Done"), "pain, redness, swelling or a sore", "pain-inflammation-ulceration"),
        (("It opened", "Done"), "pain, redness, swelling or a sore", "pain-inflammation-ulceration"),
        (("Size", "Done", "Bigger than a pea"), "fast growth", "rapid-growth"),
    ],
)
async def test_a_tapped_sign_leads_to_its_own_checklist_question(
    alice: Talker, chats: Chats, taps: tuple[str, ...], named: str, flag: str
) -> None:
    await at_what_changed(alice)

    await picks(alice, *taps)

    assert alice.reads().startswith(f"You mention {named}. {CARE}")
    await alice.taps("Go through the checklist")
    await alice.taps("None of these")
    assert any(question in alice.reads() for question in asked(chats, flag))


async def test_what_was_answered_is_kept_though_the_checklist_is_gone_through_at_once(alice: Talker) -> None:
    await at_what_changed(alice)
    await picks(alice, "Pain", "Done", "Go through the checklist", "Leave")

    await alice.says("/history")

    assert "something changed: pain" in alice.reads()


async def test_the_note_can_still_be_left_out_and_the_sign_is_named_once(alice: Talker) -> None:
    await at_what_changed(alice)

    await picks(alice, "Pain", "Done", "No note")

    assert sum(CARE in seen.text for seen in alice.answers()) == 1
    assert any("Noted: something changed: pain." in seen.text for seen in alice.answers())


async def test_a_note_that_tells_of_another_sign_names_that_one_too(alice: Talker) -> None:
    await at_what_changed(alice)
    await picks(alice, "Pain", "Done")

    await alice.says("white chalky stuff is leaking out of it")

    assert alice.reads().startswith(f"You mention chalky matter coming out. {CARE}")


async def test_a_size_above_that_of_last_time_is_growth(alice: Talker) -> None:
    await at_what_changed(alice)
    await picks(alice, "Size", "Done", "Like a sand grain", "No note")
    assert not any(CARE in seen.text for seen in alice.answers())
    await alice.waits(days=31)

    await picks(alice, "Something changed", "Size", "Done", "Like a lentil")

    assert alice.reads().startswith(f"You mention fast growth. {CARE}")


@pytest.mark.parametrize("taps", [("Number", "Done"), ("Something else", "Done"), ("Size", "Done", "Like a lentil")])
async def test_what_is_no_sign_gets_no_card(alice: Talker, taps: tuple[str, ...]) -> None:
    await at_what_changed(alice)

    await picks(alice, *taps)

    assert alice.reads().startswith("Would you like to add a note?")
    assert not any(CARE in seen.text for seen in alice.answers())


async def test_changing_the_answer_takes_the_sign_back(alice: Talker) -> None:
    await at_what_changed(alice)
    await picks(alice, "Pain", "Done", "No note", "Change my answer", "Nothing new")

    await alice.says("/report")
    await alice.taps("All")

    assert "Warning signs: none named" in alice.reads()
