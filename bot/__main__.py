"""Run Calcibot from the command line."""

from __future__ import annotations

import asyncio
import os
import sys

import typer

from bot.clock import system_clock
from bot.logs import set_up_logs
from bot.polling import Deaf
from bot.program import NotMigrated, Program, stop_on_signals
from bot.settings import ADVICE, Settings, SettingsError, read_settings
from content.load import ContentError, load_library
from content.reading.index import StaleIndex
from scheduler.zones import use_pinned_tzdata

USAGE = 2

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A Telegram bot for people with calcium deposits.",
)


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
        api_url=settings.telegram_api_url,
        per_second=settings.send_per_second,
    )
    stop_on_signals(program.stop)
    await program.run()


def main() -> None:
    """Run the command that is named, and turn what a person can mend into one clear sentence."""
    use_pinned_tzdata()
    try:
        app()
    except (SettingsError, ContentError, StaleIndex, NotMigrated) as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(USAGE)
    except Deaf as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
