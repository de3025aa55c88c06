"""What is asked only once, after a checklist: were you seen, shall we look again? Tapped or typed, listed, stopped."""

from __future__ import annotations

import pytest

from tests.bot.test_checklist_conversation import to_the_end
from tests.chat import Talker


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("yes, I was seen", "Good. What did they say it was?"),
        ("I have an appointment", "Good. Keep watching it until then."),
        ("I couldn't get an appointment", "That happens."),
        ("I decided not to go", "That is your choice."),
        ("no", "A short question. Were you seen by a doctor?"),
    ],
)
async def test_whether_the_person_was_seen_can_be_typed(alice: Talker, words: str, said: str) -> None:
    await to_the_end(alice, yes=2)
    await alice.taps("Save this")
    await alice.taps("Yes, keep my answers")
    await alice.waits(days=21, hours=1)

    await alice.says(words)

    assert alice.reads().startswith(said)


async def test_a_question_after_were_you_seen_is_answered_and_that_is_asked_again_for_some_days(alice: Talker) -> None:
    await to_the_end(alice, yes=2)
    await alice.taps("Save this")
    await alice.taps("Yes, keep my answers")
    await alice.waits(days=21, hours=1)

    await alice.says("is it contagious?")
    assert alice.reads().startswith("A short question. Were you seen by a doctor?")
    await alice.waits(days=4)
    await alice.says("is it contagious?")

    assert "catch" in alice.reads().lower()


async def test_a_date_with_the_doctor_told_twice_is_asked_about_once(alice: Talker) -> None:
    await to_the_end(alice, yes=2)
    await alice.taps("Save this")
    await alice.taps("Yes, keep my answers")
    await alice.waits(days=21, hours=1)
    question = alice.answers()[-1]

    await alice.taps_on(question, "I have a date")
    await alice.taps_on(question, "I have a date")
    await alice.says("/reminders")

    assert alice.reads().count("were you seen?") == 1


@pytest.mark.parametrize("words", ["yes", "ok let's do it, yes please"])
async def test_looking_again_can_be_typed(alice: Talker, words: str) -> None:
    await to_the_end(alice)
    await alice.taps("Remind me to check again")
    await alice.taps("It is 10:00 for me")
    await alice.says("ok")
    await alice.says("/reminders")
    assert "A reminder to go through the checklist, on Sunday, 20 December 2026, 10:00" in alice.reads()
    await alice.waits(days=28, hours=1)

    await alice.says(words)

    assert "First, a quick check" in alice.reads()


async def test_what_was_reminded_of_is_over_once_the_checklist_is_begun(alice: Talker) -> None:
    await to_the_end(alice)
    await alice.taps("Remind me to check again")
    await alice.taps("It is 10:00 for me")
    await alice.says("ok")
    await alice.waits(days=28, hours=1)
    await alice.taps("Go through the checklist")
    await alice.says("/cancel")

    await alice.says("is it contagious?")

    assert "catch" in alice.reads().lower()


async def test_stop_stops_what_was_promised_after_the_checklist_too(alice: Talker) -> None:
    await to_the_end(alice, yes=2)
    await alice.taps("Save this")
    await alice.taps("Yes, keep my answers")

    await alice.says("stop")
    await alice.waits(days=22)

    assert alice.reads().startswith("All check-ins are stopped.")


async def test_not_looking_again_is_fine_and_not_asked_again(alice: Talker) -> None:
    await to_the_end(alice)
    await alice.taps("Remind me to check again")
    await alice.taps("It is 10:00 for me")
    await alice.says("ok")
    await alice.waits(days=28, hours=1)

    await alice.says("no")
    assert alice.reads() == "That is fine. /check starts it at any time."
    await alice.waits(days=60)
    await alice.says("is it contagious?")

    assert "catch" in alice.reads().lower()
