"""Write all the time, and say what is committed. Runs in a child."""

from __future__ import annotations

import asyncio
import itertools
import os
from datetime import UTC, datetime

from scheduler.db import updates
from scheduler.db.engine import Database

BOT = 1


def write_for_ever(url: str, said: str) -> None:
    """Take updates in, one transaction each, and add a byte to the file `said` for each that is acknowledged."""
    asyncio.run(_write(url, said))


async def _write(url: str, said: str) -> None:
    database = Database(url)
    file = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in itertools.count(1):
        now = datetime.now(UTC)
        async with database.write() as session:
            await updates.begin(session, BOT, [number], now)
        async with database.write() as session:
            await updates.finish(session, BOT, number)
        # Only now the update is confirmed to Telegram.
        os.write(file, b".")
