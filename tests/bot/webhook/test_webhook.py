"""Updates that Telegram posts: each is answered 200 when it is done, and not before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from bot.polling import Deaf
from scheduler.db.engine import Database
from scheduler.db.models import Lease, SeenUpdate
from tests.bot.replicas import SECRET, Replica, message, replica, until
from tests.bot.webhook.posts import SLOW, answers
from tests.chat import Chats, Talker


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
