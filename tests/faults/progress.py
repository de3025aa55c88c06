"""Say on standard error what a long run does just now."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

Tell = Callable[[str], None]


def telling() -> Tell:
    """Return what says a line, with the seconds since now."""
    begun = time.monotonic()

    def tell(words: str) -> None:
        sys.stderr.write(f"{time.monotonic() - begun:7.1f} s  {words}\n")
        sys.stderr.flush()

    return tell


@asynccontextmanager
async def told_every(seconds: float, tell: Tell, words: Callable[[], str]) -> AsyncIterator[None]:
    """Say these words again and again as long as the block runs."""

    async def go_on() -> None:
        while True:
            await asyncio.sleep(seconds)
            tell(words())

    going = asyncio.create_task(go_on())
    try:
        yield
    finally:
        going.cancel()
        await asyncio.gather(going, return_exceptions=True)
