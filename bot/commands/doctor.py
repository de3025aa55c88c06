"""Look at everything that a running bot needs, and say what to do about what is missing."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator, Set
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bot.keys import key_file, open_vault
from bot.settings import ADVICE, Settings, SettingsError, read_settings
from bot.transport import AiohttpRequest
from content.load import ContentError, load_library
from content.reading.fitted import StaleIndex
from scheduler.db import revision
from scheduler.db.crypto import KeysError
from scheduler.db.engine import with_driver
from scheduler.db.models import UsedKey
from scheduler.zones import check_tzdata


@dataclass(frozen=True, slots=True)
class Finding:
    """Say how one thing is. `advice` says what to do about it; empty when it is in order."""

    what: str
    found: str
    advice: str = ""


def doctor() -> None:
    """Check settings, token, webhook, database, keys, time zones and content; change nothing."""
    found = list(examine(dict(os.environ)))
    table = Table("", "What", "Found", "What to do")
    for one in found:
        table.add_row("[red]no[/red]" if one.advice else "[green]ok[/green]", one.what, one.found, one.advice)
    Console(soft_wrap=False).print(table)
    raise typer.Exit(1 if any(one.advice for one in found) else 0)


def examine(environ: dict[str, str]) -> Iterator[Finding]:
    """Yield what is found, one thing after the other. No secret is in it."""
    yield Finding("Program", f"calcibot {version('calcibot')}, SQLite {sqlite3.sqlite_version}")
    yield _zones()
    yield _content()
    try:
        settings = read_settings(environ)
    except SettingsError as error:
        for line in str(error).splitlines():
            name, _, advice = line.partition(": ")
            yield Finding("Settings", name, advice or "set it")
        return
    yield Finding("Settings", "understood")
    yield from asyncio.run(_telegram(settings))
    yield from _database(settings)


def _zones() -> Finding:
    zones = check_tzdata()
    if zones.pinned:
        return Finding("Time zones", f"{zones.version}, as pinned")
    return Finding("Time zones", "the system's, which grow old", "set PYTHONTZPATH to nothing")


def _content() -> Finding:
    try:
        library = load_library()
    except ContentError:
        return Finding("Content", "has errors", "see them: calcibot content check")
    except StaleIndex:
        return Finding("Content", "the topic index is missing or old", "calcibot content build")
    return Finding("Content", f"{len(library.topics)} topics")


async def _telegram(settings: Settings) -> list[Finding]:
    if settings.telegram_bot_token is None:
        return [Finding("Token", "TELEGRAM_BOT_TOKEN is not set", ADVICE["TELEGRAM_BOT_TOKEN"])]
    url = settings.telegram_api_url
    bot = Bot(settings.telegram_bot_token.get_secret_value(), base_url=f"{url}/bot", request=AiohttpRequest())
    try:
        # getMe comes with it.
        async with bot:
            return [Finding("Token", f"of @{bot.username}"), _webhook(settings, await bot.get_webhook_info())]
    except InvalidToken:
        return [Finding("Token", "Telegram refuses it", "get the right one, or a new one, from BotFather")]
    except TelegramError as error:
        return [Finding("Token", f"Telegram cannot be reached ({type(error).__name__})", f"is {url} open from here?")]


def _webhook(settings: Settings, info: WebhookInfo) -> Finding:
    if not info.url and settings.webhook_url is None:
        return Finding("Updates", "by polling")
    if info.url != (settings.webhook_url or ""):
        what = "Telegram calls another address" if info.url else "Telegram does not call yet"
        return Finding("Updates", what, "start the bot: it tells Telegram. If one runs, whose address is that?")
    if info.last_error_date is None:
        return Finding("Updates", f"by webhook, {info.pending_update_count} wait")
    when = f"{info.last_error_date:%Y-%m-%d %H:%M} UTC"
    words = f"by webhook, {info.pending_update_count} wait; last error {when}: {info.last_error_message}"
    return Finding("Updates", words)


def _database(settings: Settings) -> Iterator[Finding]:
    url = settings.database_url.get_secret_value()
    path = with_driver(url).database if url.startswith("sqlite") else None
    if path is not None and not Path(path).exists():
        yield Finding("Database", "a file that the first start makes")
        return
    try:
        current, newest = revision.current(url), revision.newest()
    except (SQLAlchemyError, OSError) as error:
        yield Finding("Database", f"cannot be opened ({type(error).__name__})", "is DATABASE_URL right, and is it up?")
        return
    yield Finding("Database", "can be opened")
    yield _tables(current, newest, is_embedded=path is not None)
    if current is None or current == newest:
        yield _keys(settings, _needed_keys(url) if current else frozenset())


def _tables(current: str | None, newest: str, *, is_embedded: bool) -> Finding:
    """Say what the next start does about the tables: it makes missing ones, and changes those of an SQLite file."""
    try:
        revision.refuse_newer(current)
    except revision.NewerDatabaseError:
        return Finding("Tables", f"at {current}, newer than {newest}", "start the later release that made them")
    if current is None:
        return Finding("Tables", "none yet: the first start makes them")
    if current == newest:
        return Finding("Tables", f"at {current}")
    if is_embedded:
        return Finding("Tables", f"at {current}: the next start brings them to {newest}")
    return Finding("Tables", f"at {current}, not at {newest}", "calcibot db upgrade")


def _needed_keys(url: str) -> frozenset[str]:
    """Return the names of the keys that stored values were sealed with."""
    engine = revision.open_engine(url)
    try:
        with engine.connect() as connection:
            return frozenset(connection.scalars(select(UsedKey.name)))
    finally:
        engine.dispose()


def _keys(settings: Settings, needed: Set[str]) -> Finding:
    try:
        file = key_file(settings)
        if file is not None and not file.path.exists():
            if not needed:
                return Finding("Keys", f"none yet: the first start makes {file.path}")
            return Finding("Keys", f"{file.path} is not there", "put the file back, or the answers cannot be read")
        vault = open_vault(settings, lambda line: None)
    except (SettingsError, KeysError) as error:
        return Finding("Keys", "cannot be used", str(error))
    if missing := needed - set(vault.names):
        return Finding("Keys", f"stored answers need another: {', '.join(sorted(missing))}", "put that key back")
    return Finding("Keys", f"{len(vault.names)}; whether all can be read: calcibot keys check")
