"""`calcibot doctor`: what is wrong, with what to do, and no secret."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.commands.doctor import Finding, examine
from bot.keys import KeyFile, beside
from bot.phone.server import Phone

TOKEN = "123456:" + "A" * 35


@pytest.fixture
def database(empty_database: Path, tmp_path: Path) -> Path:
    """Return an SQLite file with tables and its key file."""
    path = tmp_path / "data" / "calcibot.db"
    path.parent.mkdir()
    shutil.copy(empty_database, path)
    KeyFile(beside(path)).make()
    return path


def bad(environ: dict[str, str]) -> dict[str, Finding]:
    """Return what is not in order."""
    return {one.what: one for one in examine(environ) if one.advice}


def test_a_bot_that_can_run_is_in_order(database: Path) -> None:
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


def test_a_key_file_that_is_gone_is_told(database: Path) -> None:
    beside(database).unlink()

    found = bad({"DATABASE_URL": f"sqlite:///{database}"})

    assert "back" in found["Keys"].advice
    assert not beside(database).exists()


def test_a_database_without_tables_is_told(database: Path) -> None:
    database.write_bytes(b"")

    assert bad({"DATABASE_URL": f"sqlite:///{database}"})["Tables"].advice == "calcibot db upgrade"


def test_looking_makes_no_file(tmp_path: Path) -> None:
    list(examine({"DATABASE_URL": f"sqlite:///{tmp_path}/data/new.db"}))

    assert list(tmp_path.iterdir()) == []


def test_a_database_that_is_not_there_is_told() -> None:
    found = bad({"DATABASE_URL": "postgresql://nobody:canary@127.0.0.1:1/none", "CALCIBOT_KEYS": ""})

    assert "DATABASE_URL" in found["Database"].advice
    assert "canary" not in str(found)
