"""A backup that is made in the middle of a delivery and put back after it sends nothing a second time."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url
from typer.testing import CliRunner

from bot.__main__ import app
from scheduler.db.backup import BackupError, restore, save
from tests.faults.checker import copies, unfinished
from tests.faults.crowd import Due, gather
from tests.faults.harness import Scene, answers, eventually, tell
from tests.keys import KEY, new_vault
from tests.scheduler.builders import opened

DUE = 100

# Slow enough to make the backup in the middle of it.
PER_SECOND = 80

# So that what was claimed when the backup was made is free soon after.
LEASE = timedelta(seconds=1)


@pytest.mark.case(70)
async def test_nothing_that_was_sent_after_the_backup_is_sent_again_after_it_is_put_back(small_scene: Scene) -> None:
    due, backup = await _delivered_with_a_backup_in_the_middle(small_scene)
    elsewhere = small_scene.folder / "elsewhere" / "calcibot.db"

    now = datetime.now(UTC)
    await asyncio.to_thread(restore, backup, elsewhere, new_vault(), now, now)
    await _go_on(small_scene, elsewhere)

    assert _counts(small_scene) == {(one.plan, one.nominal): 1 for one in due}


async def test_control_a_copy_that_is_only_put_in_place_sends_again_what_was_sent_after_it(small_scene: Scene) -> None:
    _, backup = await _delivered_with_a_backup_in_the_middle(small_scene)
    elsewhere = small_scene.folder / "elsewhere" / "calcibot.db"

    elsewhere.parent.mkdir()
    shutil.copy(backup, elsewhere)
    await _go_on(small_scene, elsewhere)

    again = sum(times > 1 for times in _counts(small_scene).values())
    tell(f"{again} of {DUE} again")
    assert 0 < again < DUE


async def test_nothing_is_put_back_under_a_running_bot(small_scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    path, backup = Path(make_url(small_scene.database_url).database or ""), small_scene.folder / "backup.db"
    await asyncio.to_thread(save, path, backup)
    monkeypatch.setenv("DATABASE_URL", small_scene.database_url)
    monkeypatch.setenv("CALCIBOT_KEYS", KEY)
    bot = await small_scene.fork_command()

    refused = await asyncio.to_thread(CliRunner().invoke, app, ["restore", str(backup), "--yes"])
    bot.signal(signal.SIGTERM)
    assert await bot.ended() == 0
    accepted = await asyncio.to_thread(CliRunner().invoke, app, ["restore", str(backup), "--yes"])

    assert isinstance(refused.exception, BackupError)
    assert "stop the bot first" in str(refused.exception)
    assert accepted.exit_code == 0, accepted.output


async def _delivered_with_a_backup_in_the_middle(scene: Scene) -> tuple[Sequence[Due], Path]:
    due = await gather(scene, DUE)
    path, backup = make_url(scene.database_url).database, scene.folder / "backup.db"
    assert path is not None
    bot = await scene.start(per_second=PER_SECOND, lease=LEASE)
    await scene.until(lambda: scene.count("sendMessage") >= DUE // 4)
    await asyncio.to_thread(save, Path(path), backup)
    assert scene.count("sendMessage") < DUE, "too late for this test"
    await eventually(lambda: _is_over(scene), "the end of every delivery")
    await bot.kill()
    return due, backup


async def _go_on(scene: Scene, path: Path) -> None:
    """Run the bot on another file until nothing is due there and it has answered somebody."""
    url, late = f"sqlite:///{path}", scene.person("Late")
    async with opened(url) as database:
        there = replace(scene, database_url=url, database=database)
        bot = await there.start()
        late.writes("/help")
        await there.until(lambda: answers(late) == 1)
        await eventually(lambda: _is_over(there), "nothing due")
        await bot.kill()


def _counts(scene: Scene) -> dict[tuple[str, str], int]:
    return {key: len(times) for key, times in copies(scene).items()}


async def _is_over(scene: Scene) -> bool:
    return not await unfinished(scene)
