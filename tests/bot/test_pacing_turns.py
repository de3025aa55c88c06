"""Whoever is called up goes, or leaves the turn to the next: when it is cancelled, not wanted, or a 429 comes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.errors import Flooded
from bot.pacing import NotWanted, Reminder
from tests.bot.virtual import Shared, Telegram, near, now, once, pacing, virtually


def test_who_is_cancelled_while_waiting_leaves_the_turn_to_the_next() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(per_second=1))
        calls = [asyncio.create_task(telegram.call(chat)) for chat in range(10)]
        await asyncio.sleep(0.5)
        for call in calls[1:9]:
            call.cancel()
        await asyncio.wait(calls)
        return telegram

    telegram = virtually(main())

    assert [(sent.chat, sent.at) for sent in telegram.sent] == [(0, near(0)), (9, near(1))]


def test_when_all_are_cancelled_the_next_goes_at_once() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing())
        calls = [asyncio.create_task(telegram.call(1)) for _ in range(10)]
        await asyncio.sleep(0.5)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        await telegram.call(2)
        return telegram

    telegram = virtually(main())

    assert [sent.chat for sent in telegram.sent] == [1, 1, 1, 2]
    assert telegram.sent[-1].at == near(0.5)


def test_who_is_cancelled_on_being_called_up_blocks_nobody() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(per_second=1))

        async def never() -> bool:
            await asyncio.sleep(1e6)
            return True

        stuck = asyncio.create_task(telegram.call(1, pace=Reminder(begin=never)))
        await asyncio.sleep(1)
        waiting = asyncio.create_task(telegram.call(2))
        await asyncio.sleep(4)
        assert not telegram.sent
        stuck.cancel()
        await waiting
        return telegram

    telegram = virtually(main())

    assert [(sent.chat, sent.at) for sent in telegram.sent] == [(2, near(5))]


def test_answers_go_while_reminders_cannot_begin() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(per_second=5))

        async def never() -> bool:
            await asyncio.sleep(1e6)
            return True

        stuck = [asyncio.create_task(telegram.call(chat, pace=Reminder(begin=never))) for chat in range(20)]
        await asyncio.sleep(10)
        await asyncio.gather(telegram.call(100), telegram.call(101))
        for task in stuck:
            task.cancel()
        await asyncio.wait(stuck)
        return telegram

    telegram = virtually(main())

    assert [(sent.chat, sent.at) for sent in telegram.sent] == [(100, near(10)), (101, near(10))]


def test_begin_is_asked_once_when_the_turn_has_come() -> None:
    async def main() -> tuple[Telegram, list[float]]:
        telegram = Telegram(pacing(per_second=1))
        asked = []

        async def begin() -> bool:
            asked.append(now())
            return True

        await asyncio.gather(telegram.call(1), telegram.call(2), telegram.call(3, pace=Reminder(begin=begin)))
        return telegram, asked

    telegram, asked = virtually(main())

    assert asked == near([2])
    assert telegram.times(3) == near([2])


def test_what_is_not_wanted_any_more_is_not_sent() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing())

        async def begin() -> bool:
            return False

        with pytest.raises(NotWanted):
            await telegram.call(1, pace=Reminder(begin=begin))
        return telegram

    telegram = virtually(main())

    assert telegram.sent == []


@pytest.mark.case(38)
def test_what_was_begun_is_handed_back_after_a_429() -> None:
    async def main() -> tuple[Telegram, list[float]]:
        telegram = Telegram(pacing(), lambda _: Flooded(30))
        asked = []

        async def begin() -> bool:
            asked.append(now())
            return True

        with pytest.raises(Flooded):
            await telegram.call(1, pace=Reminder(begin=begin, give_up_after=1e6))
        return telegram, asked

    telegram, asked = virtually(main())

    assert len(telegram.sent) == len(asked) == 1


@pytest.mark.case(38)
def test_a_429_that_comes_while_one_begins_stops_that_one_too() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(), once(Flooded(30), after=0))

        async def begin() -> bool:
            await asyncio.sleep(1)
            return True

        slow = asyncio.create_task(telegram.call(1, pace=Reminder(begin=begin)))
        with pytest.raises(Flooded):
            await telegram.call(None, endpoint="answerCallbackQuery")
        with pytest.raises(Flooded):
            await slow
        return telegram

    telegram = virtually(main())

    assert [sent.endpoint for sent in telegram.sent] == ["answerCallbackQuery"]


@pytest.mark.case(38)
def test_a_429_that_comes_between_being_called_up_and_leaving_stops_that_one() -> None:
    async def main() -> Telegram:
        telegram = Telegram(pacing(budget=budget))

        async def refused(*_: object) -> bool:
            await budget.drawn.wait()
            raise Flooded(3)

        other = asyncio.create_task(telegram.limiter.process_request(refused, (), {}, "getMe", {}, None))
        await asyncio.sleep(1)
        await telegram.call(1)
        with pytest.raises(Flooded):
            await other
        return telegram

    class Telling(Shared):
        """Tell when it is drawn on, which is just before somebody is called up."""

        drawn = asyncio.Event()

        async def reserve(self, n: int, urgent: bool = True) -> float:
            """Tell, and let one go."""
            self.drawn.set()
            return 0

    budget = Telling()
    telegram = virtually(main())

    assert telegram.times()[0] >= 1 + 3


def test_stopping_sends_those_who_wait_away() -> None:
    async def main() -> list[Any]:
        limiter = pacing(per_second=1)
        telegram = Telegram(limiter)
        calls = [asyncio.create_task(telegram.call(chat)) for chat in range(5)]
        await asyncio.sleep(1.5)
        await limiter.shutdown()
        await limiter.shutdown()
        return await asyncio.gather(*calls, return_exceptions=True)

    results = virtually(main())

    assert results[:2] == [True, True]
    assert [type(item) for item in results[2:]] == [Flooded] * 3
