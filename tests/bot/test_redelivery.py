"""A program killed between its work and its mark gets the message again: it is not read as a new one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import pytest
from sqlalchemy.exc import SQLAlchemyError

from tests.bot.test_check_in_conversation import set_up
from tests.bot.test_checklist_conversation import at_question
from tests.chat import Talker


@contextmanager
def killed_before_the_mark() -> Iterator[None]:
    """Let updates be handled, but nobody write down that they were."""
    with patch("bot.intake.updates.finish", side_effect=SQLAlchemyError("killed")):
        yield


@contextmanager
def unprotected() -> Iterator[None]:
    """Forget what a message has answered already."""
    with patch("bot.handlers.messages.people.applied", return_value=None):
        yield


async def says_twice(talker: Talker, text: str) -> list[str]:
    """Type a text; the program is killed after it, and the next one gets it again. Return what the second one said."""
    with killed_before_the_mark():
        await talker.says(text)
    before = len(talker.answers())
    await talker.chats.turn()
    assert talker.chats.phone.pending(talker.chats.token) == 0
    return [seen.text for seen in talker.answers()[before:]]


async def at_the_last_question(talker: Talker) -> None:
    total = len(talker.chats.library.checklist.questions)
    await at_question(talker, total)
    assert f"Question {total} of {total}" in talker.reads()


@pytest.mark.case(3)
async def test_the_last_answer_given_again_shows_the_outcome_again(alice: Talker) -> None:
    await at_the_last_question(alice)

    (text,) = await says_twice(alice, "no")

    assert "What to watch for" in text
    assert "Save this" in alice.buttons()


@pytest.mark.case(3)
async def test_control_without_the_protection_the_last_answer_is_read_as_a_question(alice: Talker) -> None:
    await at_the_last_question(alice)

    with unprotected():
        (text,) = await says_twice(alice, "no")

    assert "What to watch for" not in text


@pytest.mark.case(3)
async def test_an_answer_in_the_middle_given_again_shows_the_next_question_and_answers_nothing(alice: Talker) -> None:
    await at_question(alice, 2)

    (text,) = await says_twice(alice, "yes")

    assert "Question 3 of" in text


async def test_stop_said_to_the_checklist_and_given_again_leaves_the_check_ins_alone(alice: Talker) -> None:
    await set_up(alice)
    await at_question(alice, 2)

    (text,) = await says_twice(alice, "stop")

    assert text.startswith("I have left the checklist.")
    await alice.says("/reminders")
    assert "Next: Tuesday, 22 December 2026, 19:00" in alice.reads()


async def test_control_without_the_protection_the_second_stop_stops_everything(alice: Talker) -> None:
    await set_up(alice)
    await at_question(alice, 2)

    with unprotected():
        (text,) = await says_twice(alice, "stop")

    assert text.startswith("All check-ins are stopped.")


@pytest.mark.parametrize("answer", ["no change", "it has become really painful", "better", "remind me tomorrow"])
async def test_an_answer_to_a_check_in_given_again_counts_once_and_is_shown_again(alice: Talker, answer: str) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    with killed_before_the_mark():
        await alice.says(answer)
    first = alice.answers()[-2 if "painful" in answer else -1].text
    before = len(alice.answers())

    await alice.chats.turn()

    assert [seen.text for seen in alice.answers()[before:]] == [first]


async def test_stop_said_to_a_check_in_and_given_again_stops_only_that_one(alice: Talker) -> None:
    await set_up(alice)
    await set_up_another(alice)
    await alice.waits(days=30, hours=9)

    (text,) = await says_twice(alice, "stop")

    assert text == "Stopped. I will not ask any more."
    await alice.says("/reminders")
    assert "at 08:30 (Berlin)" in alice.reads()


async def set_up_another(alice: Talker) -> None:
    await alice.says("/checkin")
    await alice.says("every month on the 28th at 8:30")
    await alice.taps("Confirm")


async def test_a_confirmed_set_up_given_again_sets_up_one_plan(alice: Talker) -> None:
    await set_up(alice)
    await alice.says("/checkin")
    await alice.says("every month on the 28th at 8:30")

    (text,) = await says_twice(alice, "yes")

    assert text.count("Every month") == 2
    await alice.says("/reminders")
    assert alice.reads().count("Every month") == 2


async def test_leaving_the_set_up_given_again_stops_nothing(alice: Talker) -> None:
    await set_up(alice)
    await alice.says("/checkin")

    (text,) = await says_twice(alice, "stop")

    assert "Next: Tuesday, 22 December 2026, 19:00" in text


async def test_quiet_hours_given_again_are_shown(alice: Talker) -> None:
    await alice.says("/settings")
    await alice.taps("Change quiet hours")

    (text,) = await says_twice(alice, "21:00 to 07:00")

    assert "21:00" in text
    assert "07:00" in text


async def test_away_given_again_is_shown_and_moves_nothing(alice: Talker) -> None:
    await set_up(alice)

    (text,) = await says_twice(alice, "I'm away for 5 weeks")

    assert "Away until Sunday, 27 December 2026" in text
