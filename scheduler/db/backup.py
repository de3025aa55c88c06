"""Copy an SQLite database while it is in use, and put a copy back. PostgreSQL brings tools of its own for both."""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

from sqlalchemy.engine import URL

from scheduler.db import keys, people, revision
from scheduler.db.crypto import Vault
from scheduler.db.engine import BUSY_SECONDS, Database
from scheduler.db.settle import settle

# What SQLite keeps beside a database. Left there, it would be taken for a part of the next file of that name.
SIDES = ("-wal", "-shm", "-journal")


class BackupError(Exception):
    """The backup cannot be made or put back; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Restored:
    """Say what putting back did. `forgotten` is None when nobody can tell who was deleted since."""

    settled: Counter[str]
    forgotten: int | None
    # Where the database from before is now, if there was one.
    aside: Path | None


def save(database: Path, target: Path) -> None:
    """Copy the database as it is at one moment into a new file that only its owner may read. The bot may run.

    The file is there whole and checked, or not at all. Raises BackupError.
    """
    if not database.exists():
        raise BackupError(f"There is no database at {database}")
    _refuse_to_overwrite(target)
    copy = _copy(database, target)
    try:
        _refuse_to_overwrite(target)
        copy.replace(target)
    finally:
        copy.unlink(missing_ok=True)
    _sync(target.parent)


def restore(backup: Path, database: Path, vault: Vault, until: datetime, now: datetime) -> Restored:
    """Put a backup in the place of the database, so that what was sent up to `until` is not sent again.

    The database from before stays beside it under another name. Raises BackupError, NewerDatabaseError when the backup
    is of a later release, and MissingKeysError when it needs other keys; nothing was changed then.
    """
    if not backup.exists():
        raise BackupError(f"There is no backup at {backup}")
    if database.exists() and backup.samefile(database):
        raise BackupError(f"{backup} is the database itself")
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _kept_from_others(database) as chats:
        copy = _copy(backup, database)
        try:
            settled, forgotten = _prepare(copy, vault, chats, until, now)
            _give_to_owner(copy, database)
            aside = _put_aside(database, now, is_whole=chats is not None)
            copy.replace(database)
        finally:
            for name in _with_sides(copy):
                name.unlink(missing_ok=True)
        _sync(database.parent)
    return Restored(settled, forgotten, aside)


def _prepare(
    copy: Path, vault: Vault, chats: frozenset[int] | None, until: datetime, now: datetime
) -> tuple[Counter[str], int | None]:
    """Make a database out of the copy that a bot can go on with: of this release, readable, and with nothing due."""
    url = URL.create("sqlite", database=str(copy)).render_as_string()
    if revision.current(url) != revision.newest():
        # Loaded only when there is something to change, as at the start of the bot.
        import_module("scheduler.db.migrate").upgrade(url)
    deleted = None if chats is None else _chats(copy) - chats
    done = asyncio.run(_settled(Database(url, vault), vault, deleted, until, now))
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        # One file again, to be moved as one.
        connection.execute("PRAGMA journal_mode=DELETE")
    _sync(copy)
    return done


async def _settled(
    database: Database, vault: Vault, deleted: Collection[int] | None, until: datetime, now: datetime
) -> tuple[Counter[str], int | None]:
    try:
        async with database.write() as session:
            await keys.check(session, vault, now)
        for chat_id in deleted or ():
            async with database.write() as session:
                await people.forget(session, chat_id)
        return await settle(database, until), None if deleted is None else len(deleted)
    finally:
        await database.close()


def _copy(source: Path, target: Path) -> Path:
    """Copy a database to a new file beside `target`, check it, and return it."""
    copy = target.absolute().with_name(f"{target.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise BackupError(f"Nothing can be written beside {target} ({error.strerror})") from None
    try:
        with closing(_open(source)) as old, closing(sqlite3.connect(copy, isolation_level=None)) as new:
            # In one step: SQLite would begin anew at each write of the bot's between two steps. Nobody waits for it.
            old.backup(new)
            # One file, that needs no other beside it.
            new.execute("PRAGMA journal_mode=DELETE")
            _check(new, source)
        _sync(copy)
    except BaseException as error:
        for name in _with_sides(copy):
            name.unlink(missing_ok=True)
        if isinstance(error, sqlite3.Error):
            raise BackupError(f"{source} cannot be copied ({error})") from None
        raise
    return copy


def _open(path: Path) -> sqlite3.Connection:
    """Open a database to read: a name that is wrong makes no file, and the bot's log stays the bot's."""
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, timeout=BUSY_SECONDS)


def _check(connection: sqlite3.Connection, source: Path) -> None:
    """Raise BackupError for a file that is damaged or not ours, and NewerDatabaseError for one of a later release."""
    if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        raise BackupError(f"{source} is damaged: SQLite's integrity_check finds errors")
    if connection.execute("PRAGMA foreign_key_check").fetchall():
        raise BackupError(f"{source} is damaged: there are rows of people who are not in it")
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        raise BackupError(f"{source} is not a database of this program")
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if found is None:
        raise BackupError(f"{source} has no tables")
    revision.refuse_newer(found[0])


@contextmanager
def _kept_from_others(database: Path) -> Iterator[frozenset[int] | None]:
    """Keep everybody out, and yield the chats in the database; None when it is not there or cannot be read.

    Raises BackupError while anybody has it open.
    """
    if not database.exists():
        yield None
        return
    connection = sqlite3.connect(database, timeout=1, isolation_level=None)
    try:
        try:
            # Both are granted only while no other program has the file open, and a bot has it open as long as it runs.
            # The second brings the log into the file, so that it can be moved as one.
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            # An index of the log, which a backup that only reads leaves behind.
            Path(f"{database}-shm").unlink(missing_ok=True)
            chats = frozenset(number for (number,) in connection.execute("SELECT chat_id FROM people"))
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise BackupError(f"{database} is in use: stop the bot first, and whoever else has it open") from None
            # It is damaged, which may be why there is something to put back.
            chats = None
        yield chats
    finally:
        connection.close()


def _give_to_owner(copy: Path, database: Path) -> None:
    """Let the bot's user have what root makes."""
    if os.geteuid() == 0:
        owner = (database if database.exists() else database.parent).stat()
        os.chown(copy, owner.st_uid, owner.st_gid)


def _put_aside(database: Path, now: datetime, *, is_whole: bool) -> Path | None:
    """Give the database from before a name of its own. It stays in its place until the next one takes that."""
    aside = database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%SZ}")
    if not is_whole:
        for side in SIDES:
            if (left := Path(f"{database}{side}")).exists():
                left.rename(f"{aside}{side}")
    if not database.exists():
        return None
    aside.hardlink_to(database)
    return aside


def _chats(path: Path) -> frozenset[int]:
    with closing(_open(path)) as connection:
        return frozenset(number for (number,) in connection.execute("SELECT chat_id FROM people"))


def _refuse_to_overwrite(target: Path) -> None:
    if target.exists():
        raise BackupError(f"{target} is there already; a backup overwrites nothing")


def _with_sides(path: Path) -> Iterator[Path]:
    yield path
    for side in SIDES:
        yield Path(f"{path}{side}")


def _sync(path: Path) -> None:
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
