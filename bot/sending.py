"""Turn a due check-in into a message, and every error on the way into one of five reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from telegram.constants import ParseMode
from telegram.error import TelegramError
from telegram.ext import ExtBot

from bot.errors import Failure, classify
from bot.pacing import NotWanted, Reminder
from bot.views import check_ins
from bot.views.screen import Screen
from content.model import Library
from scheduler.deliver import FatalSendError
from scheduler.due import Begin, DueCheckIn, Report

log = structlog.get_logger(__name__)


class Sender:
    """Send check-ins through a bot whose rate limiter is ours."""

    def __init__(self, bot: ExtBot[Any], library: Library, clock: Callable[[], datetime]) -> None:
        """Send nothing yet."""
        self._bot = bot
        self._library = library
        self._clock = clock

    async def send(self, due: DueCheckIn, begin: Begin) -> Report:
        """Send one check-in. `begin` is asked when its turn has come, just before the request leaves.

        Raises FatalSendError when Telegram refuses the token.
        """
        screen = check_ins.due(self._library, due)
        patience = max(0.0, (due.expires_at - self._clock()).total_seconds())
        try:
            message = await self._bot.send_message(
                due.chat_id,
                screen.text,
                parse_mode=ParseMode.HTML,
                api_kwargs=buttons(screen),
                rate_limit_args=Reminder(give_up_after=patience, begin=begin),
            )
        except NotWanted:
            return Report("not_sent", why="not wanted")
        except TelegramError as error:
            return self._report(due, classify(error))
        await self._close_old(due)
        return Report("sent", message_id=message.message_id)

    def _report(self, due: DueCheckIn, failure: Failure) -> Report:
        log.info("a check-in was not sent", check_in=due.id, kind=failure.kind, reason=failure.reason)
        match failure.kind:
            case "fatal":
                raise FatalSendError(failure.reason)
            case "wait":
                return Report("not_sent", why=failure.reason, retry_in=timedelta(seconds=failure.retry_after or 60))
            case "not_sent" | "conflict":
                return Report("not_sent", why=failure.reason)
            case "unknown":
                return Report("unknown", why=failure.reason)
            case "gone" | "moved":
                # Groups move, private chats do not; nothing is ever sent to a group.
                return Report("gone", why=failure.reason)
            case _:
                return Report("failed", why=failure.reason)

    async def _close_old(self, due: DueCheckIn) -> None:
        """Take the buttons off the message that this one takes the place of. Failing is harmless."""
        if due.closes_message_id is None:
            return
        try:
            await self._bot.edit_message_reply_markup(chat_id=due.chat_id, message_id=due.closes_message_id)
        except TelegramError as error:
            log.debug("old buttons stay", error=type(error).__name__)


def buttons(screen: Screen) -> dict[str, str] | None:
    """Return the keyboard as it travels: the library's objects of it would cost a quarter of a whole sending."""
    if not screen.rows:
        return None
    rows = [
        [
            {"text": button.label, "callback_data": button.data} | ({"style": button.style} if button.style else {})
            for button in row
        ]
        for row in screen.rows
    ]
    return {"reply_markup": json.dumps({"inline_keyboard": rows})}
