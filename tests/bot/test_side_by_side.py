"""One slow chat holds up nobody: what comes later to others is fetched and answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import pairwise

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot import crew, intake, polling
from bot.polling import EXIT_TOKEN, Deaf
from scheduler.db.engine import Database
from scheduler.db.models import SeenUpdate
from tests.bot.replicas import PATIENCE, Replica, let_go, replica, until
from tests.chat import Chats, Talker

MANY = 20

# For ever, as far as these tests are concerned: in seconds.
HELD = 300.0


@pytest.fixture(autouse=True)
async def _let_go(chats: Chats) -> AsyncIterator[None]:
    """Let no call that the local Telegram was told to hold keep it from stopping."""
    yield
    let_go()


@pytest.fixture(autouse=True)
def _leaves_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for no handler that hangs when the program is stopped."""
    monkeypatch.setattr(crew, "LEAVE_SECONDS", 0.1)


@pytest.fixture
def _waits_for_all_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for more only when nothing is in hand."""
    monkeypatch.setattr(polling, "ASK_AGAIN_SECONDS", HELD)


@pytest.fixture
async def one(chats: Chats) -> AsyncIterator[Replica]:
    """Return a running program that polls."""
    async with replica(chats, polls=True) as running:
        yield running


@dataclass
class Slow:
    """Let every message to one person hang, until they are let go."""

    chats: Chats
    person: Talker

    def __post_init__(self) -> None:
        self.fault = self.chats.phone.fail(
            self.chats.token,
            "sendMessage",
            times=-1,
            drop=True,
            delay=HELD,
            when=lambda given: str(given["chat_id"]) == str(self.person.phone.id),
        )


def sent_to(chats: Chats) -> list[str]:
    """Return to whom messages went, in their order."""
    return [str(call.parameters["chat_id"]) for call in chats.phone.calls(chats.token, "sendMessage")]


async def bob_among_alices(chats: Chats, alice: Talker, bob: Talker, patch: pytest.MonkeyPatch) -> int:
    """Let Alice write a lot, and Bob once when she has her first answer. Return at which place his answer came."""
    # One in a twentieth of a second to a chat; one in a second would make the control long.
    patch.setattr("bot.line.PRIVATE", (0.05, 1))
    for _ in range(MANY):
        alice.phone.writes("/help")
    async with replica(chats, polls=True):
        await until(lambda: alice.answers())
        bob.phone.writes("/help")
        await until(lambda: bob.answers() and len(alice.answers()) == MANY)
    return sent_to(chats).index(str(bob.phone.id))


async def test_who_writes_once_does_not_wait_for_who_writes_a_lot(
    chats: Chats, alice: Talker, bob: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "ASK_AGAIN_SECONDS", 0.2)

    assert await bob_among_alices(chats, alice, bob, monkeypatch) < MANY


@pytest.mark.usefixtures("_waits_for_all_in_hand")
async def test_control_fetched_only_with_empty_hands_who_writes_once_is_last(
    chats: Chats, alice: Talker, bob: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await bob_among_alices(chats, alice, bob, monkeypatch) == MANY


async def bob_beside_a_stuck_alice(one: Replica, chats: Chats, alice: Talker, bob: Talker) -> float:
    """Let Alice's handler hang, and Bob write after it. Return how many updates had failed when he was answered."""
    slow = Slow(chats, alice)
    alice.phone.writes("/help")
    await until(lambda: slow.fault.happened == 1)
    bob.phone.writes("/help")
    await until(bob.answers)
    return one.counted("updates_total", kind="message", result="failed")


async def test_a_handler_that_never_returns_holds_up_nobody_else(
    one: Replica, chats: Chats, alice: Talker, bob: Talker
) -> None:
    assert await bob_beside_a_stuck_alice(one, chats, alice, bob) == 0
    assert chats.phone.pending(chats.token) == 2


@pytest.mark.usefixtures("_waits_for_all_in_hand")
async def test_control_fetched_only_with_empty_hands_others_wait_until_it_is_given_up(
    one: Replica, chats: Chats, alice: Talker, bob: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(intake, "HANDLER_SECONDS", 0.4)
    monkeypatch.setattr(intake.Intake, "_say_sorry", _say_nothing)

    assert await bob_beside_a_stuck_alice(one, chats, alice, bob) == intake.ATTEMPTS - 1


async def _say_nothing(*_arguments: object) -> None:
    """Send no apology: it would hang as well."""


async def test_with_something_in_hand_telegram_is_not_asked_again_and_again(
    one: Replica, chats: Chats, alice: Talker
) -> None:
    slow = Slow(chats, alice)
    alice.phone.writes("/help")
    await until(lambda: slow.fault.happened == 1)

    began = len(chats.phone.calls(chats.token, "getUpdates"))
    await until(lambda: len(chats.phone.calls(chats.token, "getUpdates")) >= began + 3)

    # Twice in half a second from the same offset on Telegram would give only the first, for ever.
    calls = chats.phone.calls(chats.token, "getUpdates")[-3:]
    assert all(later.started - earlier.started > 0.5 for earlier, later in pairwise(calls))
    assert len({call.parameters.get("offset") for call in calls}) == 1


async def test_a_failed_message_is_tried_again_in_its_place_while_others_are_answered(
    one: Replica, chats: Chats, alice: Talker, bob: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(intake, "HANDLER_SECONDS", 0.8)
    slow = Slow(chats, alice)
    alice.phone.writes("/help")
    alice.phone.writes("/privacy")
    await until(lambda: slow.fault.happened == 1)
    bob.phone.writes("/help")
    await until(lambda: one.counted("updates_total", kind="message", result="failed") >= 1 and bob.answers())
    chats.phone.heal(chats.token)
    await until(lambda: one.counted("updates_total", kind="message", result="done") == 3)

    assert len(alice.answers()) == 2
    assert alice.answers()[0].text == bob.answers()[0].text


async def test_a_token_that_is_refused_to_a_handler_ends_the_program(
    chats: Chats, alice: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.phone.writes("/help")
    chats.phone.fail(chats.token, "sendMessage", status=401, times=-1)

    async with replica(chats, polls=True) as one:
        with pytest.raises(Deaf) as deaf:
            await asyncio.wait_for(one.running, PATIENCE)

    assert deaf.value.exit_code == EXIT_TOKEN
    assert chats.phone.pending(chats.token) == 1


async def test_a_stop_confirms_the_row_of_what_is_done_and_leaves_the_rest_with_telegram(
    chats: Chats, alice: Talker, bob: Talker
) -> None:
    slow = Slow(chats, alice)
    bob.phone.writes("/help")
    alice.phone.writes("/help")
    async with replica(chats, polls=True) as one:
        await until(lambda: slow.fault.happened == 1 and bob.answers())
        bob.phone.writes("/privacy")
        await until(lambda: one.counted("updates_total", kind="message", result="done") == 2)
        await one.stop()

    # Alice's first, and what is done beyond it.
    assert chats.phone.pending(chats.token) == 2


async def test_what_waits_behind_another_counts_no_attempt(one: Replica, chats: Chats, alice: Talker) -> None:
    slow = Slow(chats, alice)
    alice.phone.writes("/help")
    alice.phone.writes("/privacy")

    await until(lambda: slow.fault.happened == 1)

    async with one.program.database.read() as session:
        assert (await session.scalars(select(SeenUpdate.attempts))).all() == [1]


async def test_an_emergency_behind_a_slow_message_is_helped_when_the_database_goes_away(
    one: Replica, chats: Chats, alice: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: Database) -> None:
        raise OperationalError("BEGIN", {}, Exception("the database is down"))

    late = chats.phone.fail(chats.token, "sendMessage", status=200, delay=0.5)
    alice.phone.writes("/help")
    alice.phone.writes("i can't breathe, my lips are swelling")
    await until(lambda: late.happened == 1)
    monkeypatch.setattr(Database, "write", broken)
    await until(lambda: any("112" in answer.text for answer in alice.answers()))

    assert chats.phone.pending(chats.token) == 2
