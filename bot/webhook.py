"""Tell Telegram which address to call, and see to it that it stays so."""

from __future__ import annotations

from typing import Any, Final

import structlog
from telegram import WebhookInfo
from telegram.error import BadRequest, TelegramError
from telegram.ext import ExtBot

from bot.health import Health
from bot.metrics import Metrics
from bot.polling import ALLOWED_UPDATES, EXIT_TOKEN, Deaf

log = structlog.get_logger(__name__)

# Somebody who has the token can turn Telegram to an address of theirs: it must not stay unseen for five minutes.
CHECK_SECONDS: Final = 60.0

# Telegram's own default: how many calls it makes at once.
CONNECTIONS: Final = 40


class Registration:
    """Keep the webhook of one bot at one address."""

    def __init__(self, bot: ExtBot[Any], url: str, secret: str, health: Health, metrics: Metrics) -> None:
        """Call nobody yet."""
        self._bot = bot
        self._url = url
        self._secret = secret
        self._health = health
        self._metrics = metrics

    async def register(self) -> None:
        """Name the address, the secret and what is wanted; the secret may be new, so this is done at each start.

        Raises Deaf when Telegram does not accept the address, and every other TelegramError.
        """
        try:
            await self._bot.set_webhook(
                self._url,
                allowed_updates=ALLOWED_UPDATES,
                secret_token=self._secret,
                max_connections=CONNECTIONS,
            )
        except BadRequest as error:
            raise Deaf(f"Telegram does not accept WEBHOOK_URL: {error.message}", EXIT_TOKEN) from error
        self._note(await self._bot.get_webhook_info())

    async def check(self) -> None:
        """Ask Telegram where it calls. Register again where nobody is named; raise the alarm where somebody else is."""
        try:
            info = await self._bot.get_webhook_info()
            self._note(info)
            if info.url and info.url != self._url:
                # Not taken back: two programs would fight for it, and a stolen token must be revoked by a person.
                log.error("ALARM: Telegram calls another address than WEBHOOK_URL; was the token stolen?")
            elif not info.url or set(info.allowed_updates or ()) != set(ALLOWED_UPDATES):
                log.error("ALARM: the webhook was removed or changed; it is registered again")
                await self.register()
        except Deaf as deaf:
            log.error("ALARM: the webhook cannot be registered again", why=str(deaf))  # noqa: TRY400  # said in full
        except TelegramError as error:
            log.warning("Telegram cannot be asked about the webhook", error=type(error).__name__)

    def _note(self, info: WebhookInfo) -> None:
        is_ours = info.url == self._url
        self._metrics.webhook_seen(is_ours, info.pending_update_count, info.last_error_date)
        if is_ours:
            self._health.heard()


async def remove(bot: ExtBot[Any]) -> None:
    """Take away a webhook that is set: with one, Telegram answers no poll. Raises TelegramError."""
    info = await bot.get_webhook_info()
    if info.url:
        log.warning("a webhook was set; it is removed, as this bot polls")
        await bot.delete_webhook()
