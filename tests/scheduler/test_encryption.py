"""What people say is encrypted where it is stored, with keys that can be changed. On SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from scheduler.db import keys, people
from scheduler.db.crypto import CannotOpen, KeysError, Vault, new_key, parse_keys
from scheduler.db.engine import Database
from scheduler.db.models import CheckIn, Plan, Run
from tests.clock import START, StillClock
from tests.keys import KEY, OTHER_KEY, new_vault
from tests.scheduler.builders import Post, deliver_all, opened

CANARY = "canary-4711 it weeps"


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


async def fill(database: Database, chat_id: int = 7, words: str = CANARY) -> int:
    """Add a person of whom everything that is encrypted is set, and return their row number."""
    async with database.write() as session:
        person = await people.ensure(session, chat_id, START)
        people.ask(person, {"kind": "plan", "note": words})
        people.apply_once(person, 1, {"kind": "plan", "note": words})
        plan = Plan(
            public_id=f"plan{chat_id}", person_id=person.id, kind="visit", about=words, created_at=START, unit="once",
            interval=1, at="09:00", anchor=START.date(), zone="UTC", weekdays="", unanswered=0, missed=0,
        )  # fmt: skip
        session.add(plan)
        await session.flush()
        session.add(
            CheckIn(
                plan_id=plan.id, person_id=person.id, nominal="2026-11-22T09:00", zone="UTC", due_at=START,
                expires_at=START, state="sent", answered_at=START, answer=words, details={"note": words},
            )
        )  # fmt: skip
        session.add(
            Run(
                public_id=f"run{chat_id}", person_id=person.id, checklist_version=1, started_at=START, flag=words,
                answers={"pain": words}, emergency_sign=words, outcome=words,
            )
        )  # fmt: skip
        return person.id


async def read_all(database: Database, chat_id: int = 7) -> dict[str, Any]:
    async with database.read() as session:
        data = await people.everything(session, chat_id)
        assert data is not None
        return data


async def raw_tokens(database: Database) -> list[str]:
    """Return what stands in every encrypted column, without the models."""
    async with database.read() as session:
        found = []
        for model, column in keys.columns():
            name = column.key.removeprefix("_")
            found += list(await session.scalars(text(f"SELECT {name} FROM {model.__tablename__}")))
        return [token for token in found if token is not None]


async def test_every_encrypted_value_comes_back_as_it_was_put_in(database: Database) -> None:
    await fill(database)

    data = await read_all(database)

    assert data["people"][0]["asking"] == {"kind": "plan", "note": CANARY}
    assert data["plans"][0]["about"] == CANARY
    assert (data["check_ins"][0]["answer"], data["check_ins"][0]["details"]) == (CANARY, {"note": CANARY})
    run = data["runs"][0]
    assert (run["flag"], run["answers"], run["emergency_sign"], run["outcome"]) == (
        CANARY, {"pain": CANARY}, CANARY, CANARY,
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
        "runs_flag", "runs_answers", "runs_emergency_sign", "runs_outcome",
    }  # fmt: skip
    assert len(tokens) == 9
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


@pytest.mark.case(111)
async def test_everything_is_sealed_anew_while_others_write(database_url: str, clock: StillClock) -> None:
    async with opened(database_url) as database:
        for chat_id in range(100, 130):
            await fill(database, chat_id)
    rotating, running = (Database(database_url, new_vault(OTHER_KEY, KEY)) for _ in range(2))
    try:

        async def talk() -> None:
            for turn in range(20):
                for chat_id in (100, 129):
                    async with running.write() as session:
                        person = await people.find(session, chat_id, lock=True)
                        assert person is not None
                        people.ask(person, {"turn": turn})
                await fill(running, 200 + turn)

        _, count = await asyncio.gather(talk(), keys.rotate(rotating, clock()))
    finally:
        await rotating.close()
        await running.close()

    assert count >= 30 * 8 - 2
    with_new_only = Database(database_url, new_vault(OTHER_KEY))
    try:
        assert len(await raw_tokens(with_new_only)) == 50 * 9
        assert not await keys.count_unreadable(with_new_only)
        assert (await read_all(with_new_only, 129))["people"][0]["asking"] == {"turn": 19}
    finally:
        await with_new_only.close()


@pytest.mark.case(111)
async def test_a_lost_key_is_named_and_giving_it_up_lets_the_bot_start(database_url: str, clock: StillClock) -> None:
    async with opened(database_url) as database:
        await keys.rotate(database, clock())
        await fill(database)
    database = Database(database_url, new_vault(OTHER_KEY))
    try:
        async with database.write() as session:
            with pytest.raises(keys.MissingKeysError, match=new_vault().names[0]):
                await keys.check(session, new_vault(OTHER_KEY), clock())
        lost = await keys.count_unreadable(database)

        await keys.give_up(database, clock())

        async with database.write() as session:
            await keys.check(session, new_vault(OTHER_KEY), clock())
        data = await read_all(database)
    finally:
        await database.close()
    assert lost.total() == 9
    assert lost["runs.answers"] == 1
    assert data["runs"] == []
    assert data["check_ins"][0]["answer"] is None


async def test_old_keys_are_needed_until_they_are_retired(database_url: str, clock: StillClock) -> None:
    async with opened(database_url) as database:
        await keys.rotate(database, clock())
        await fill(database)
    both, new_only = new_vault(OTHER_KEY, KEY), new_vault(OTHER_KEY)
    database = Database(database_url, both)
    try:
        await keys.rotate(database, clock())
        async with database.write() as session:
            with pytest.raises(keys.MissingKeysError):
                await keys.check(session, new_only, clock())

        await keys.retire(database, clock())

        async with database.write() as session:
            await keys.check(session, new_only, clock())
    finally:
        await database.close()


def test_a_vault_takes_up_keys_that_were_changed_meanwhile() -> None:
    news: list[tuple[str, ...] | None] = [None, (OTHER_KEY, KEY), None, None]
    vault = Vault([KEY], lambda: news.pop(0))
    old = vault.seal("a", "runs.outcome", 1)

    new = vault.seal("a", "runs.outcome", 1)

    assert vault.open(old, "runs.outcome", 1) == "a"
    assert new_vault(OTHER_KEY).open(new, "runs.outcome", 1) == "a"


@pytest.mark.parametrize("bad", [[], ["short"], [KEY, "x" * 44], ["ü" * 44]])
def test_bad_keys_are_refused_in_words_that_do_not_repeat_them(bad: list[str]) -> None:
    with pytest.raises(KeysError) as error:
        Vault(bad)

    assert not any(key in str(error.value) for key in bad)


def test_keys_are_read_from_commas_and_lines_without_comments() -> None:
    assert parse_keys(f"# the newest first\n{KEY}\n\n{OTHER_KEY} # old\n") == (KEY, OTHER_KEY)
    assert parse_keys(f"{KEY},{OTHER_KEY}, {KEY}") == (KEY, OTHER_KEY)
    assert len(set(map(len, (new_key(), KEY)))) == 1


async def test_a_row_number_is_never_given_out_again(file: Path) -> None:
    async with opened(f"sqlite:///{file}") as database:
        first = await fill(database)
        async with database.write() as session:
            await people.forget(session, 7)

        second = await fill(database)

    assert second > first
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM people").fetchone() == (1,)
