"""Hold Telegram's limits in virtual time: an hour of sending takes no time, and every instant is exact."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import selectors
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram.error import NetworkError, TelegramError
from telegram.ext import AIORateLimiter, BaseRateLimiter, ExtBot
from telegram.request import BaseRequest, RequestData

from bot.errors import Flooded
from bot.line import Chats
from bot.pacing import NotWanted, Pace, Pacing, Priority, Reminder

T = TypeVar("T")

ROUND_TRIP = 0.05

MOMENT = 1e-9

# Instants are sums of floats and of moments.
TINY = 1e-5
near = functools.partial(pytest.approx, abs=TINY)


class Jumps(selectors.DefaultSelector):
    """Jump over every wait, and count how long it would have been."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        """Return what is ready; with nothing ready, let the time of the wait be over."""
        events = super().select(0)
        if not events:
            assert timeout is not None, "everybody waits for something that will never come"
            # A turn of the loop takes a moment; with none, a wait that rounding cuts to nothing would never end.
            self.now += max(timeout, MOMENT)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """Run on a clock that moves only while everybody waits."""

    def __init__(self) -> None:
        self._jumps = Jumps()
        super().__init__(self._jumps)

    def time(self) -> float:
        """Return the virtual seconds since the beginning."""
        return self._jumps.now


def virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)


def now() -> float:
    return asyncio.get_running_loop().time()


def pacing(per_second: float = 25, **more: Any) -> Pacing:
    return Pacing(per_second, clock=now, sleep=asyncio.sleep, **more)


@dataclass(frozen=True)
class Sent:
    """Hold one call that reached Telegram, and when it left."""

    at: float
    chat: int | str | None
    endpoint: str
    text: str


class Telegram:
    """Take calls through a rate limiter and remember them. `refuse` says with which error a call ends, if any."""

    def __init__(
        self, limiter: BaseRateLimiter[Any], refuse: Callable[[Sent], TelegramError | None] = lambda _: None
    ) -> None:
        self.limiter = limiter
        self.sent: list[Sent] = []
        self._refuse = refuse

    async def call(
        self,
        chat: int | str | None = 1,
        *,
        endpoint: str = "sendMessage",
        text: str = "",
        pace: Pace | int | None = None,
    ) -> Any:
        data = {"text": text} if chat is None else {"chat_id": chat, "text": text}
        return await self.limiter.process_request(self._answer, (endpoint, data), {}, endpoint, data, pace)

    async def _answer(self, endpoint: str, data: dict[str, Any]) -> bool:
        sent = Sent(now(), data.get("chat_id"), endpoint, data["text"])
        self.sent.append(sent)
        await asyncio.sleep(ROUND_TRIP)
        error = self._refuse(sent)
        if error is not None:
            raise error
        return True

    def times(self, chat: int | str | None = None) -> list[float]:
        """Return when the calls left, all or those to one chat."""
        return [sent.at for sent in self.sent if chat in (None, sent.chat)]


def worst_window(times: list[float], seconds: float) -> int:
    """Return the most calls in any half-open span of that length."""
    times = sorted(times)
    return max(
        sum(start <= time < start + seconds - TINY for time in times[place:]) for place, start in enumerate(times)
    )


def once(error: TelegramError, after: int) -> Callable[[Sent], TelegramError | None]:
    """Refuse one call: the one that is answered after so many others."""
    answered = 0

    def refuse(_: Sent) -> TelegramError | None:
        nonlocal answered
        answered += 1
        return error if answered == after + 1 else None

    return refuse


async def crowd(telegram: Telegram, people: int, **more: Any) -> None:
    async with asyncio.TaskGroup() as group:
        for chat in range(1, people + 1):
            group.create_task(telegram.call(chat, **more))


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


@settings(max_examples=150, deadline=None)
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
        assert worst_window(telegram.times(), max(1.0, 1 / rate)) <= max(1, int(rate))
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
    assert reminders.times()[-1] <= 1.1


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


class Shared:
    """Stand for a budget that several replicas draw on."""

    def __init__(self, *answers: float | Exception) -> None:
        self.answers = list(answers)

    async def hold(self, seconds: float) -> None:
        """Do nothing."""

    async def reserve(self, n: int, urgent: bool = True) -> float:
        """Return the next answer of the script."""
        assert n == 1
        await asyncio.sleep(0.001)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


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


class Recorder(BaseRequest):
    """Take PTB's requests and answer all alike."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    @property
    def read_timeout(self) -> float | None:
        """Return none."""
        return None

    async def initialize(self) -> None:
        """Do nothing."""

    async def shutdown(self) -> None:
        """Do nothing."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        """Answer a message."""
        self.urls.append(url)
        assert request_data is not None
        assert set(request_data.parameters) == {"chat_id", "text"}
        message = {"message_id": 1, "date": 0, "chat": {"id": 7, "type": "private"}}
        return 200, json.dumps({"ok": True, "result": message}).encode()


def test_a_real_bot_passes_its_sends_and_their_pace_through() -> None:
    async def main() -> Recorder:
        recorder = Recorder()
        bot = ExtBot("1:x", request=recorder, rate_limiter=pacing(per_second=1))
        async with asyncio.TaskGroup() as group:
            group.create_task(bot.send_message(7, "a"))
            group.create_task(bot.send_message(8, "b"))
            with pytest.raises(Flooded):
                await bot.send_message(9, "c", rate_limit_args=Reminder(give_up_after=1.5))
        assert now() == near(1.5)
        return recorder

    recorder = virtually(main())

    assert len(recorder.urls) == 2
