"""What was told comes back as a picture and as a page for the doctor: shown first, then sent, never kept."""

from __future__ import annotations

import pytest

from tests.beginnings import held_once
from tests.bot.test_check_in_conversation import set_up
from tests.chat import Talker


@held_once
async def tell_of_pain(talker: Talker) -> None:
    await set_up(talker)
    await talker.waits(days=30, hours=9)
    await talker.taps("Something changed")
    await talker.taps("Pain")
    await talker.taps("Done")
    await talker.says("it stings when I wash, больно")


@pytest.fixture
async def told(alice: Talker) -> Talker:
    await tell_of_pain(alice)
    return alice


async def test_the_page_is_previewed_and_then_sent_as_a_pdf(told: Talker) -> None:
    await told.says("/report")
    await told.taps("3 months")
    assert "What your page will hold" in told.reads()

    await told.taps("Send the page")

    file = told.answers()[-1].file
    assert file is not None
    assert file.name.startswith("notes-for-my-visit-2026-12-")
    assert file.data.startswith(b"%PDF")


async def test_the_history_can_be_seen_as_a_picture_with_a_text_alternative(told: Talker) -> None:
    await told.says("/history")
    await told.taps("Show it as a picture")

    shown = told.answers()[-1]
    assert shown.file is not None
    assert shown.file.kind == "photo"
    assert "1 check-in" in shown.text


async def test_an_empty_time_makes_no_page(alice: Talker) -> None:
    await alice.says("/report")
    await alice.taps("All")

    assert "the page would be empty" in alice.reads()
