"""Keys change while the bot runs, are read from a setting, and a lost one is named. On SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest

from scheduler.db import keys, people
from scheduler.db.crypto import KeysError, Vault, new_key, parse_keys
from scheduler.db.engine import Database
from tests.clock import StillClock
from tests.keys import KEY, OTHER_KEY, new_vault
from tests.scheduler.builders import opened
from tests.scheduler.sealed import fill, raw_tokens, read_all


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
        assert len(await raw_tokens(with_new_only)) == 50 * 10
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
    assert lost.total() == 10
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
