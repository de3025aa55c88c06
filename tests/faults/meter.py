"""Note when each message leaves for Telegram, in a process of its own: a busy test would read its clock too late."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from tests.bot.replicas import free_port
from tests.faults.child import redirect
from tests.faults.harness import Scene

READY = "the meter listens"

# What Telegram counts as a message, in the head of a request.
SEND = re.compile(rb"POST /bot[^/ ]+/(?!sendChatAction)(?:send|edit)\w+ HTTP")

# So often the meter looks whether it was held up itself: then sends seem to leave closer together than they did.
LOOK_EVERY = 0.02

# A head may come in two parts: so much is looked at again.
OVERLAP = 200


async def start(scene: Scene) -> tuple[str, Path]:
    """Stand between the replicas and the local Telegram; return the address for them, and what says what left when."""
    port, notes, stderr = free_port(), scene.folder / "sends.txt", scene.folder / "meter.log"
    running = scene.fork(run, port, urlsplit(scene.phone.url).port, str(notes), str(stderr), stderr=stderr)
    await running.says(READY)
    return f"http://127.0.0.1:{port}", notes


def run(port: int, telegram_port: int, notes: str, stderr: str) -> None:
    """Pass everything on between `port` and the local Telegram, and write down the monotonic time of each send."""
    redirect(stderr)
    with (
        Path(notes).open("a", encoding="ascii", buffering=1) as file,
        _held_file(Path(notes)).open("a", encoding="ascii", buffering=1) as held,
    ):
        asyncio.run(_serve(port, telegram_port, file, held))


def read(notes: Path) -> list[float]:
    """Return when messages left, as monotonic seconds of this machine."""
    return [float(line) for line in notes.read_text(encoding="ascii").splitlines()] if notes.exists() else []


def read_held(notes: Path) -> float:
    """Return the most seconds that the meter itself was held up."""
    path = _held_file(notes)
    return max(map(float, path.read_text(encoding="ascii").split()), default=0.0) if path.exists() else 0.0


def _held_file(notes: Path) -> Path:
    return notes.with_suffix(".held")


async def _watch_itself(held: TextIO) -> None:
    longest = 0.0
    while True:
        before = time.monotonic()
        await asyncio.sleep(LOOK_EVERY)
        if (late := time.monotonic() - before - LOOK_EVERY) > longest:
            longest = late
            held.write(f"{late:.3f}\n")


async def _serve(port: int, telegram_port: int, notes: TextIO, held: TextIO) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", telegram_port)
        await asyncio.gather(_pass_on(reader, their_writer, notes), _pass_on(their_reader, writer, None))

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    sys.stderr.write(f"{READY}\n")
    sys.stderr.flush()
    await asyncio.gather(server.serve_forever(), _watch_itself(held))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, notes: TextIO | None) -> None:
    rest = b""
    try:
        while part := await reader.read(65536):
            if notes is not None:
                seen = rest + part
                found = list(SEND.finditer(seen))
                notes.writelines(f"{time.monotonic()}\n" for _ in found)
                # Nothing that was counted is looked at again.
                rest = seen[max(found[-1].end() if found else 0, len(seen) - OVERLAP) :]
            writer.write(part)
            await writer.drain()
    except ConnectionError:
        # One end was killed: the other is told by the end of the line.
        pass
    finally:
        writer.close()
