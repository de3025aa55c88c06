"""What Telegram refuses is borne as it was meant: nothing is lost, nobody is asked twice, nothing is tried for ever."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import select

from bot.errors import RULES
from bot.intake import ATTEMPTS
from bot.views.screen import MAX_DATA_BYTES, pack
from scheduler.db.models import CheckIn, Person, Plan
from tests.bot.test_check_in_conversation import set_up
from tests.chat import Chats, Talker
from tests.scheduler.builders import opened

# From the first check-in to the moment of the next, in days: later it would be too old to be sent to anybody.
A_MONTH = 31


@dataclass(frozen=True)
class Kept:
    """Hold how things stand with the one person, the one plan and its newest check-in."""

    suspended_why: str | None
    next_due: bool
    state: str


async def kept(chats: Chats) -> Kept:
    async with opened(chats.database_url) as database, database.read() as session:
        person = (await session.scalars(select(Person))).one()
        plan = (await session.scalars(select(Plan))).one()
        check_in = (await session.scalars(select(CheckIn).order_by(CheckIn.id.desc()))).first()
        assert check_in is not None
        return Kept(person.suspended_why, plan.next_due_at is not None, check_in.state)


def refuse(chats: Chats, method: str, description: str, status: int = 400, **more: Any) -> None:
    chats.phone.fail(chats.token, method, status=status, description=description, **more)


@contextmanager
def unrecognised(*reasons: str) -> Iterator[None]:
    """Read refusals for these reasons as any other 400 or 403."""
    with patch("bot.errors.RULES", tuple(rule for rule in RULES if rule.reason not in reasons)):
        yield


@contextmanager
def every_refusal_taken_for_the_end() -> Iterator[None]:
    """Read every other 400 or 403 as "nothing reaches this person any more"."""
    rules = (replace(rule, kind="gone") if rule.kind == "failed" else rule for rule in RULES)
    with patch("bot.errors.RULES", tuple(rules)):
        yield


async def until_given_up(chats: Chats) -> None:
    """Let what waits be tried as often as it ever is."""
    for _ in range(ATTEMPTS):
        await chats.turn()
    assert chats.phone.pending(chats.token) == 0


@pytest.mark.case(29)
async def test_an_edit_that_changes_nothing_is_done_and_the_press_counts(chats: Chats, alice: Talker) -> None:
    await alice.says("/check")
    refuse(chats, "editMessageText", "Bad Request: message is not modified: specified new message content")

    await alice.taps("None of these")
    assert chats.phone.pending(chats.token) == 0
    before = len(alice.answers())
    await alice.taps_on(alice.answers()[-1], "None of these")

    assert "Question 1 of" in alice.reads()
    assert len(alice.answers()) == before


@pytest.mark.case(30)
async def test_a_press_that_is_answered_too_late_counts_all_the_same(chats: Chats, alice: Talker) -> None:
    await alice.says("/check")
    late = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    refuse(chats, "answerCallbackQuery", late)

    await alice.taps("None of these")

    assert "Question 1 of" in alice.reads()


@pytest.mark.case(31)
@pytest.mark.parametrize("why", ["message to edit not found", "message can't be edited"])
async def test_what_cannot_be_edited_any_more_is_said_anew(chats: Chats, alice: Talker, why: str) -> None:
    await alice.says("/check")
    before = len(alice.answers())
    refuse(chats, "editMessageText", f"Bad Request: {why}")

    await alice.taps("None of these")

    assert len(alice.answers()) == before + 1
    assert "Question 1 of" in alice.reads()


@pytest.mark.case(29)
@pytest.mark.case(31)
@pytest.mark.parametrize(
    ("why", "reason"),
    [
        ("message is not modified: specified new message content", "not modified"),
        ("message to edit not found", "message gone"),
    ],
)
async def test_control_without_knowing_these_refusals_a_press_that_counted_ends_in_an_apology(
    chats: Chats, alice: Talker, why: str, reason: str
) -> None:
    await alice.says("/check")
    refuse(chats, "editMessageText", f"Bad Request: {why}", times=ATTEMPTS)

    with unrecognised(reason):
        await alice.taps("None of these")
        waiting = chats.phone.pending(chats.token)
        await until_given_up(chats)

    assert waiting == 1
    assert alice.reads() == chats.library.phrases.plain("sorry.text")


@pytest.mark.case(32)
@pytest.mark.case(34)
@pytest.mark.parametrize(
    ("status", "why"), [(400, "Bad Request: chat not found"), (403, "Forbidden: user is deactivated")]
)
async def test_a_check_in_for_nobody_suspends_its_person_and_is_not_tried_again(
    chats: Chats, alice: Talker, status: int, why: str
) -> None:
    await set_up(alice)
    refuse(chats, "sendMessage", why, status)

    await alice.waits_for_what_is_due()

    stands = await kept(chats)
    assert stands.suspended_why
    assert not stands.next_due
    assert stands.state == "cancelled"
    sends = len(chats.phone.calls(chats.token, "sendMessage"))
    await alice.waits(days=A_MONTH)
    assert len(chats.phone.calls(chats.token, "sendMessage")) == sends


@pytest.mark.case(32)
@pytest.mark.case(34)
@pytest.mark.parametrize(
    ("status", "why"), [(400, "Bad Request: chat not found"), (403, "Forbidden: user is deactivated")]
)
async def test_control_without_knowing_that_nobody_is_there_more_is_sent_to_them(
    chats: Chats, alice: Talker, status: int, why: str
) -> None:
    await set_up(alice)
    refuse(chats, "sendMessage", why, status)

    with unrecognised("chat not found", "deactivated"):
        await alice.waits_for_what_is_due()
    sends = len(chats.phone.calls(chats.token, "sendMessage"))
    await alice.waits(days=A_MONTH)

    assert len(chats.phone.calls(chats.token, "sendMessage")) > sends


@pytest.mark.case(33)
@pytest.mark.case(35)
@pytest.mark.parametrize(("status", "why"), [(400, "Bad Request: quite new"), (403, "Forbidden: quite new")])
async def test_a_refusal_that_nobody_knows_fails_one_check_in_and_the_next_one_comes(
    chats: Chats, alice: Talker, status: int, why: str
) -> None:
    await set_up(alice)
    refuse(chats, "sendMessage", why, status)

    await alice.waits_for_what_is_due()

    stands = await kept(chats)
    assert stands.state == "failed"
    assert stands.suspended_why is None
    await alice.waits_for_what_is_due()
    assert "How is it since last time?" in alice.reads()


@pytest.mark.case(33)
@pytest.mark.case(35)
@pytest.mark.parametrize(("status", "why"), [(400, "Bad Request: quite new"), (403, "Forbidden: quite new")])
async def test_control_without_telling_refusals_apart_one_ends_all_check_ins(
    chats: Chats, alice: Talker, status: int, why: str
) -> None:
    await set_up(alice)
    refuse(chats, "sendMessage", why, status)

    with every_refusal_taken_for_the_end():
        await alice.waits_for_what_is_due()

    stands = await kept(chats)
    assert stands.suspended_why
    assert not stands.next_due


@pytest.mark.case(46)
async def test_an_answer_whose_markup_is_refused_is_sent_once_as_plain_text(chats: Chats, alice: Talker) -> None:
    await alice.says("/start")
    refuse(chats, "sendMessage", "Bad Request: can't parse entities: Unclosed start tag")

    await alice.says("what are these hard white bumps?")

    sent = chats.phone.calls(chats.token, "sendMessage")
    assert [("parse_mode" in call.parameters) for call in sent[-2:]] == [True, False]
    assert "Calcium deposits" in alice.reads()
    assert "<b>" not in alice.reads()


@pytest.mark.case(46)
async def test_control_without_plain_text_a_question_whose_answer_is_refused_is_never_answered(
    chats: Chats, alice: Talker
) -> None:
    await alice.says("/start")
    before = len(alice.answers())
    refused = "Bad Request: can't parse entities: Unclosed start tag"
    refuse(chats, "sendMessage", refused, times=2 * ATTEMPTS, when=lambda asked: "parse_mode" in asked)

    with unrecognised("markup refused"):
        await alice.says("what are these hard white bumps?")
        await until_given_up(chats)

    assert len(alice.answers()) == before


@pytest.mark.case(48)
def test_the_data_of_a_button_is_never_too_long_for_telegram() -> None:
    longest = pack("r", "x" * (MAX_DATA_BYTES - len(pack("r", ""))))

    assert len(longest.encode()) == MAX_DATA_BYTES
    with pytest.raises(ValueError, match="cannot be packed"):
        pack("r", "x" * MAX_DATA_BYTES)
    with pytest.raises(ValueError, match="cannot be packed"):
        pack("r", "ä" * (MAX_DATA_BYTES // 2))


def test_a_part_of_a_buttons_data_that_would_be_read_as_two_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be packed"):
        pack("r", "one:two")
