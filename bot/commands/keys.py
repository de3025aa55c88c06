"""Make, change and check the keys that answers are encrypted with."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

import typer

from bot.clock import system_clock
from bot.keys import key_file, open_vault
from bot.settings import Settings, SettingsError, read_settings
from scheduler.db import keys
from scheduler.db.crypto import Vault, new_key
from scheduler.db.engine import Database

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True)


@app.command()
def new() -> None:
    """Print a new key, for CALCIBOT_KEYS."""
    typer.echo(new_key())


@app.command()
def check() -> None:
    """Say which keys there are, and whether every stored answer can be read with them."""
    file = key_file(read_settings(os.environ))
    if file is not None and not file.path.exists():
        raise SettingsError(f"there are no keys yet: the first start makes {file.path}")
    settings, vault = _open()
    typer.echo(f"Keys, the first one encrypts: {', '.join(vault.names)}")
    if missing := _run(settings, vault, lambda database: _find_missing(database, vault)):
        raise keys.MissingKeysError(missing)
    lost = _run(settings, vault, keys.count_unreadable)
    for name, count in sorted(lost.items()):
        typer.echo(f"{count} cannot be read: {name}")
    if lost:
        raise typer.Exit(1)
    typer.echo("Everything can be read.")


@app.command()
def rotate() -> None:
    """Encrypt everything anew with a new key, while the bot runs. The old key stays, for older backups."""
    settings, vault = _open()
    file = key_file(settings)
    if file is not None:
        # The running bot takes the new key up from the file before anything is encrypted with it.
        file.write([new_key(), *file.read()])
        settings, vault = _open()
    elif len(vault.names) == 1:
        raise SettingsError(
            "CALCIBOT_KEYS holds one key. Put a new one (calcibot keys new) after it and start the bot again, on every "
            "machine; then put the new one first and start again; then run this once more"
        )
    count = _run(settings, vault, lambda database: keys.rotate(database, system_clock()))
    typer.echo(f"{count} values are now encrypted with the key {vault.names[0]}.")
    typer.echo("Older backups still need the older keys. When those are gone: calcibot keys retire")


@app.command()
def retire() -> None:
    """Drop every key but the first, after all is encrypted with it. Backups from before can then not be read."""
    settings, vault = _open()
    file = key_file(settings)
    _run(settings, vault, lambda database: keys.retire(database, system_clock()))
    if file is not None:
        file.write(file.read()[:1])
        typer.echo("The key file now holds one key.")
    else:
        typer.echo("Nothing needs any key but the first: take the others out of CALCIBOT_KEYS.")


@app.command("give-up")
def give_up(*, yes: bool = typer.Option(False, help="Do not ask.")) -> None:
    """Remove answers whose key is lost for good, so that the bot can start again."""
    settings, vault = _open()
    if not yes:
        typer.confirm("Is the old key lost for good? The answers that need it are removed.", abort=True)
    lost = _run(settings, vault, lambda database: keys.give_up(database, system_clock()))
    typer.echo(f"{lost.total()} values that nobody can read were removed.")


async def _find_missing(database: Database, vault: Vault) -> set[str]:
    async with database.read() as session:
        return await keys.find_missing(session, vault)


def _open() -> tuple[Settings, Vault]:
    settings = read_settings(os.environ)
    return settings, open_vault(settings, lambda line: typer.echo(line, err=True))


def _run(settings: Settings, vault: Vault, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        # The running bot alone moves SQLite's log into its file.
        database = Database(settings.database_url.get_secret_value(), vault, checkpoint=False)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())
