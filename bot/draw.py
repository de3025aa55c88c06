"""Draw pictures and pages in a process of their own: it takes its memory with it, and the bot keeps answering."""

from __future__ import annotations

import asyncio
import sys
import tomllib
from datetime import date
from importlib import import_module
from importlib.resources import files
from typing import Literal

from pydantic import TypeAdapter

from bot.views.record import Record
from content.phrases import Phrases

Kind = Literal["timeline", "report"]

# A picture takes two seconds, a page with every alphabet four; more means a fault.
LONGEST = 30.0

_records = TypeAdapter(Record)


class CannotDraw(Exception):  # noqa: N818  # a state, said to the person
    """The picture or page could not be made."""


async def draw(kind: Kind, record: Record, today: date, language: str = "en") -> bytes:
    """Return the timeline as PNG, or the report as PDF. Nothing is written to disk. Raises CannotDraw."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot.draw", kind, today.isoformat(), language),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(LONGEST):
            drawn, _ = await process.communicate(_records.dump_json(record))
    except TimeoutError as error:
        raise CannotDraw from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise CannotDraw
    return drawn


def main(kind: str, today: str, language: str) -> None:
    """Read a record from standard input and write the picture or page to standard output."""
    record = _records.validate_json(sys.stdin.buffer.read())
    phrases = Phrases.from_toml(tomllib.loads(files("content").joinpath(language, "phrases.toml").read_text("utf-8")))
    # Only here are the drawing libraries loaded: they would double the bot's memory.
    if kind == "timeline":
        drawn = import_module("bot.views.timeline").timeline(record, phrases)
    else:
        drawn = import_module("bot.views.report").report(record, phrases, date.fromisoformat(today))
    sys.stdout.buffer.write(drawn)


if __name__ == "__main__":
    main(*sys.argv[1:])
