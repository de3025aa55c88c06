"""Trouble on order, and the log of calls."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from telegram import Bot
from telegram.error import ChatMigrated, NetworkError, RetryAfter, TelegramError

from bot.phone.people import Person
from bot.phone.server import Phone
from tests.bot.phone.conftest import OTHER, TOKEN, Clock


@pytest.fixture(autouse=True)
def _started(alice: Person) -> None:
    alice.starts()


async def test_a_call_fails_as_often_as_ordered_and_then_works(bot: Bot, phone: Phone, alice: Person) -> None:
    fault = phone.fail(TOKEN, "sendMessage", times=2, status=502, body="<html>Bad Gateway</html>")

    for _ in range(2):
        with pytest.raises(NetworkError):
            await bot.send_message(alice.id, "x")
    await bot.send_message(alice.id, "third")

    assert [one.text for one in alice.sees()] == ["/start", "third"]
    assert (fault.happened, fault.left) == (2, 0)
    assert [call.status for call in phone.calls(TOKEN, "sendMessage")] == [502, 502, 200]


async def test_a_dropped_connection_may_come_before_or_after_the_work(bot: Bot, phone: Phone, alice: Person) -> None:
    phone.fail(TOKEN, "sendMessage", drop=True)
    phone.fail(TOKEN, "sendMessage", drop=True, after_recording=True)

    for text in ("lost", "kept"):
        with pytest.raises(NetworkError):
            await bot.send_message(alice.id, text)

    assert [one.text for one in alice.sees()] == ["/start", "kept"]
    assert [call.status for call in phone.calls(TOKEN, "sendMessage")] == [0, 0]


async def test_faults_carry_parameters_and_can_choose_their_calls(bot: Bot, phone: Phone, alice: Person) -> None:
    phone.fail(TOKEN, retry_after=7, when=lambda params: params.get("text") == "slow down")
    phone.fail(TOKEN, status=400, migrate_to_chat_id=-100, when=lambda params: params.get("text") == "moved")
    phone.fail(TOKEN, status=200, body="{", when=lambda params: params.get("text") == "broken")

    assert (await bot.send_message(alice.id, "fine")).text == "fine"
    with pytest.raises(RetryAfter) as slow:
        await bot.send_message(alice.id, "slow down")
    with pytest.raises(ChatMigrated):
        await bot.send_message(alice.id, "moved")
    with pytest.raises(TelegramError, match="Invalid server response"):
        await bot.send_message(alice.id, "broken")

    assert slow.value.retry_after == timedelta(seconds=7)


async def test_a_delay_alone_is_only_late(bot: Bot, phone: Phone, alice: Person) -> None:
    phone.fail(TOKEN, "sendMessage", status=200, delay=0.1)

    started = time.monotonic()
    await bot.send_message(alice.id, "x")

    assert time.monotonic() - started >= 0.1
    assert not phone.calls(TOKEN, "sendMessage")[0].faulty


async def test_limits_hold_overall_and_per_chat(bot: Bot, phone: Phone, alice: Person) -> None:
    bob = phone.person(TOKEN, "Bob")
    bob.starts()
    phone.limit(TOKEN, per_second=2, per_chat=1)

    await bot.send_message(alice.id, "1")
    with pytest.raises(RetryAfter):
        await bot.send_message(alice.id, "2")
    await bot.send_message(bob.id, "1")
    with pytest.raises(RetryAfter):
        await bot.send_message(bob.id, "2")
    phone.heal(TOKEN)

    assert (await bot.send_message(alice.id, "3")).text == "3"


async def test_calls_are_logged_with_both_times(bot: Bot, phone: Phone, alice: Person, clock: Clock) -> None:
    before = time.monotonic()
    await bot.send_message(alice.id, "x")

    call = phone.calls(TOKEN)[-1]

    assert (call.method, call.parameters["text"], call.at) == ("sendMessage", "x", clock())
    assert before <= call.started <= time.monotonic()
    assert call.answer["result"]["text"] == "x"
    assert phone.calls(OTHER) == []


def test_a_phone_in_a_thread_serves_a_test_that_blocks() -> None:
    before = threading.active_count()
    with Phone().in_thread() as phone:
        alice = phone.person(TOKEN, "Alice")
        alice.starts()

        async def talk() -> None:
            async with Bot(TOKEN, base_url=phone.base_url) as bot:
                waiting = asyncio.create_task(bot.get_updates(offset=-1, timeout=20))
                await waiting
                await bot.send_message(alice.id, "hello")

        asyncio.run(talk())

        assert alice.last.text == "hello"
    assert threading.active_count() <= before + 1
