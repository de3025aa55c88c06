"""Share the scene of the fault tests."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.phone.server import Phone
from tests.faults.harness import Scene
from tests.scheduler.builders import opened


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """Return a scene on each of the two databases, with the real clock."""
    async with _scene(database_url, tmp_path) as scene:
        yield scene


@pytest.fixture
async def small_scene(empty_database: Path, tmp_path: Path) -> AsyncIterator[Scene]:
    """Return a scene on SQLite alone, for what has nothing to do with the database."""
    path = tmp_path / "calcibot.db"
    shutil.copy(empty_database, path)
    async with _scene(f"sqlite:///{path}", tmp_path) as scene:
        yield scene


@asynccontextmanager
async def _scene(database_url: str, folder: Path) -> AsyncIterator[Scene]:
    async with Phone() as phone, opened(database_url, as_shipped=True) as database:
        scene = Scene(phone, database_url, database, folder)
        try:
            yield scene
        finally:
            await scene.close()
