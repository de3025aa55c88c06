"""What old buttons of check-ins do: after /stop, and after another copy of the message was answered."""

from __future__ import annotations

import pytest

from tests.bot.test_check_in_conversation import set_up
from tests.chat import Talker


@pytest.mark.case(113)
@pytest.mark.parametrize("label", ["Nothing new", "Something changed"])
async def test_after_stop_the_buttons_of_an_open_check_in_keep_nothing(alice: Talker, label: str) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    question = alice.answers()[-1]
    await alice.says("/stop")

    await alice.taps_on(question, label)
    assert any("I keep no answers any more" in seen.text for seen in alice.answers())
    await alice.says("/history")

    assert "nothing kept" in alice.reads()


@pytest.mark.case(113)
async def test_after_stop_an_old_button_resumes_nothing(alice: Talker) -> None:
    await set_up(alice)
    await alice.says("/reminders")
    await alice.taps("Change 1")
    await alice.taps("Pause")
    paused = alice.answers()[-1]
    await alice.says("/stop")

    await alice.taps_on(paused, "Resume")
    await alice.waits(days=62)

    assert not any(seen.text.startswith("Time for your check-in.") for seen in alice.answers())


async def test_an_answered_check_in_is_not_put_off_by_another_copy_of_its_buttons(alice: Talker) -> None:
    await set_up(alice)
    await alice.waits(days=30, hours=9)
    copy = alice.answers()[-1]
    await alice.taps("Nothing new")

    await alice.taps_on(copy, "Ask me later")

    assert "Noted: nothing new." in alice.reads()
