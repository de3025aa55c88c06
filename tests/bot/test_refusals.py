"""What Telegram refuses is borne as it was meant: nothing is lost, nobody is asked twice, nothing is tried for ever."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from bot.views.screen import MAX_DATA_BYTES, pack
from scheduler.db.models import CheckIn, Person, Plan
from tests.bot.test_check_in_conversation import set_up
from tests.chat import Chats, Talker
from tests.scheduler.builders import opened


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


def refuse(chats: Chats, method: str, description: str, status: int = 400) -> None:
    chats.phone.fail(chats.token, method, status=status, description=description)


@pytest.mark.case(29)
async def test_an_edit_that_changes_nothing_is_done_and_the_press_counts(chats: Chats, alice: Talker) -> None:
    await alice.says("/check")
    refuse(chats, "editMessageText", "Bad Request: message is not modified: specified new message content")

    await alice.taps("None of these")
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
    await alice.waits(days=40)
    assert len(chats.phone.calls(chats.token, "sendMessage")) == sends


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


@pytest.mark.case(46)
async def test_an_answer_whose_markup_is_refused_is_sent_once_as_plain_text(chats: Chats, alice: Talker) -> None:
    await alice.says("/start")
    refuse(chats, "sendMessage", "Bad Request: can't parse entities: Unclosed start tag")

    await alice.says("what are these hard white bumps?")

    sent = chats.phone.calls(chats.token, "sendMessage")
    assert [("parse_mode" in call.parameters) for call in sent[-2:]] == [True, False]
    assert "Calcium deposits" in alice.reads()
    assert "<b>" not in alice.reads()


@pytest.mark.case(48)
def test_the_data_of_a_button_is_never_too_long_for_telegram() -> None:
    longest = pack("r", "x" * (MAX_DATA_BYTES - len(pack("r", ""))))

    assert len(longest.encode()) == MAX_DATA_BYTES
    with pytest.raises(ValueError, match="cannot be packed"):
        pack("r", "x" * MAX_DATA_BYTES)
    with pytest.raises(ValueError, match="cannot be packed"):
        pack("r", "ä" * (MAX_DATA_BYTES // 2))
