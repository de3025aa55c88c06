"""Run Calcibot from the command line."""

from __future__ import annotations

import asyncio
import os
import sys
from importlib import import_module
from pathlib import Path

import typer
from rich.console import Console

from bot.clock import system_clock
from bot.commands import backup, content, db, doctor, keys, reading
from bot.keys import open_vault
from bot.logs import set_up_logs
from bot.polling import Deaf
from bot.program import EXIT_KEYS, NotMigrated, Program, stop_on_signals
from bot.settings import ADVICE, Settings, SettingsError, read_settings
from bot.webside import Place
from content.load import ContentError, load_library
from content.reading.fitted import StaleIndex
from scheduler.db.backup import BackupError
from scheduler.db.crypto import KeysError
from scheduler.db.retention import Terms
from scheduler.db.revision import NewerDatabaseError
from scheduler.zones import use_pinned_tzdata

USAGE = 2

# What `calcibot chat` keeps between two starts.
CHAT_FOLDER = Path("var/chat")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(content.app, name="content", help="Check the content files, and build the topic index.")
app.add_typer(db.app, name="db", help="Bring the database up to date.")
app.add_typer(keys.app, name="keys", help="Make, change and check the keys that answers are encrypted with.")
app.command()(doctor.doctor)
app.command()(backup.backup)
app.command()(backup.restore)
app.command()(backup.settle)


@app.callback()
def calcibot() -> None:
    """A Telegram bot for people who found firm white or yellow bumps on the face."""


@app.command()
def run() -> None:
    """Run the bot on Telegram."""
    settings = read_settings(os.environ)
    token = settings.telegram_bot_token
    if token is None:
        raise SettingsError(f"TELEGRAM_BOT_TOKEN is not set: {ADVICE['TELEGRAM_BOT_TOKEN']}")
    set_up_logs(settings.log_level, settings.log_format)
    asyncio.run(_run(settings, token.get_secret_value()))


async def _run(settings: Settings, token: str) -> None:
    program = Program(
        token,
        settings.database_url.get_secret_value(),
        load_library(),
        system_clock,
        vault=open_vault(settings, lambda line: typer.echo(line, err=True)),
        api_url=settings.telegram_api_url,
        per_second=settings.send_per_second,
        place=Place(
            settings.web_host,
            settings.web_port,
            settings.webhook_url,
            settings.webhook_secret.get_secret_value() if settings.webhook_secret else "",
        ),
        dead_man_url=settings.dead_man_url.get_secret_value() if settings.dead_man_url else None,
        terms=Terms(settings.keep_answers_months, settings.keep_blocked_days),
    )
    stop_on_signals(program.stop)
    await program.run()


@app.command()
def chat() -> None:
    """Talk to the bot in your browser, with no account."""
    settings = read_settings({name: value for name, value in os.environ.items() if name.startswith("LOG_")})
    set_up_logs("WARNING" if settings.log_level == "INFO" else settings.log_level, settings.log_format)
    console = Console()
    CHAT_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)

    def show(address: str) -> None:
        console.print(f"\nThe bot is ready. Open this page:\n\n  {address}\n", highlight=False, soft_wrap=True)
        console.print("Ctrl-C stops it; what you said stays for the next time.", highlight=False)

    # Only here is the local Telegram loaded: a bot on the real one needs neither its time nor its memory.
    asyncio.run(
        import_module("bot.local").chat(
            load_library(),
            CHAT_FOLDER,
            settings.send_per_second,
            show,
            lambda program: stop_on_signals(program.stop),
        )
    )


app.command()(reading.understand)
app.command()(reading.evaluate)


def main() -> None:
    """Run the command that is named, and turn what a person can mend into one clear sentence."""
    use_pinned_tzdata()
    # Texts may hold half of a character; they must still be written.
    for stream in (sys.stdin, sys.stdout):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="surrogatepass")
    try:
        app()
    except (SettingsError, ContentError, StaleIndex, NotMigrated, NewerDatabaseError, BackupError) as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(USAGE)
    except KeysError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_KEYS)
    except Deaf as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
