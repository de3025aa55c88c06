"""What people say is encrypted where it is stored. On SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from scheduler.db import keys, people
from scheduler.db.crypto import CannotOpen, KeysError
from scheduler.db.engine import Database
from scheduler.db.models import CheckIn
from tests.clock import START, StillClock
from tests.scheduler.builders import Post, deliver_all, opened
from tests.scheduler.sealed import CANARY, fill, raw_tokens, read_all


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with opened(database_url) as database:
        yield database


@pytest.fixture
def file(empty_database: Path, tmp_path: Path) -> Path:
    """Return an SQLite file with all tables, for what only concerns files."""
    path = tmp_path / "bot.db"
    path.write_bytes(empty_database.read_bytes())
    return path


def stored(file: Path) -> bytes:
    """Return every byte of a database: the file, its log, and whatever else lies beside it."""
    return b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))


async def test_every_encrypted_value_comes_back_as_it_was_put_in(database: Database) -> None:
    await fill(database)

    data = await read_all(database)

    assert data["people"][0]["asking"] == {"kind": "plan", "note": CANARY}
    assert data["plans"][0]["about"] == CANARY
    assert (data["check_ins"][0]["answer"], data["check_ins"][0]["details"]) == (CANARY, {"note": CANARY})
    run = data["runs"][0]
    assert (run["flag"], run["answers"], run["emergency_sign"], run["outcome"], run["note"]) == (
        CANARY, {"pain": CANARY}, CANARY, CANARY, CANARY,
    )  # fmt: skip


async def test_a_changed_value_is_stored_and_none_takes_it_away(database: Database) -> None:
    await fill(database)

    async with database.write() as session:
        person = await people.find(session, 7, lock=True)
        assert person is not None
        people.ask(person, {"kind": "zone", "typed": "half of a character: \ud83d"})
    assert (await read_all(database))["people"][0]["asking"]["typed"] == "half of a character: \ud83d"
    async with database.write() as session:
        person = await people.find(session, 7, lock=True)
        assert person is not None
        people.ask(person, None)

    assert (await read_all(database))["people"][0]["asking"] is None


async def test_all_that_was_listed_for_encryption_is_encrypted(database: Database) -> None:
    await fill(database)

    tokens = await raw_tokens(database)

    assert {f"{model.__tablename__}{column.key}" for model, column in keys.columns()} == {
        "people_asking", "people_applied_to", "plans_about", "check_ins_answer", "check_ins_details",
        "runs_flag", "runs_answers", "runs_emergency_sign", "runs_outcome", "runs_note",
    }  # fmt: skip
    assert len(tokens) == 10
    assert all(token.startswith("gAAAA") for token in tokens)


@pytest.mark.case(110)
async def test_no_byte_of_an_answer_stands_in_the_file_or_its_log(file: Path) -> None:
    async with opened(f"sqlite:///{file}") as database:
        await fill(database)

        held = stored(file)

    assert b"gAAAA" in held
    assert b"run7" in held, "the search finds what is not encrypted"
    assert CANARY.encode() not in held


@pytest.mark.case(110)
async def test_nothing_of_a_deleted_person_stays_in_the_file_or_its_log(file: Path) -> None:
    async with opened(f"sqlite:///{file}") as database:
        await fill(database)
        assert await database.wipe()

        async with database.write() as session:
            await people.forget(session, 7)
        before = stored(file)
        assert await database.wipe()
        after = stored(file)

    assert b"run7" in before, "control: without the wipe older pages stay"
    assert b"run7" not in after
    assert b"gAAAA" not in after


async def test_a_value_moved_to_another_person_or_field_does_not_open(database: Database) -> None:
    await fill(database, 7, "Alice's")
    await fill(database, 8, "Bob's")
    for chat_id in (7, 8):
        await read_all(database, chat_id)

    async with database.write() as session:
        alice = await session.scalar(text("SELECT outcome FROM runs WHERE public_id = 'run7'"))
        await session.execute(text("UPDATE runs SET outcome = :token WHERE public_id = 'run8'"), {"token": alice})
        await session.execute(text("UPDATE runs SET flag = :token WHERE public_id = 'run7'"), {"token": alice})

    for chat_id in (7, 8):
        with pytest.raises(CannotOpen):
            await read_all(database, chat_id)


async def test_a_value_that_cannot_be_opened_stops_no_delivery(database: Database, clock: StillClock) -> None:
    person_id = await fill(database)
    async with database.write() as session:
        await session.execute(text("UPDATE plans SET about = 'x'"))
        await session.execute(text("UPDATE check_ins SET answer = 'x'"))
        plan_id = await session.scalar(text("SELECT id FROM plans"))
        session.add(
            CheckIn(
                plan_id=plan_id, person_id=person_id, nominal="2026-11-22T10:00", zone="UTC", due_at=START,
                expires_at=START + timedelta(hours=1), state="waiting", wake_at=START,
            )
        )  # fmt: skip
    post = Post()

    await deliver_all(database, post, clock)

    assert [(due.about, due.last) for due in post.sent] == [(None, None)]


async def test_a_database_without_keys_refuses_to_keep_an_answer(database_url: str) -> None:
    database = Database(database_url)
    try:
        with pytest.raises(KeysError):
            await fill(database)
    finally:
        await database.close()


async def test_a_row_number_is_never_given_out_again(file: Path) -> None:
    async with opened(f"sqlite:///{file}") as database:
        first = await fill(database)
        async with database.write() as session:
            await people.forget(session, 7)

        second = await fill(database)

    assert second > first
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM people").fetchone() == (1,)
