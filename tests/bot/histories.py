"""Fill a history, open its entries, and look at what is kept of them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from scheduler.db.models import CheckIn, Run
from scheduler.db.retention import Terms, forget_old
from tests.beginnings import held_once
from tests.bot.test_check_in_conversation import set_up
from tests.chat import Talker
from tests.scheduler.builders import opened

NOTE = "canary-4711 no bother since summer"
DAY = "22 December 2026"
LONGEST_NOTE = f"it hurts {'😭' * 2000}"


@held_once
async def answer_once(talker: Talker) -> None:
    """Set a check-in up and answer it."""
    await set_up(talker)
    await talker.waits(days=30, hours=9)
    await talker.taps("Something changed")
    await talker.taps("Number")
    await talker.taps("Done")
    await talker.taps("No note")


async def open_entry(talker: Talker, number: int = 1) -> None:
    await talker.says("/history")
    await talker.taps(next(label for label in talker.buttons() if label.startswith(f"{number}: ")))


async def save_a_checklist(talker: Talker, answer: str = "No") -> None:
    await talker.says("/check")
    await talker.taps("None of these")
    for _ in range(20):
        if "Question" not in talker.reads():
            break
        await talker.taps(answer)
    await talker.taps("Save this")


async def exported(talker: Talker) -> dict[str, Any]:
    await talker.says("/mydata")
    file = talker.answers()[-1].file
    assert file is not None
    data: dict[str, Any] = json.loads(file.data)
    return data


async def kept(talker: Talker) -> list[CheckIn | Run]:
    """Return every row of answers that is in the database, deleted or not."""
    async with opened(talker.chats.database_url) as database, database.read() as session:
        check_ins = await session.scalars(select(CheckIn).where(CheckIn.answered_at.is_not(None)))
        return [*check_ins, *await session.scalars(select(Run).where(Run.saved_at.is_not(None)))]


async def clean_up(talker: Talker) -> None:
    """Do what the program does every night."""
    async with opened(talker.chats.database_url) as database, database.write() as session:
        await forget_old(session, Terms(), talker.chats.clock())
