"""Share a database in use and a backup of it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot import __main__ as program
from scheduler.db import backup
from tests.bot.backup.files import add
from tests.keys import KEY


@pytest.fixture
def file(empty_database: Path, tmp_path: Path) -> Path:
    """Return an SQLite database in use, with one person."""
    path = tmp_path / "data" / "bot.db"
    path.parent.mkdir()
    shutil.copy(empty_database, path)
    asyncio.run(add(path, 7))
    return path


@pytest.fixture
def calcibot(file: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return the command line, with this database in its environment."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    monkeypatch.setenv("CALCIBOT_KEYS", KEY)
    return lambda *words: CliRunner().invoke(program.app, [str(word) for word in words])


@pytest.fixture
def copy(file: Path, tmp_path: Path) -> Path:
    """Return a backup of that database."""
    path = tmp_path / "copy.db"
    backup.save(file, path)
    return path
