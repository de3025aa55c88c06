"""No second holds more than its limit, and no rate is missed."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram.ext import AIORateLimiter, BaseRateLimiter

from bot.errors import Flooded
from bot.pacing import Pace, Pacing, Priority, Reminder
from bot.window import JITTER_SECONDS
from tests.bot.virtual import TINY, Shared, Telegram, crowd, near, now, once, pacing, virtually, worst_window

ARRIVALS = st.lists(
    st.tuples(
        st.floats(0, 3),  # when it comes
        st.sampled_from([1, 2, 3, -9, *range(10, 60)]),  # to whom
        st.sampled_from(list(Priority)),
        st.floats(0, 0.6),  # how long it takes to begin
        st.booleans(),  # whether it is cancelled after a while
    ),
    min_size=1,
    max_size=120,
)


@given(rate=st.one_of(st.integers(1, 60), st.floats(0.1, 40)), arrivals=ARRIVALS, pause_after=st.integers(0, 130))
def test_no_window_ever_holds_more_than_the_limits(rate: float, arrivals: list[Any], pause_after: int) -> None:
    async def main() -> tuple[Telegram, int]:
        telegram = Telegram(pacing(rate), once(Flooded(2), after=pause_after))
        done = 0

        async def one(at: float, chat: int, priority: Priority, delay: float, cancelled: bool) -> None:
            async def begin() -> bool:
                await asyncio.sleep(delay)
                return True

            nonlocal done
            await asyncio.sleep(at)
            # A slow beginning can put one message more into its chat's second; the bot's own limit holds even then.
            pace = Pace(priority, 1e9, begin if delay > 0.3 and chat >= 10 else None)
            with contextlib.suppress(TimeoutError, Flooded):
                async with asyncio.timeout(delay if cancelled else None):
                    await telegram.call(chat, pace=pace)
            done += 1

        await asyncio.gather(*(one(*arrival) for arrival in arrivals))
        return telegram, done

    telegram, done = virtually(main())

    assert done == len(arrivals)
    if telegram.sent:
        assert worst_window(telegram.times(), max(1.0, 1 / rate)) <= max(1, math.ceil(rate))
    for chat in {sent.chat for sent in telegram.sent if sent.chat < 10}:
        times = telegram.times(chat)
        limits = {60: 20} if chat == -9 else {1: 3, 5: 3 + 4, 60: 3 + 59}
        for seconds, most in limits.items():
            assert worst_window(times, seconds) <= most


def test_a_thousand_a_second_are_reached_and_not_passed() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(1000))
        await crowd(telegram, 3000)
        return telegram

    telegram = virtually(main())

    assert worst_window(telegram.times(), 1) == 1000
    assert telegram.times()[-1] == pytest.approx(3, abs=0.02)


@pytest.mark.parametrize("rate", [25, 30])
@pytest.mark.parametrize("pace", [None, Reminder()])
def test_no_second_is_crowded_where_the_sends_arrive_however_unevenly_they_travel(rate: int, pace: Pace | None) -> None:
    async def main() -> list[float]:
        telegram = Telegram(pacing(rate))
        await crowd(telegram, 10 * rate, pace=pace)
        return telegram.times()

    times = virtually(main())

    late = [left + JITTER_SECONDS * (number % 7 == 0) - TINY for number, left in enumerate(times)]
    assert worst_window(late, 1) == rate
    assert 9.8 < times[-1] < 10.06


def test_a_rate_that_is_no_whole_number_is_reached() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(29.5))
        await crowd(telegram, 120, pace=Reminder())
        return telegram

    telegram = virtually(main())

    assert telegram.times()[-1] == pytest.approx(119 / 29.5, abs=0.001)
    assert worst_window(telegram.times(), 1) == 30


def test_sends_are_spread_evenly_after_a_small_burst() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(10))
        await crowd(telegram, 12)
        return telegram

    telegram = virtually(main())

    assert telegram.times() == near([0, 0, 0, 0, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 1, 1])


def test_reminders_go_evenly_from_the_first_on() -> None:
    async def main() -> tuple[Telegram, Telegram]:
        reminders, answers = Telegram(pacing(10)), Telegram(pacing(10))
        await asyncio.gather(crowd(reminders, 12, pace=Reminder()), crowd(answers, 12))
        return reminders, answers

    reminders, answers = virtually(main())

    assert worst_window(reminders.times(), 0.05) == 1
    assert worst_window(answers.times(), 0.05) == 5, "control: answers may go in a burst"
    assert reminders.times()[-1] == near(1.1)


def test_reminders_catch_up_with_a_process_that_wakes_up_late() -> None:
    async def main() -> float:
        async def oversleep(seconds: float) -> None:
            await asyncio.sleep(seconds + 0.004)

        telegram = Telegram(Pacing(25, clock=now, sleep=oversleep))
        await crowd(telegram, 100, pace=Reminder())
        return telegram.times()[-1]

    assert virtually(main()) <= 99 / 25 * 1.02


async def under_way_with_a_slow_telegram(pace: Pace | None) -> int:
    """Return how many were begun and not answered at once, at most, when each answer takes ten seconds."""
    most = under_way = 0

    async def slow() -> bool:
        nonlocal most, under_way
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(10)
        under_way -= 1
        return True

    limiter = pacing(20)
    calls = [limiter.process_request(slow, (), {}, "sendMessage", {"chat_id": chat}, pace) for chat in range(30)]
    await asyncio.gather(*calls)
    return most


def test_a_slow_telegram_has_few_reminders_under_way_and_all_come_in_the_end() -> None:
    async def begin() -> bool:
        return True

    reminders = virtually(under_way_with_a_slow_telegram(Reminder(give_up_after=1e6, begin=begin)))
    answers = virtually(under_way_with_a_slow_telegram(None))

    assert reminders == 10
    assert answers == 30, "control: answers do not wait for each other"


def test_control_ptbs_own_limiter_sends_59_in_the_first_second_at_30() -> None:
    async def main(limiter: BaseRateLimiter[Any]) -> Telegram:
        telegram = Telegram(limiter)
        await crowd(telegram, 100)
        return telegram

    ptb = virtually(main(AIORateLimiter(overall_max_rate=30)))
    ours = virtually(main(pacing(30)))

    assert worst_window(ptb.times(), 1) >= 59
    assert worst_window(ours.times(), 1) == 30


def test_another_budget_decides_when_sends_may_go() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(budget=Shared(0.5, 0.7, 3)))
        await crowd(telegram, 3)
        return telegram

    telegram = virtually(main())

    assert telegram.times() == near([0.5, 0.7, 3])


@pytest.mark.parametrize("budget", [Shared(0.0), Shared(ConnectionError("the database is down"))])
def test_a_budget_that_gives_too_much_or_fails_cannot_break_the_window(budget: Shared) -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(budget=budget))
        await crowd(telegram, 60)
        return telegram

    telegram = virtually(main())

    assert len(telegram.sent) == 60
    assert worst_window(telegram.times(), 1) == 25
