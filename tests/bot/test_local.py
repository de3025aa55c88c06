"""The bot with a Telegram of its own, on one folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from bot import local
from bot.settings import SettingsError
from content.model import Library


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()]


async def test_a_second_one_on_the_same_folder_refuses_in_one_sentence_and_writes_nothing(
    library: Library, tmp_path: Path
) -> None:
    with FileLock(tmp_path / "lock"), pytest.raises(SettingsError, match="runs here already"):
        await local.chat(library, tmp_path, 25, print, print)

    assert names(tmp_path) == ["lock"]
