"""Be one of several replicas that Telegram calls through a balancer, or give them work: in a process of its own."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

from bot.clock import system_clock
from bot.logs import set_up_logs
from bot.polling import Deaf
from bot.program import Program, stop_on_signals
from bot.webside import Place
from scheduler.db import people, plans
from scheduler.db.engine import Database
from scheduler.rule import Cadence
from tests.faults.child import LIBRARY, redirect
from tests.keys import new_vault


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


def plan(database_url: str, chats: range, zone: str, due_at: datetime) -> None:
    """Let each of these have a weekly check-in that is due at `due_at`; all of them are there at the same moment."""
    asyncio.run(_plan(database_url, chats, zone, due_at))


async def _plan(database_url: str, chats: range, zone: str, due_at: datetime) -> None:
    wall = due_at.astimezone(ZoneInfo(zone))
    cadence = Cadence(unit="week", at=time(wall.hour, wall.minute), anchor=wall.date())
    database = Database(database_url, new_vault())
    async with database.write() as session:
        for chat_id in chats:
            person = await people.ensure(session, chat_id, due_at)
            await plans.create(session, person, f"plan{chat_id}", "check_in", cadence, zone, due_at - timedelta(days=1))
    await database.close()


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
