"""Run the whole bot on this machine, with a Telegram of its own and a page in the browser: no account, no token."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from bot.keys import KeyFile, beside
from bot.phone.clock import ShiftedClock
from bot.phone.server import Phone
from bot.program import Program
from bot.settings import SettingsError
from content.model import Library
from scheduler.db.crypto import Vault

# The local Telegram knows this bot alone; no other server ever sees this.
TOKEN = "1000000001:local-bot-that-no-telegram-knows-001"  # noqa: S105

FIRST_PORT = 8123
PORTS = 20

ALREADY_RUNS = "The bot runs here already: open the address in its window, or press Ctrl-C there and start it again."


async def chat(
    library: Library,
    folder: Path,
    per_second: float,
    show: Callable[[str], None],
    on_start: Callable[[Program], None],
    clock: ShiftedClock | None = None,
) -> None:
    """Run until stopped. `show` is given the page's address; `on_start` the running program, to stop it.

    Everything is kept in `folder`, which is there, so that the conversation goes on at the next start. Raises OSError
    when no port of ours is free, and SettingsError when no key file can be made or read there, or when another one
    runs on this folder: two would overwrite what the other one keeps.
    """
    try:
        with FileLock(folder / "lock", timeout=0):
            await _chat(library, folder, per_second, show, on_start, clock or ShiftedClock())
    except Timeout:
        raise SettingsError(ALREADY_RUNS) from None


async def _chat(
    library: Library,
    folder: Path,
    per_second: float,
    show: Callable[[str], None],
    on_start: Callable[[Program], None],
    clock: ShiftedClock,
) -> None:
    program: Program | None = None

    async def next_due() -> datetime | None:
        return await program.deliverer.next_wake() if program else None

    async def look() -> None:
        if program:
            program.clockwork.wake()

    phone = Phone(clock, path=folder / "phone.db", tokens=[TOKEN], page_token=TOKEN, next_due=next_due, on_move=look)
    phone.rename(TOKEN, library.phrases.plain("bot.name"))
    file = KeyFile(beside(folder / "calcibot.db"))
    file.make()
    vault = Vault(file.read(), file.changed)
    await _start(phone)
    try:
        program = Program(
            TOKEN,
            f"sqlite:///{folder / 'calcibot.db'}",
            library,
            clock,
            vault=vault,
            api_url=phone.url,
            per_second=per_second,
        )
        on_start(program)
        show(phone.page_url)
        await program.run()
    finally:
        await phone.stop()


async def _start(phone: Phone) -> None:
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        try:
            await phone.start(port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return
    raise OSError(errno.EADDRINUSE, f"ports {FIRST_PORT} to {FIRST_PORT + PORTS - 1} are all in use")
