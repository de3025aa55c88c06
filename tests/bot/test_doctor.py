"""`calcibot doctor`: what is wrong, with what to do, and no secret."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.commands.doctor import Finding, _tables, examine
from bot.keys import KeyFile, beside
from bot.phone.server import Phone
from content.model import Library

TOKEN = "123456:" + "A" * 35


@pytest.fixture(autouse=True)
def read_already(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the content at once: to read it takes longer than all else here."""
    monkeypatch.setattr("bot.commands.doctor.load_library", lambda: library)


@pytest.fixture
def database(empty_database: Path, tmp_path: Path) -> Path:
    """Return an SQLite file with tables and its key file."""
    path = tmp_path / "data" / "calcibot.db"
    path.parent.mkdir()
    shutil.copy(empty_database, path)
    KeyFile(beside(path)).make()
    return path


def look(environ: dict[str, str]) -> dict[str, Finding]:
    """Return all that is found."""
    return {one.what: one for one in examine(environ)}


def bad(environ: dict[str, str]) -> dict[str, Finding]:
    """Return what is not in order."""
    return {what: one for what, one in look(environ).items() if one.advice}


def need_key(database: Path, name: str) -> None:
    """Let something stored need this key."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO used_keys (name, since) VALUES (?, 0)", (name,))


def test_a_bot_that_can_run_is_in_order(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Here the content is read as well.
    monkeypatch.undo()
    with Phone(tokens=[TOKEN]).in_thread() as phone:
        environ = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": phone.url,
            "DATABASE_URL": f"sqlite:///{database}",
        }

        found = list(examine(environ))

    assert [one.what for one in found if one.advice] == []
    assert [one.what for one in found] == [
        "Program",
        "Time zones",
        "Content",
        "Settings",
        "Token",
        "Updates",
        "Database",
        "Tables",
        "Keys",
    ]
    assert TOKEN not in str(found)


def test_a_refused_token_is_told(database: Path) -> None:
    with Phone(tokens=[]).in_thread() as phone:
        environ = {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": phone.url,
            "DATABASE_URL": f"sqlite:///{database}",
        }

        found = bad(environ)

    assert "BotFather" in found["Token"].advice


def test_a_wrong_setting_is_told_before_anything_is_tried() -> None:
    found = bad({"WEB_PORT": "canary", "TELEGRAM_BOT_TOKEN": TOKEN})

    assert set(found) == {"Settings"}
    assert found["Settings"].found == "WEB_PORT"
    assert "canary" not in str(found)


def test_a_key_file_that_is_gone_is_told_where_answers_need_it(database: Path) -> None:
    need_key(database, "0123456789ab")
    beside(database).unlink()

    found = bad({"DATABASE_URL": f"sqlite:///{database}"})

    assert "back" in found["Keys"].advice
    assert not beside(database).exists()


def test_a_key_that_answers_need_and_that_is_not_among_those_given_is_told_by_name(database: Path) -> None:
    need_key(database, "0123456789ab")

    found = bad({"DATABASE_URL": f"sqlite:///{database}"})

    assert "0123456789ab" in found["Keys"].found
    assert "back" in found["Keys"].advice


def test_where_no_answer_needs_a_key_yet_the_first_start_makes_one(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    keys = look({"DATABASE_URL": database_url})["Keys"]

    assert keys.found.startswith("none yet: the first start makes /")
    assert keys.advice == ""


def test_an_empty_database_needs_nothing_done(database: Path) -> None:
    database.write_bytes(b"")
    beside(database).unlink()

    found = look({"DATABASE_URL": f"sqlite:///{database}"})

    assert (found["Tables"].found, found["Tables"].advice) == ("none yet: the first start makes them", "")
    assert found["Keys"].advice == ""


def test_older_tables_wait_for_a_hand_where_replicas_share_them_and_for_the_next_start_where_not() -> None:
    shared, own = _tables("0000", "0001", is_embedded=False), _tables("0000", "0001", is_embedded=True)

    assert shared.advice == "calcibot db upgrade"
    assert (own.found, own.advice) == ("at 0000: the next start brings them to 0001", "")


def test_looking_makes_no_file(tmp_path: Path) -> None:
    list(examine({"DATABASE_URL": f"sqlite:///{tmp_path}/data/new.db"}))

    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_not_there_is_told() -> None:
    found = bad({"DATABASE_URL": "postgresql://nobody:canary@127.0.0.1:1/none", "CALCIBOT_KEYS": ""})

    assert "DATABASE_URL" in found["Database"].advice
    assert "canary" not in str(found)
