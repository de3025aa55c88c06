"""Answers go before reminders, equals in their order, and each chat at its own pace."""

from __future__ import annotations

import asyncio

import pytest

from bot.line import Chats
from bot.pacing import Pace, Reminder
from tests.bot.virtual import Telegram, crowd, near, pacing, virtually, worst_window


def test_answers_go_before_reminders_that_came_first() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(10))
        async with asyncio.TaskGroup() as group:
            for chat in range(100, 200):
                group.create_task(telegram.call(chat, text="reminder", pace=Reminder()))
            await asyncio.sleep(2.05)
            for chat in range(1, 4):
                group.create_task(telegram.call(chat, text="answer"))
        return telegram

    telegram = virtually(main())

    answers = [sent.at for sent in telegram.sent if sent.text == "answer"]
    assert len(telegram.sent) == 103
    assert max(answers) <= 2.05 + 1


def test_an_answer_does_not_wait_for_a_reminder_to_the_same_person() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(10))
        async with asyncio.TaskGroup() as group:
            for chat in range(100, 0, -1):
                group.create_task(telegram.call(chat, text="reminder", pace=Reminder()))
            await asyncio.sleep(1)
            group.create_task(telegram.call(1, text="answer"))
        return telegram

    telegram = virtually(main())

    to_alice = [sent.text for sent in telegram.sent if sent.chat == 1]
    assert to_alice == ["answer", "reminder"]


def test_equals_go_in_the_order_in_which_they_came() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(10))
        await crowd(telegram, 30)
        return telegram

    telegram = virtually(main())

    assert [sent.chat for sent in telegram.sent] == list(range(1, 31))


def test_a_private_chat_gets_three_at_once_and_then_one_a_second_in_order() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing())
        await asyncio.gather(*(telegram.call(1, text=text) for text in "abcdef"))
        return telegram

    telegram = virtually(main())

    assert telegram.times() == near([0, 0, 0, 1, 2, 3])
    assert "".join(sent.text for sent in telegram.sent) == "abcdef"


@pytest.mark.parametrize("chat", [-100123, "-100123", "@channel"])
def test_a_group_gets_at_most_twenty_a_minute_edits_included(chat: int | str) -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing())
        async with asyncio.TaskGroup() as group:
            for number in range(50):
                endpoint = "editMessageText" if number % 2 else "sendMessage"
                group.create_task(telegram.call(chat, endpoint=endpoint, pace=Pace(give_up_after=1e4)))
        return telegram

    telegram = virtually(main())

    assert worst_window(telegram.times(), 60) == 20


def test_a_flooded_chat_does_not_delay_the_others() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing())
        async with asyncio.TaskGroup() as group:
            for _ in range(50):
                group.create_task(telegram.call(1))
            for chat in range(2, 20):
                group.create_task(telegram.call(chat))
        return telegram

    telegram = virtually(main())

    others = [sent.at for sent in telegram.sent if sent.chat != 1]
    assert max(others) < 1
    assert telegram.times(1)[-1] == near(47)


@pytest.mark.parametrize(
    ("endpoint", "chat"),
    [
        ("answerCallbackQuery", None),
        ("getMe", None),
        ("setMyCommands", None),
        ("deleteWebhook", None),
        ("getFile", None),
    ],
)
def test_what_is_no_send_never_waits(endpoint: str, chat: int | None) -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(per_second=1))
        async with asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(telegram.call(number))
                group.create_task(telegram.call(chat, endpoint=endpoint))
        return telegram

    telegram = virtually(main())

    assert [sent.at for sent in telegram.sent if sent.endpoint == endpoint] == near([0] * 10)


@pytest.mark.parametrize("endpoint", ["editMessageText", "sendChatAction", "deleteMessage"])
def test_what_is_no_message_counts_for_the_bot_but_not_in_a_private_chat(endpoint: str) -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(10))
        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(telegram.call(1, endpoint=endpoint))
        return telegram

    telegram = virtually(main())

    assert worst_window(telegram.times(), 1) == 10
    assert telegram.times()[-1] < 2


def test_chats_at_rest_are_forgotten_and_others_are_not() -> None:
    chats = Chats()

    with chats.using("sendMessage", 7, 0) as busy:
        for chat in range(10_000):
            with chats.using("sendMessage", 100 + chat, chat * 0.04) as state:
                assert state
                state.note(chat * 0.04)
        with chats.using("sendMessage", 7, 500) as again:
            pass

    assert again is busy
    assert len(chats) < 100
