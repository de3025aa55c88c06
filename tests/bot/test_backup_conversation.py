"""A person who never hears of it: their database is put back from a backup, and the check-in in their chat works on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from scheduler.db import backup
from scheduler.db.engine import with_driver
from tests.bot.test_check_in_conversation import set_up
from tests.chat import Talker

A_WEEK = 7


@pytest.mark.case(70)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_check_in_of_after_the_backup_comes_once_and_can_be_answered(alice: Talker, tmp_path: Path) -> None:
    chats, copy = alice.chats, tmp_path / "copy.db"
    file = Path(with_driver(chats.database_url).database or "")
    await set_up(alice, "every sunday at 7pm")
    await asyncio.to_thread(backup.save, file, copy)
    await alice.waits(days=A_WEEK, hours=9)
    asked = _check_ins(alice)

    # The bot is stopped for it.
    await chats.close()
    await asyncio.to_thread(backup.restore, copy, file, chats.vault, chats.clock(), chats.clock())
    await alice.waits(hours=1)
    again = _check_ins(alice)
    await alice.taps("Nothing new")

    assert (asked, again) == (1, 1)
    assert "Noted: nothing new." in alice.reads()
    await alice.waits(days=A_WEEK)
    assert _check_ins(alice) == asked + 1


def _check_ins(talker: Talker) -> int:
    """Count what was sent: an answered one shows other words by now."""
    calls = talker.chats.phone.calls(talker.chats.token, "sendMessage")
    return sum("Time for your check-in." in call.parameters["text"] for call in calls)
