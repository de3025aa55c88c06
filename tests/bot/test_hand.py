"""What is in hand: whatever comes, ends, fails or comes again, Telegram is told to forget only what is done."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hand import MOST, Hand
from bot.raw import RawUpdate, chat_of


def written(number: int, chat: int = 1) -> RawUpdate:
    return {"update_id": number, "message": {"chat": {"id": chat}}}


def numbers(raws: Any) -> list[int]:
    return [raw["update_id"] for raw in raws]


def test_the_offset_moves_over_an_unbroken_row_of_done_updates_only() -> None:
    hand, offsets = Hand(), []
    hand.take([written(10, chat=1), written(11, chat=2), written(12, chat=3)])

    for chat in (3, 1, 2):
        hand.done(chat)
        offsets.append(hand.offset)

    assert offsets == [10, 11, 13]
    assert not hand


def test_what_is_in_hand_or_done_beyond_the_offset_is_known_when_it_comes_again() -> None:
    hand = Hand()
    hand.take([written(10, chat=1), written(11, chat=2)])
    hand.done(2)

    again = [written(10, chat=1), written(11, chat=2), written(12, chat=2), written(12, chat=2)]

    assert numbers(hand.new_in(again)) == [12]
    assert hand.take(again) == [2]
    assert numbers(hand.line(2)) == [12]


def test_numbers_that_begin_lower_after_a_quiet_week_are_followed() -> None:
    hand = Hand()
    hand.take([written(1000)])
    hand.done(1)
    hand.take([written(5), written(6)])
    hand.done(1)
    hand.done(1)

    assert hand.offset == 7


def test_only_the_first_of_a_chat_that_has_nothing_in_hand_is_a_first() -> None:
    hand = Hand()
    hand.take([written(1, chat=1)])

    firsts = hand.firsts_of([written(2, chat=1), written(3, chat=2), written(4, chat=2), written(5, chat=3)])

    assert numbers(firsts) == [3, 5]


def test_a_hand_is_full_until_the_offset_moves() -> None:
    hand = Hand()
    hand.take([written(number, chat=number) for number in range(MOST)])
    hand.done(1)
    before = hand.is_full
    hand.done(0)

    assert (before, hand.is_full) == (True, False)


class Highest(Hand):
    """Confirm what is done last, as a poller does that only looks ahead."""

    def done(self, chat: int) -> None:
        number = self.line(chat)[0]["update_id"]
        super().done(chat)
        self.offset = max(self.offset or 0, number + 1)


# How often something of each kind happens is up to chance; to which chat, too.
acts = st.lists(
    st.tuples(st.sampled_from(["comes", "comes", "asks", "ends", "ends", "fails", "comes again"]), st.integers(0, 3)),
    max_size=150,
)


class Telegram:
    """Keep updates until a higher offset confirms them, and look at what is done with them."""

    def __init__(self, hand: Hand, first_number: int) -> None:
        self.hand = hand
        self.next = first_number
        self.waiting: list[RawUpdate] = []
        self.written: list[RawUpdate] = []
        self.given: list[RawUpdate] = []
        self.handled: list[RawUpdate] = []
        # By chat: what is being handled. One worker a chat, and each is begun where `take` says so.
        self.at_work: dict[int, RawUpdate] = {}

    def act_all(self, acts: list[tuple[str, int]]) -> None:
        for what, chat in acts:
            self.act(what, chat)

    def act(self, what: str, chat: int) -> None:
        match what:
            case "comes":
                self.waiting.append(written(self.next, chat))
                self.written.append(self.waiting[-1])
                self.next += 1
            case "asks":
                self._asks()
            case "comes again":
                # Old ones, as after an answer that was lost; never one before those in front of it were given.
                self._gives(self.given[-5:])
            case "ends" if chat in self.at_work:
                self.handled.append(self.at_work.pop(chat))
                self.hand.done(chat)
                self._goes_on(chat)
            case "fails" if chat in self.at_work:
                # Its turn again.
                assert self.hand.line(chat)[0] is self.at_work[chat]

    def _asks(self) -> None:
        if self.hand.offset is not None:
            forgotten = [raw for raw in self.waiting if raw["update_id"] < self.hand.offset]
            assert all(raw in self.handled for raw in forgotten), "what is not done was confirmed"
            self.waiting = [raw for raw in self.waiting if raw not in forgotten]
        self.given += [raw for raw in self.waiting[:MOST] if raw not in self.given]
        self._gives(self.waiting[:MOST])

    def _gives(self, raws: list[RawUpdate]) -> None:
        # What was done and confirmed is known by its row in the database.
        new = [raw for raw in self.hand.new_in(raws) if raw not in self.handled and raw in self.waiting]
        for chat in self.hand.take(new):
            assert chat not in self.at_work, "two would work on one chat"
            self._goes_on(chat)

    def _goes_on(self, chat: int) -> None:
        line = self.hand.line(chat)
        if line:
            assert line[0] not in self.handled, "handled twice"
            self.at_work[chat] = line[0]

    def ends_well(self) -> None:
        """Let everything be asked for and handled."""
        while self.waiting or self.at_work:
            self.act("asks", 0)
            for chat in list(self.at_work):
                self.act("ends", chat)
        assert not self.hand
        for chat in range(4):
            order = [number for raw in self.handled if chat_of(raw) == chat for number in numbers([raw])]
            assert order == [number for raw in self.written if chat_of(raw) == chat for number in numbers([raw])]


@given(acts=acts, first_number=st.integers(0, 2**62))
def test_in_any_order_nothing_undone_is_confirmed_nothing_is_lost_and_each_chat_keeps_its_order(
    acts: list[tuple[str, int]], first_number: int
) -> None:
    telegram = Telegram(Hand(), first_number)

    telegram.act_all(acts)

    telegram.ends_well()


def test_control_an_offset_that_follows_the_highest_confirms_what_is_not_done() -> None:
    telegram = Telegram(Highest(), 1)

    with pytest.raises(AssertionError, match="what is not done was confirmed"):
        telegram.act_all([("comes", 1), ("comes", 2), ("asks", 0), ("ends", 2), ("asks", 0)])
