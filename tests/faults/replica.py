"""Be one of several replicas that Telegram calls through a balancer, in a process of its own."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import patch

from bot.clock import system_clock
from bot.logs import set_up_logs
from bot.polling import Deaf
from bot.program import Program, stop_on_signals
from bot.webside import Place
from tests.faults.child import redirect
from tests.keys import new_vault
from tests.library import LIBRARY


@dataclass(frozen=True)
class Part:
    """Say where a replica listens and what it works on. The leases are shorter than real ones only to save time."""

    token: str
    api_url: str
    database_url: str
    stderr: str
    port: int
    webhook_url: str | None
    secret: str
    per_second: float
    lease: timedelta
    chat_lease: timedelta


def run(part: Part) -> None:
    """Run until a signal comes, as `calcibot run` does, with the same exit codes."""
    redirect(part.stderr)
    set_up_logs("INFO", "json")
    try:
        with patch("bot.intake.CHAT_LEASE", part.chat_lease):
            asyncio.run(_run(part))
    except Deaf as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


async def _run(part: Part) -> None:
    program = Program(
        part.token,
        part.database_url,
        LIBRARY,
        system_clock,
        vault=new_vault(),
        api_url=part.api_url,
        per_second=part.per_second,
        lease=part.lease,
        place=Place("127.0.0.1", part.port, part.webhook_url, part.secret),
    )
    stop_on_signals(program.stop)
    await program.run()
