"""Be the program in a process of its own, with the one difference that a test orders. Runs in the child."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from typing import Any, cast
from unittest.mock import patch

from bot.clock import system_clock
from bot.logs import set_up_logs
from bot.polling import Deaf, Poller
from bot.program import Program, stop_on_signals
from scheduler.deliver import LEASE
from scheduler.zones import use_pinned_tzdata
from tests.faults.unprotected import NeverAsks, SendsAfterTheMark
from tests.keys import new_vault

# With this module: every child is forked from one process that has imported it.
from tests.library import LIBRARY

use_pinned_tzdata()

# Controls: deliverers without one of the protections.
WITHOUT = {"asking": NeverAsks, "sending first": SendsAfterTheMark}


@dataclass(frozen=True)
class Orders:
    """Say what a child is to do. The fields below the line differ from what is shipped only in tests."""

    token: str
    api_url: str
    database_url: str
    stderr: str
    # ---
    per_second: float = 25.0
    lease: timedelta = LEASE
    # False: deliver only, as a replica does that gets no updates. Two that poll would take them from each other.
    polls: bool = True
    # Constants by their full names, with what they are instead.
    instead: Mapping[str, Any] = field(default_factory=dict)
    without: str = ""


class Silence:
    """Stand in for the poller and hear nothing."""

    async def run(self, stop: asyncio.Event) -> None:
        """Wait for the end."""
        await stop.wait()


def run(orders: Orders) -> None:
    """Run until a signal comes, as `calcibot run` does, with the same exit codes."""
    redirect(orders.stderr)
    set_up_logs("INFO", "json")
    try:
        asyncio.run(_run(orders))
    except Deaf as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


def command(stderr: str, environment: dict[str, str]) -> None:
    """Be `calcibot run` with this environment."""
    redirect(stderr)
    os.environ.update(environment)
    sys.argv = ["calcibot", "run"]
    # Here: the other children need no command line.
    import_module("bot.__main__").main()


def redirect(path: str) -> None:
    """Let everything that goes to standard error, also from C, go to the end of this file."""
    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)


async def _run(orders: Orders) -> None:
    with ExitStack() as changes:
        for name, value in orders.instead.items():
            changes.enter_context(patch(name, value))
        if orders.without:
            changes.enter_context(patch("bot.program.Deliverer", WITHOUT[orders.without]))
        program = Program(
            orders.token,
            orders.database_url,
            LIBRARY,
            system_clock,
            vault=new_vault(),
            api_url=orders.api_url,
            per_second=orders.per_second,
            lease=orders.lease,
        )
        if not orders.polls:
            program.poller = cast(Poller, Silence())
        stop_on_signals(program.stop)
        await program.run()
