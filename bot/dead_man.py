"""Call an address for as long as all is well, so that somebody outside notices when it is not."""

from __future__ import annotations

from typing import Final

import aiohttp
import structlog

from bot.health import Health

log = structlog.get_logger(__name__)

PING_SECONDS: Final = 60.0
PATIENCE: Final = aiohttp.ClientTimeout(total=10)


class DeadMan:
    """Ping while the program is ready; silence is the alarm."""

    def __init__(self, url: str, health: Health) -> None:
        """Call nobody yet. The address is a secret, as are most of its kind."""
        self._url = url
        self._health = health

    async def ping(self) -> None:
        """Call the address once, unless the program is not ready. Failing is harmless."""
        if not (await self._health.readiness()).ready:
            return
        try:
            async with aiohttp.ClientSession(timeout=PATIENCE) as session, session.get(self._url) as answer:
                if answer.status >= 400:
                    log.warning("DEAD_MAN_URL refuses the ping", status=answer.status)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            log.warning("DEAD_MAN_URL cannot be reached", error=type(error).__name__)
