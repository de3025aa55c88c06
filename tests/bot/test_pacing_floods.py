"""A 429 stops everybody, and afterwards there is no storm."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import pytest
from telegram.error import NetworkError, TelegramError
from telegram.ext import AIORateLimiter, BaseRateLimiter

from bot.errors import Flooded
from bot.pacing import Pace, Reminder
from tests.bot.virtual import ROUND_TRIP, Sent, Telegram, crowd, near, now, once, pacing, virtually, worst_window


async def fifty_with_a_429(limiter: BaseRateLimiter[Any], error: TelegramError) -> tuple[Telegram, float]:
    """Send to fifty people; the tenth answer is a 429. Return all calls, and when the 429 came."""
    told = 0.0
    refuse = once(error, after=10)

    def refuse_and_note(sent: Sent) -> TelegramError | None:
        nonlocal told
        answer = refuse(sent)
        told = now() if answer else told
        return answer

    telegram = Telegram(limiter, refuse_and_note)
    await crowd(telegram, 50, pace=5 if isinstance(limiter, AIORateLimiter) else None)
    return telegram, told


def in_the_pause(telegram: Telegram, told: float, seconds: float) -> int:
    return sum(told < at < told + seconds for at in telegram.times())


@pytest.mark.case(38)
def test_after_a_429_nothing_is_sent_until_it_is_over_and_everything_is_sent_then() -> None:
    async def main() -> tuple[Telegram, float]:
        return await fifty_with_a_429(pacing(), Flooded(3))

    telegram, told = virtually(main())

    assert in_the_pause(telegram, told, 3) == 0
    assert sorted({sent.chat for sent in telegram.sent}) == list(range(1, 51))
    assert len(telegram.sent) == 51
    assert worst_window(telegram.times(), 1) <= 25


@pytest.mark.case(38)
def test_control_ptbs_own_limiter_sends_during_the_pause() -> None:
    async def main() -> tuple[Telegram, float]:
        return await fifty_with_a_429(AIORateLimiter(overall_max_rate=25), Flooded(3))

    telegram, told = virtually(main())

    assert in_the_pause(telegram, told, 3) > 0


@pytest.mark.case(38)
def test_a_429_to_a_call_that_is_no_send_stops_all_sends_too() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(), once(Flooded(3), after=0))
        with pytest.raises(Flooded):
            await telegram.call(None, endpoint="answerCallbackQuery")
        await telegram.call(1)
        return telegram

    telegram = virtually(main())

    assert telegram.sent[1].at >= ROUND_TRIP + 3


@pytest.mark.case(39)
def test_a_429_without_a_number_stops_for_a_minute_and_then_the_same_call_is_made_again() -> None:
    async def main() -> tuple[Telegram, float]:
        return await fifty_with_a_429(pacing(), NetworkError("Too Many Requests"))

    with pytest.raises(ExceptionGroup):
        virtually(main())

    async def patient() -> Telegram:
        telegram = Telegram(pacing(), once(NetworkError("Too Many Requests"), after=0))
        await telegram.call(1, pace=Pace(give_up_after=90))
        return telegram

    telegram = virtually(patient())
    assert [sent.chat for sent in telegram.sent] == [1, 1]
    assert telegram.sent[1].at == pytest.approx(60 + ROUND_TRIP, abs=0.2)


@pytest.mark.case(40)
def test_a_send_that_would_be_late_after_a_429_is_not_made() -> None:
    async def main() -> tuple[Telegram, list[Flooded], float]:
        telegram = Telegram(pacing(), lambda _: Flooded(3600))
        results = await asyncio.gather(
            *(telegram.call(chat, pace=Reminder(give_up_after=600)) for chat in range(40)), return_exceptions=True
        )
        return telegram, [item for item in results if isinstance(item, Flooded)], now()

    telegram, floods, ended = virtually(main())

    assert len(floods) == 40
    assert max(telegram.times()) < 1
    assert ended < 1
    assert all(3590 < flood.retry_after.total_seconds() <= 3601 for flood in floods)


@pytest.mark.case(40)
def test_who_gives_up_while_waiting_for_a_turn_is_told_then_and_was_not_sent() -> None:
    async def main() -> tuple[Telegram, list[float]]:
        telegram = Telegram(pacing(per_second=1))
        told = []

        async def one(chat: int) -> None:
            try:
                await telegram.call(chat, pace=Reminder(give_up_after=4.5))
            except Flooded:
                told.append(now())

        await asyncio.gather(*(one(chat) for chat in range(10)))
        return telegram, told

    telegram, told = virtually(main())

    assert telegram.times() == near([0, 1, 2, 3, 4])
    assert told == near([4.5] * 5)


@pytest.mark.case(44)
def test_after_ten_minutes_of_500_there_is_no_storm_and_each_chat_keeps_its_order() -> None:
    async def main() -> Telegram:
        telegram = Telegram(
            pacing(), lambda sent: NetworkError("Internal Server Error: restart") if sent.at < 600 else None
        )

        async def insist(chat: int) -> None:
            for text in "abc":
                for pause in (min(2**n, 60) for n in range(100)):
                    try:
                        await telegram.call(chat, text=text)
                    except NetworkError:
                        await asyncio.sleep(pause)
                    else:
                        break

        await asyncio.gather(*(insist(chat) for chat in range(200)))
        return telegram

    telegram = virtually(main())

    arrived = defaultdict(str)
    for sent in telegram.sent:
        arrived[sent.chat] += sent.text if sent.at >= 600 else ""
    assert worst_window(telegram.times(), 1) <= 25
    assert set(arrived.values()) == {"abc"}
    assert len(arrived) == 200
