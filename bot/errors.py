"""Say what a failed call to Telegram means: was it sent, may it be repeated, is the chat gone?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

import aiohttp
from aiohttp.client_exceptions import UnixClientConnectorError
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    PassportDecryptionError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

Kind = Literal[
    "sent",  # it is as we wanted it
    "not_sent",  # it never left: try again, as often as needed
    "unknown",  # it may have arrived, and Telegram cannot be asked: one repeat at most
    "wait",  # refused for now: the same call again after `retry_after` seconds; not an attempt
    "gone",  # nothing reaches this person any more: suspend
    "moved",  # the chat has `new_chat_id` now
    "stale",  # the message it names is gone: send a new one
    "too_old",  # a press was answered too late; the press itself still counts
    "unparsable",  # our markup was refused: once more as plain text
    "failed",  # this message only, and it would fail again; says nothing about the person
    "conflict",  # another program takes this bot's updates
    "fatal",  # the token is refused: stop all sending, keep what is due
]

# A 429 that does not say how long: Telegram's own guard asks for this much.
UNSAID_WAIT_SECONDS: Final = 60.0

# Nothing may silence the bot for longer than this, whatever number a server sends.
LONGEST_WAIT_SECONDS: Final = 86_400.0


class NotSent(NetworkError):  # noqa: N818  # PTB's own are named TimedOut, Forbidden, Conflict
    """The request never left: no connection, no name, no TLS, no free slot."""


class MaybeSent(NetworkError):  # noqa: N818  # as above
    """The request left, or part of it; whether Telegram acted on it cannot be known."""


class NotSentInTime(NotSent, TimedOut):
    """No connection could be had in time."""


class NotAnsweredInTime(MaybeSent, TimedOut):
    """Telegram did not take the request or did not answer it in time."""


class Flooded(RetryAfter):
    """Telegram asks for a pause. `retry_after` is a timedelta: PTB's own will be one, and warns until then."""

    def __init__(self, seconds: float) -> None:
        """Take seconds; at least one, at most a day."""
        # First of all: PTB's initializer reads the property.
        self._pause = timedelta(seconds=min(max(seconds, 1.0), LONGEST_WAIT_SECONDS))
        super().__init__(self._pause)

    @property
    def retry_after(self) -> timedelta:
        """Return the pause that is asked for."""
        return self._pause


@dataclass(frozen=True, slots=True)
class Failure:
    """Say what became of one call. `reason` is our own word: safe to log and to store, unlike the error's text."""

    kind: Kind
    reason: str
    retry_after: float | None = None
    new_chat_id: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Match errors of these classes whose text holds `words` (lower case; empty matches all)."""

    classes: tuple[type[BaseException], ...]
    words: str
    kind: Kind
    reason: str


# The first rule that matches wins, so the order is from the most to the least specific. A test walks every class of
# telegram.error and of aiohttp's client: each is named here, so that a new one in an upgrade is decided by a person.
RULES: Final[tuple[Rule, ...]] = (
    # What the transport found out.
    Rule((NotSentInTime, NotSent), "", "not_sent", "no connection"),
    Rule((NotAnsweredInTime, MaybeSent), "", "unknown", "no answer"),
    # 400
    Rule((BadRequest,), "message is not modified", "sent", "not modified"),
    Rule((BadRequest,), "query is too old", "too_old", "query too old"),
    Rule((BadRequest,), "message to edit not found", "stale", "message gone"),
    Rule((BadRequest,), "message can't be edited", "stale", "message gone"),
    Rule((BadRequest,), "message to delete not found", "stale", "message gone"),
    Rule((BadRequest,), "message can't be deleted", "stale", "message gone"),
    Rule((BadRequest,), "message to be replied not found", "stale", "message gone"),
    Rule((BadRequest,), "message_id_invalid", "stale", "message gone"),
    Rule((BadRequest,), "chat not found", "gone", "chat not found"),
    Rule((BadRequest,), "peer_id_invalid", "gone", "chat not found"),
    Rule((BadRequest,), "can't parse entities", "unparsable", "markup refused"),
    Rule((BadRequest,), "message is too long", "failed", "too long"),
    Rule((BadRequest,), "reply markup is too long", "failed", "keyboard too long"),
    Rule((BadRequest,), "button_data_invalid", "failed", "button data invalid"),
    Rule((BadRequest,), "", "failed", "refused (400)"),
    Rule((ChatMigrated,), "", "moved", "chat moved"),
    # 401, and 404 for a token or a method that does not exist
    Rule((InvalidToken,), "", "fatal", "token refused"),
    Rule((EndPointNotFound,), "", "failed", "no such method"),
    # 403
    Rule((Forbidden,), "bot was blocked by the user", "gone", "blocked"),
    Rule((Forbidden,), "user is deactivated", "gone", "deactivated"),
    Rule((Forbidden,), "bot was kicked", "gone", "kicked"),
    Rule((Forbidden,), "group chat was deleted", "gone", "chat deleted"),
    Rule((Forbidden,), "bot is not a member", "gone", "not a member"),
    Rule((Forbidden,), "bot can't initiate conversation", "gone", "never started"),
    Rule((Forbidden,), "can't send messages to bots", "gone", "a bot"),
    Rule((Forbidden,), "", "failed", "refused (403)"),
    Rule((Conflict,), "", "conflict", "another poller"),
    # 429, with and without a number
    Rule((Flooded, RetryAfter), "", "wait", "flood limit"),
    Rule((NetworkError,), "too many requests", "wait", "flood limit"),
    Rule((NetworkError,), "request entity too large", "failed", "too large (413)"),
    # 5xx, answers that are not JSON, and errors of another transport than ours
    Rule((TimedOut, NetworkError), "", "unknown", "server error"),
    Rule((PassportDecryptionError,), "", "failed", "passport"),
    Rule((TelegramError,), "", "unknown", "other error"),
    # aiohttp, for the transport. A redirect came after the request was sent, so it stands before the bad addresses.
    Rule(
        (
            aiohttp.RedirectClientError,
            aiohttp.InvalidUrlRedirectClientError,
            aiohttp.NonHttpUrlRedirectClientError,
            aiohttp.TooManyRedirects,
        ),
        "",
        "unknown",
        "redirected",
    ),
    Rule(
        (
            aiohttp.ClientConnectorError,
            aiohttp.ClientConnectorCertificateError,
            aiohttp.ClientConnectorDNSError,
            aiohttp.ClientConnectorSSLError,
            aiohttp.ClientHttpProxyError,
            aiohttp.ClientProxyConnectionError,
            aiohttp.ClientSSLError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.InvalidURL,
            aiohttp.InvalidUrlClientError,
            aiohttp.NonHttpUrlClientError,
            aiohttp.ServerFingerprintMismatch,
            UnixClientConnectorError,
        ),
        "",
        "not_sent",
        "no connection",
    ),
    # A connection that was kept open and is closed by the server just as we write looks like any other lost answer.
    # Nothing tells whether the request was read, so it is not repeated as if it had never been sent.
    Rule(
        (
            aiohttp.ClientConnectionError,
            aiohttp.ClientConnectionResetError,
            aiohttp.ClientError,
            aiohttp.ClientOSError,
            aiohttp.ClientPayloadError,
            aiohttp.ClientResponseError,
            aiohttp.ContentTypeError,
            aiohttp.ServerConnectionError,
            aiohttp.ServerDisconnectedError,
            aiohttp.ServerTimeoutError,
            aiohttp.SocketTimeoutError,
            aiohttp.UploadAbortedError,
            aiohttp.WSMessageTypeError,
            aiohttp.WSServerHandshakeError,
        ),
        "",
        "unknown",
        "no answer",
    ),
)


def classify(error: BaseException) -> Failure:
    """Return what the error means. One that nobody has thought of is "unknown": it may have been sent."""
    text = str(error).casefold()
    for rule in RULES:
        if isinstance(error, rule.classes) and rule.words in text:
            return Failure(
                rule.kind,
                rule.reason,
                retry_after=_wait(error, text) if rule.kind == "wait" else None,
                new_chat_id=error.new_chat_id if isinstance(error, ChatMigrated) else None,
            )
    return Failure("unknown", "unexpected error")


def seconds_in(text: str) -> float:
    """Return the seconds that the text of a 429 names, or the usual pause if it names none."""
    found = re.search(r"retry after (\d{1,9})", text.casefold())
    return float(found[1]) if found else UNSAID_WAIT_SECONDS


def _wait(error: BaseException, text: str) -> float:
    if not isinstance(error, RetryAfter):
        return min(seconds_in(text), LONGEST_WAIT_SECONDS)
    after = error.retry_after
    return after.total_seconds() if isinstance(after, timedelta) else float(after)
