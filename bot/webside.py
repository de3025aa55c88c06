"""Hold what a program has on the web: its server, and the webhook if Telegram is to call it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from bot.context import HouseApplication
from bot.health import Health
from bot.intake import Intake
from bot.metrics import Metrics
from bot.serve import Server
from bot.settings import SettingsError
from bot.web import Webhook, make_app
from bot.webhook import Registration

log = structlog.get_logger(__name__)

# A balancer needs this long to see that the program is not ready any more; until then calls still come.
LEAVING_SECONDS: Final = 5.0

# Then what is under way gets this long to end. Both together stay below the limit for stopping.
ENDING_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Place:
    """Say where to listen, and with a `webhook_url` that Telegram calls there."""

    host: str
    port: int
    webhook_url: str | None = None
    webhook_secret: str = ""
    leaving_seconds: float = LEAVING_SECONDS


class WebSide:
    """Start and stop the server. `registration` is None for a program that polls."""

    def __init__(
        self,
        place: Place,
        application: HouseApplication,
        intake: Intake,
        health: Health,
        metrics: Metrics,
        on_fatal: Callable[[BaseException], None],
    ) -> None:
        """Open nothing yet."""
        self._place = place
        webhook = None
        self.registration: Registration | None = None
        if place.webhook_url is not None:
            url, secret = place.webhook_url, place.webhook_secret
            webhook = Webhook(url, secret, intake, health, metrics, on_fatal)
            self.registration = Registration(application.bot, url, secret, health, metrics)
        self.server = Server(make_app(health, metrics, webhook), place.host, place.port)

    async def start(self) -> None:
        """Listen. Raises SettingsError when Telegram is to call and the port cannot be had."""
        try:
            await self.server.start()
        except OSError as error:
            if self.registration is not None:
                raise SettingsError(
                    f"WEB_HOST, WEB_PORT: {self._place.host}:{self._place.port} cannot be had; give others"
                ) from error
            # A bot that polls does its work without; two of them on one machine would need a port each.
            log.warning(
                "WEB_PORT cannot be had: health and metrics are not served",
                port=self._place.port,
                error=type(error).__name__,
            )
        else:
            log.info("health and metrics are served", port=self.server.port)

    async def stop(self) -> None:
        """Answer until no balancer sends anybody here any more, and then end what is under way."""
        if self.registration is not None:
            await asyncio.sleep(self._place.leaving_seconds)
        await self.server.stop(ENDING_SECONDS)
