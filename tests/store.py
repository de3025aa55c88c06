"""Open databases for what a test does in its own process: sooner than the program does, and with the same answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from aiosqlite import Connection
from sqlalchemy import event, make_url

from scheduler.db.crypto import Vault
from scheduler.db.engine import Database


def open_at_ease(url: str, vault: Vault) -> Database:
    """Return a database that does not wait for the disk: a power cut ends the test as well.

    What must survive one is tried by `faults/test_power_loss.py`, with processes that open it as always.
    """
    database = Database(url, vault)
    if database.is_sqlite:
        for engine, waits in ((database._writer, True), (database._reader, False)):
            event.listen(engine.sync_engine, "do_connect", _for_any_thread)
            event.listen(engine.sync_engine, "connect", partial(_hurry, waits=waits))
    return database


def _for_any_thread(_dialect: object, _record: object, _path: object, options: dict[str, Any]) -> None:
    options["check_same_thread"] = False


def _hurry(adapted: Any, _record: object, *, waits: bool) -> None:
    """Run statements here, but for those that may have to wait for a lock: whoever has it may need this thread."""
    adapted.execute("PRAGMA synchronous=OFF").close()
    # An aiosqlite.Connection.
    connection = adapted.driver_connection
    hand_over = connection._execute

    under_way = set[asyncio.Task[Any]]()

    async def execute(function: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        # What follows one that was given up and still runs in its thread comes after it, there.
        if under_way or (waits and not connection.in_transaction):
            handed = asyncio.create_task(hand_over(function, *arguments, **more))
            under_way.add(handed)
            handed.add_done_callback(under_way.discard)
            return await asyncio.shield(handed)
        return function(*arguments, **more)

    connection._execute = execute


async def at_once(_connection: Connection, function: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """Stand in for `Connection._execute`, and run a statement here instead of handing it to a thread.

    Handing over takes longer than most statements. Only for one database at a time: a wait for a lock would hold up
    whoever has it.
    """
    return function(*arguments, **more)


class Shelf:
    """Lend the same databases to one test after the other, closed between them.

    SQLAlchemy writes the SQL of each statement once for each of its engines: with a new engine for every test that
    takes longer than to run the statements.
    """

    def __init__(self, folder: Path) -> None:
        """Keep links to SQLite files in this folder."""
        self._link = folder / "calcibot.db"
        self._kept: dict[str, Database] = {}

    def lend(self, url: str, vault: Vault) -> Database:
        """Return what is kept for this address; on SQLite one and the same, which now leads to this file."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            assert parsed.database is not None
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(parsed.database)
            url = f"sqlite:///{self._link}"
        kept = self._kept.get(url)
        if kept is None or kept.vault is None or kept.vault.names != vault.names:
            kept = self._kept[url] = open_at_ease(url, vault)
        return kept
