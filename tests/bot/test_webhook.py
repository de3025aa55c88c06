"""Updates that Telegram posts: each is answered 200 when it is done, and not before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot import webhook
from bot.intake import Intake, RawUpdate
from bot.phone.server import Phone
from bot.polling import Deaf
from scheduler.db.engine import Database
from scheduler.db.models import Lease, SeenUpdate
from tests.bot.replicas import SECRET, Replica, message, replica, until
from tests.chat import Chats, Talker
from tests.clock import StillClock

SLOW = 0.3


@pytest.fixture(autouse=True)
def _timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    # python-telegram-bot warns about its old way of giving durations.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def phone(clock: StillClock) -> AsyncIterator[Phone]:
    """Return a Telegram that repeats a refused call soon."""
    async with Phone(clock=clock, webhook_repeats=(0.0, 0.05)) as running:
        yield running


@pytest.fixture
async def one(chats: Chats, alice: Talker, bob: Talker) -> AsyncIterator[Replica]:
    """Return a running program that Alice and Bob have written to before."""
    await alice.says("/help")
    await bob.says("/help")
    async with replica(chats) as running:
        yield running


@pytest.fixture
async def two(chats: Chats, one: Replica) -> AsyncIterator[tuple[Replica, Replica]]:
    """Return two replicas on one database; where the database is SQLite they are the same."""
    async with AsyncExitStack() as stack:
        other = one if one.program.database.is_sqlite else await stack.enter_async_context(replica(chats))
        yield one, other


def answers(chats: Chats, person: Talker) -> list[str]:
    """Return what was sent to this person, in the order it was answered."""
    return [
        str(call.parameters["text"])
        for call in chats.phone.calls(chats.token, "sendMessage")
        if str(call.parameters["chat_id"]) == str(person.phone.id) and call.status == 200
    ]


async def test_an_update_from_telegram_is_answered(chats: Chats, one: Replica, alice: Talker) -> None:
    before = len(alice.answers())

    alice.phone.writes("/start")
    await chats.phone.until(chats.token, lambda: chats.phone.pending(chats.token) == 0)

    assert len(alice.answers()) == before + 1
    assert one.counted("updates_total", kind="message", result="done") == 1
    assert one.counted("webhook_ours") == 1


@pytest.mark.case(18)
async def test_an_update_is_marked_as_done_before_telegram_is_told_so(
    chats: Chats, one: Replica, alice: Talker
) -> None:
    update = message(alice, "/help")
    before = len(answers(chats, alice))

    status = await one.post(update)

    async with one.program.database.read() as session:
        row = await session.scalar(select(SeenUpdate).where(SeenUpdate.update_id == update["update_id"]))
        assert status == 200
        assert row is not None
        assert row.done
        assert (await session.scalars(select(Lease.name).where(Lease.name.startswith("chat:")))).all() == []
    # The 200 got lost: Telegram repeats.
    assert await one.post(update) == 200
    assert len(answers(chats, alice)) == before + 1


@pytest.mark.case(18)
async def test_an_update_that_a_stopped_program_could_not_end_comes_again(chats: Chats, alice: Talker) -> None:
    await alice.says("/help")
    before = len(alice.answers())
    async with replica(chats) as dying:
        lost = chats.phone.fail(chats.token, "sendMessage", delay=SLOW, times=1, drop=True)
        alice.phone.writes("/start")
        await until(lambda: lost.happened)
        await dying.program.web.server.stop(0)  # type: ignore[union-attr]
    chats.phone.heal(chats.token)

    async with replica(chats):
        await chats.phone.until(chats.token, lambda: chats.phone.pending(chats.token) == 0)

    assert len(alice.answers()) == before + 1


@pytest.mark.case(19)
@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x", "x" * 10_000, "gehéim"])
async def test_without_the_secret_nobody_is_heard(
    chats: Chats, one: Replica, alice: Talker, secret: str | None
) -> None:
    before = len(answers(chats, alice))

    with capture_logs() as logs:
        status = await one.post(message(alice, "/help"), secret)

    assert status == 403
    assert len(answers(chats, alice)) == before
    assert one.counted("webhook_refused_total", why="secret") == 1
    assert logs == []


@pytest.mark.case(20)
async def test_the_content_type_may_name_its_characters(one: Replica, alice: Talker) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}

    assert await one.post(message(alice, "/help"), **headers) == 200


@pytest.mark.case(21)
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"hello", 400),
        (b"\xff\xfe", 400),
        (b'{"update_id": 1', 400),
        (b"[]", 400),
        (b"null", 400),
        (b"{}", 400),
        (b'{"update_id": NaN}', 400),
        (b'{"update_id": true}', 400),
        (b'{"update_id": -1}', 400),
        (b'{"update_id": 99999999999999999999}', 400),
        (b'{"update_id": ' + b"9" * 5000 + b"}", 400),
        (b'{"update_id": 1, "message": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", 400),
        # Well-formed: the last one counts, what is unknown is nobody's, and what cannot be read is set aside.
        (b'{"update_id": 1, "update_id": 2}', 200),
        (b'{"update_id": 3, "what_comes_next": {"id": 5}}', 200),
        (b'{"update_id": 4, "message": {"chat": {"id": {"deep": []}}}}', 200),
        (b'{"update_id": 5, "message": "text"}', 200),
        (b'{"update_id": 6, "message": ' + b"[" * 500 + b"]" * 500 + b"}", 200),
    ],
    ids=lambda value: value[:24].decode(errors="replace") if isinstance(value, bytes) else str(value),
)
async def test_what_is_no_update_is_refused_by_rule(one: Replica, body: bytes, status: int) -> None:
    # A deep value takes long to print, as the logs of a test do; the program's own logs never show a value.
    with capture_logs():
        got = await one.post(body)

    assert got == status
    async with one.program.database.read() as session:
        undone = (await session.scalars(select(SeenUpdate.update_id).where(SeenUpdate.done.is_(False)))).all()
    assert undone == []


async def both_at_once(chats: Chats, two: tuple[Replica, Replica], alice: Talker) -> tuple[set[int], int]:
    """Post one update to both replicas at the same moment. Return the statuses, and how often it was answered."""
    update, before = message(alice, "/help"), len(answers(chats, alice))
    chats.phone.fail(chats.token, "sendMessage", status=200, delay=SLOW, times=-1)
    statuses = await asyncio.gather(*(each.post(update) for each in two))
    return set(statuses), len(answers(chats, alice)) - before


@pytest.mark.case(23)
async def test_an_update_on_two_replicas_at_once_is_answered_once(
    chats: Chats, two: tuple[Replica, Replica], alice: Talker
) -> None:
    statuses, answered = await both_at_once(chats, two, alice)

    assert statuses == {200}
    assert answered == 1


async def _without_a_turn(self: Intake, raw: RawUpdate) -> bool:
    return await self.handle([raw])


@pytest.mark.case(23)
async def test_without_a_lease_on_the_chat_it_would_be_answered_twice(
    chats: Chats, two: tuple[Replica, Replica], alice: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Intake, "handle_alone", _without_a_turn)

    _, answered = await both_at_once(chats, two, alice)

    assert answered == 2


async def slow_then_quick(chats: Chats, two: tuple[Replica, Replica], first: Talker, then: Talker) -> list[int]:
    """Let one update be under way on one replica when another comes to the other. Return chat ids as answered."""
    delay = chats.phone.fail(chats.token, "sendMessage", status=200, delay=SLOW, times=1)
    ended: list[int] = []

    async def post(each: Replica, person: Talker, command: str, number: int) -> None:
        assert await each.post(message(person, command, number)) == 200
        ended.append(number)

    slow = asyncio.create_task(post(two[0], first, "/help", 500))
    await until(lambda: delay.happened)
    await asyncio.gather(slow, post(two[1], then, "/privacy", 501))
    return ended


@pytest.mark.case(24)
async def test_two_updates_of_one_person_are_handled_in_their_order(
    chats: Chats, two: tuple[Replica, Replica], alice: Talker
) -> None:
    assert await slow_then_quick(chats, two, alice, alice) == [500, 501]


@pytest.mark.case(24)
async def test_different_people_do_not_wait_for_each_other(
    chats: Chats, two: tuple[Replica, Replica], alice: Talker, bob: Talker
) -> None:
    assert await slow_then_quick(chats, two, alice, bob) == [501, 500]


@pytest.mark.case(24)
async def test_without_a_lease_on_the_chat_the_order_would_be_lost(
    chats: Chats, two: tuple[Replica, Replica], alice: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Intake, "handle_alone", _without_a_turn)

    assert await slow_then_quick(chats, two, alice, alice) == [501, 500]


@asynccontextmanager
async def _no_database(_self: Database) -> AsyncIterator[None]:
    raise OperationalError("BEGIN", {}, Exception("the database is down"))
    yield


@pytest.mark.case(25)
async def test_without_a_database_telegram_keeps_the_update(chats: Chats, one: Replica, alice: Talker) -> None:
    update, before = message(alice, "/help"), len(answers(chats, alice))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "write", _no_database)
        down = await one.post(update)
    answered_meanwhile = len(answers(chats, alice)) - before

    assert (down, answered_meanwhile) == (503, 0)
    assert await one.post(update) == 200
    assert len(answers(chats, alice)) == before + 1


@pytest.mark.case(101)
async def test_without_a_database_an_emergency_is_answered_once(chats: Chats, one: Replica, alice: Talker) -> None:
    update, before = message(alice, "my lips are swelling and i can't breathe"), len(answers(chats, alice))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "write", _no_database)
        statuses = [await one.post(update) for _ in range(3)]

    assert statuses == [503, 503, 503]
    assert len(answers(chats, alice)) == before + 1


async def test_an_update_that_always_fails_is_set_aside_after_three_tries(
    chats: Chats, one: Replica, alice: Talker, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = message(alice, "/help")
    chats.phone.fail(chats.token, "sendMessage", status=500, times=3)

    with capture_logs():
        statuses = [await one.post(update) for _ in range(4)]

    assert statuses == [503, 503, 200, 200]


async def test_a_refused_token_ends_the_program(chats: Chats, one: Replica, alice: Talker) -> None:
    chats.phone.fail(chats.token, "sendMessage", status=401)

    status = await one.post(message(alice, "/help"))

    assert status == 503
    with pytest.raises(Deaf) as deaf:
        await one.running
    assert deaf.value.exit_code == 78


@pytest.mark.case(28)
async def test_a_webhook_that_somebody_else_took_raises_the_alarm(chats: Chats, one: Replica) -> None:
    registration = one.program.web.registration  # type: ignore[union-attr]
    assert registration is not None
    await one.program.application.bot.set_webhook("https://example.org/stolen")

    with capture_logs() as logs:
        await registration.check()

    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "ALARM: Telegram calls another address than WEBHOOK_URL; was the token stolen?"
    ]
    assert one.counted("webhook_ours") == 0
    assert webhook.CHECK_SECONDS <= 300


@pytest.mark.case(28)
async def test_a_webhook_that_was_removed_is_registered_again(chats: Chats, one: Replica, alice: Talker) -> None:
    registration = one.program.web.registration  # type: ignore[union-attr]
    assert registration is not None
    await one.program.application.bot.delete_webhook()
    before = len(alice.answers())
    alice.phone.writes("/help")

    await registration.check()
    await chats.phone.until(chats.token, lambda: chats.phone.pending(chats.token) == 0)

    assert len(alice.answers()) == before + 1


async def test_a_bot_that_polls_takes_a_webhook_away(chats: Chats, one: Replica, alice: Talker) -> None:
    await one.stop()
    before = len(alice.answers())

    async with replica(chats, polls=True):
        alice.phone.writes("/help")
        await until(lambda: len(alice.answers()) > before)

    assert chats.phone.calls(chats.token, "deleteWebhook")
