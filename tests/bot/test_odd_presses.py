"""A press of a button that was not offered there is counted, with nothing about whose it was."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.program import Program
from tests.bot.test_check_in_conversation import set_up
from tests.chat import Chats, Talker


@pytest.fixture
async def program(chats: Chats) -> AsyncIterator[Program]:
    """Return one program that lives for the whole test: its counters live with it."""
    program = chats.program()
    await program.application.initialize()
    yield program
    await program.close()


def counted(program: Program, why: str) -> float:
    registry = program.house.metrics.registry
    return registry.get_sample_value("calcibot_odd_presses_total", {"why": why}) or 0.0


async def test_an_offered_button_is_not_counted(alice: Talker, program: Program) -> None:
    await alice.says("/start")
    shown = alice.answers()[-1]

    alice.phone.presses(shown.message_id, shown.buttons[0][0].text)
    await program.poller.once()

    assert {counted(program, why) for why in ("not there", "unknown", "group")} == {0.0}
    assert len(alice.answers()) > 1


@pytest.mark.case(108)
async def test_a_button_of_somebody_else_or_with_a_changed_id_is_counted(
    alice: Talker, bob: Talker, program: Program
) -> None:
    await set_up(alice)
    await alice.says("/reminders")
    stolen = [button.data for row in alice.answers()[-1].buttons for button in row if button.data]
    await bob.says("/start")
    here = bob.answers()[-1].message_id

    bob.phone.presses(here, stolen[0], forged=True)
    bob.phone.presses(here, "1:h:open:AAAAAAAAAAAAAAAA:20261222T1900", forged=True)
    await program.poller.once()

    assert counted(program, "not there") == 2
    text = program.house.metrics.render().decode()
    assert str(bob.phone.id) not in text
    assert "AAAAAAAA" not in text


async def test_a_button_of_an_earlier_release_or_of_nobody_is_counted(alice: Talker, program: Program) -> None:
    await alice.says("/start")
    here = alice.answers()[-1].message_id

    for data in ("v0:old", "1:zzz", "\u202e'; DROP TABLE"):
        alice.phone.presses(here, data, forged=True)
    await program.poller.once()

    assert counted(program, "unknown") == 3


@pytest.mark.case(108)
async def test_a_press_in_a_group_is_counted(alice: Talker, chats: Chats, program: Program) -> None:
    group = chats.phone.group(chats.token, "Family", [alice.phone])
    alice.phone.writes("/start", chat=group.id)
    await program.poller.once()
    [said] = [seen for seen in group.sees() if seen.from_bot]

    alice.phone.presses(said.message_id, "1:t:menu", chat=group.id, forged=True)
    await program.poller.once()

    assert counted(program, "group") == 1
