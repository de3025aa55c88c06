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
from telegram.request import RequestData

# The library has no other name for what its own methods make of their arguments.
from telegram.request._requestparameter import RequestParameter

from bot.errors import Failure, MaybeSent, classify
from bot.pacing import NotWanted, Pacing, Reminder
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
        assert isinstance(bot.rate_limiter, Pacing)
        self._bot, self._pacing = bot, bot.rate_limiter
        self._library = library
        self._clock = clock

    async def send(self, due: DueCheckIn, begin: Begin) -> Report:
        """Send one check-in. `begin` is asked when its turn has come, just before the request leaves.

        Raises FatalSendError when Telegram refuses the token.
        """
        screen = check_ins.due(self._library, due)
        patience = max(0.0, (due.expires_at - self._clock()).total_seconds())
        try:
            message_id = await self._post(due.chat_id, screen, Reminder(give_up_after=patience, begin=begin))
        except NotWanted:
            return Report("not_sent", why="not wanted")
        except TelegramError as error:
            return self._report(due, classify(error))
        await self._close_old(due)
        return Report("sent", message_id=message_id)

    async def _post(self, chat_id: int, screen: Screen, pace: Reminder) -> int:
        """Do as `Bot.send_message` does, and return the number of the message.

        The library's objects of all that goes out and comes back would cost a third of a whole sending.
        """
        data = {"chat_id": chat_id, "text": screen.text, "parse_mode": ParseMode.HTML, **buttons(screen)}
        body = RequestData([RequestParameter(name, value, None) for name, value in data.items()])
        url = f"{self._bot.base_url}/sendMessage"
        answer = await self._pacing.process_request(self._bot.request.post, (url, body), {}, "sendMessage", data, pace)
        message_id = answer.get("message_id") if isinstance(answer, dict) else None
        if not isinstance(message_id, int):
            raise MaybeSent("the answer is no message")
        return message_id

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


def buttons(screen: Screen) -> dict[str, str]:
    """Return the keyboard as it travels, if there is one."""
    if not screen.rows:
        return {}
    rows = [
        [
            {"text": button.label, "callback_data": button.data} | ({"style": button.style} if button.style else {})
            for button in row
        ]
        for row in screen.rows
    ]
    return {"reply_markup": json.dumps({"inline_keyboard": rows})}
