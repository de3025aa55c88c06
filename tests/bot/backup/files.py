"""Look into database files, and spoil them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import func, select

from scheduler.db import backup, people
from scheduler.db.crypto import Vault
from scheduler.db.models import UsedKey
from tests.clock import START
from tests.keys import KEY, new_vault
from tests.scheduler.builders import opened


async def add(path: Path, *chat_ids: int) -> None:
    """Let these chats be people, and let a key be needed."""
    async with opened(f"sqlite:///{path}") as database, database.write() as session:
        for chat_id in chat_ids:
            people.ask(await people.ensure(session, chat_id, START), {"said": "canary"})
        if not await session.scalar(select(func.count()).select_from(UsedKey)):
            session.add(UsedKey(name=new_vault().names[0], since=START))


def chats(path: Path) -> set[int]:
    """Return whose chats are in the database."""
    with closing(sqlite3.connect(path)) as connection:
        return {number for (number,) in connection.execute("SELECT chat_id FROM people")}


def restore(copy: Path, file: Path, *keys: str) -> backup.Restored:
    """Put the copy in the place of the file, with these keys or the usual one."""
    return backup.restore(copy, file, Vault(keys or [KEY]), START, START)


def damage(path: Path) -> None:
    """Write over the middle, as a failing disk does; the head stays."""
    with path.open("r+b") as file:
        size = path.stat().st_size
        for page in range(2, size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 512)
