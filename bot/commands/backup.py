"""Make a backup of the database, and put one back so that nobody gets a check-in twice."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from bot.clock import system_clock
from bot.keys import key_file, open_vault
from bot.settings import Settings, SettingsError, read_settings
from scheduler.db import backup as backups
from scheduler.db import keys, revision
from scheduler.db.backup import BackupError
from scheduler.db.crypto import Vault
from scheduler.db.engine import Database, with_driver
from scheduler.db.settle import count_others
from scheduler.db.settle import settle as settle_database

T = TypeVar("T")

# What docs/privacy-policy.md promises.
KEEP_DAYS = 30

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
SentUntil = Annotated[
    str | None,
    typer.Option(help="When the old bot sent its last, such as 2026-11-22T14:00Z, if that is long ago. Default: now."),
]


def backup(file: Annotated[Path, typer.Argument(help="The new file.")]) -> None:
    """Copy the SQLite database into a new file, while the bot runs."""
    settings = read_settings(os.environ)
    database = _file_of(settings, f"pg_dump --format=custom --file={file} DATABASE_URL")
    backups.save(database, file)
    typer.echo(f"Written and checked: {file} ({file.stat().st_size / 1e6:.1f} MB).")
    typer.echo("It can be read only with the keys of today: keep a copy of them, in another place.")
    typer.echo(f"It still holds what people remove later, so keep it for {KEEP_DAYS} days at most.")


def restore(
    file: Annotated[Path, typer.Argument(help="A file that calcibot backup made.")],
    *,
    sent_until: SentUntil = None,
    yes: Yes = False,
) -> None:
    """Put a backup in the place of the SQLite database. The bot must not run."""
    settings = read_settings(os.environ)
    database = _file_of(settings, f"pg_restore, then: calcibot settle. The file is {file}")
    vault = _vault(settings)
    now = system_clock()
    until = _time(sent_until, now)
    if not yes:
        typer.confirm(f"Is the bot stopped, and shall {file} take the place of {database}?", abort=True)
    done = backups.restore(file, database, vault, until, now)
    typer.echo(f"{file} is in place: {database}.")
    _tell(done.settled)
    if done.forgotten is None:
        typer.echo("Who was deleted since the backup is not known: ask them to send /delete again.")
    elif done.forgotten:
        typer.echo(f"{done.forgotten} people who were deleted since the backup were deleted again.")
    if done.aside is not None:
        typer.echo(f"The database from before: {done.aside}. Delete it when all is well.")


def settle(*, sent_until: SentUntil = None, yes: Yes = False) -> None:
    """After pg_restore, before the bot starts: what it may have sent since the backup is not sent again."""
    settings = read_settings(os.environ)
    url = settings.database_url.get_secret_value()
    if with_driver(url).get_backend_name() == "sqlite":
        raise BackupError("This is for PostgreSQL. On SQLite, calcibot restore does it by itself.")
    vault = _vault(settings)
    if (found := revision.current(url)) != revision.newest():
        revision.refuse_newer(found)
        raise BackupError("The tables are not those of this release. First: calcibot db upgrade")
    until = _time(sent_until, system_clock())
    if not yes:
        typer.confirm(
            f"Is every bot stopped? Nothing that was due until {until:%Y-%m-%d %H:%M} UTC is sent.", abort=True
        )
    _tell(_run(settings, vault, lambda database: _settle(database, vault, until)))


async def _settle(database: Database, vault: Vault, until: datetime) -> Counter[str]:
    async with database.read() as session:
        if others := await count_others(session):
            raise BackupError(f"{others} other connections of this user are open: stop every bot (and pooler) first")
    async with database.write() as session:
        await keys.check(session, vault, system_clock())
    return await settle_database(database, until)


def _tell(settled: Counter[str]) -> None:
    typer.echo(
        f"Of what had come due, {settled['sent']} check-ins count as sent, {settled['missed']} older ones as missed. "
        f"{settled['check_ins']} more and {settled['nudges']} reminders were on their way. None of them is sent again."
    )


def _file_of(settings: Settings, instead: str) -> Path:
    """Return the SQLite file. Raises BackupError, with what to do `instead`, for another database."""
    url = with_driver(settings.database_url.get_secret_value())
    if url.get_backend_name() != "sqlite":
        raise BackupError(f"PostgreSQL has tools of its own for this: {instead}. See docs/operators.md")
    if not url.database or url.database == ":memory:":
        raise SettingsError("DATABASE_URL names no file")
    return Path(url.database)


def _vault(settings: Settings) -> Vault:
    """Return the keys. Raises SettingsError where there are none yet: a new one would open nothing."""
    file = key_file(settings)
    if file is not None and not file.path.exists():
        raise SettingsError(f"{file.path} is not there: put the key file back first")
    return open_vault(settings, lambda line: None)


def _time(given: str | None, now: datetime) -> datetime:
    """Return the instant that was given, or `now`. Raises BackupError for what is none, or not over yet."""
    if given is None:
        return now
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BackupError("--sent-until: give date, time and zone, such as 2026-11-22T14:00Z or 2026-11-22T15:00+01:00")
    if found > now:
        raise BackupError("--sent-until: that time is not over yet")
    return found.astimezone(UTC)


def _run(settings: Settings, vault: Vault, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        database = Database(settings.database_url.get_secret_value(), vault)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())
