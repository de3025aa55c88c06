"""Hold the meaning of every failed call."""

from __future__ import annotations

import inspect
import warnings

import aiohttp
import pytest
import telegram.error
from aiohttp import client_exceptions
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

import bot.errors
from bot.errors import RULES, Failure, Flooded, MaybeSent, NotAnsweredInTime, NotSent, NotSentInTime, classify


def exceptions_of(module: object) -> set[type[BaseException]]:
    """Return every exception class that is defined in the module."""
    return {
        item
        for item in vars(module).values()
        if inspect.isclass(item) and issubclass(item, BaseException) and item.__module__ == module.__name__
    }


@pytest.mark.case(49)
@pytest.mark.parametrize("module", [telegram.error, client_exceptions, bot.errors], ids=lambda module: module.__name__)
def test_every_class_of_error_has_a_rule_of_its_own(module: object) -> None:
    classes = exceptions_of(module)

    named = {item for rule in RULES for item in rule.classes}

    assert len(classes) > 4
    assert not classes - named


@pytest.mark.case(49)
@pytest.mark.parametrize("error", [KeyError("result"), TimeoutError(), OSError(32, "pipe"), KeyboardInterrupt()])
def test_an_error_that_nobody_thought_of_may_have_been_sent(error: BaseException) -> None:
    failure = classify(error)

    assert failure.kind == "unknown"


def test_no_rule_is_hidden_behind_an_earlier_one() -> None:
    hidden = [
        (later.classes, later.words)
        for place, later in enumerate(RULES)
        for earlier in RULES[:place]
        if earlier.words in later.words and all(issubclass(item, earlier.classes) for item in later.classes)
    ]

    assert hidden == []


# The reliability case, an answer as the Bot API server words it and PTB makes it into an error, and what it means.
ANSWERS = [
    (29, BadRequest("Bad Request: message is not modified: specified new message content"), "sent"),
    (30, BadRequest("Bad Request: query is too old and response timeout expired or query ID is invalid"), "too_old"),
    (31, BadRequest("Bad Request: message to edit not found"), "stale"),
    (31, BadRequest("Bad Request: message can't be edited"), "stale"),
    (31, BadRequest("Bad Request: MESSAGE_ID_INVALID"), "stale"),
    (31, BadRequest("Bad Request: message to delete not found"), "stale"),
    (32, BadRequest("Bad Request: chat not found"), "gone"),
    (32, BadRequest("Bad Request: PEER_ID_INVALID"), "gone"),
    (33, BadRequest("Bad Request: something quite new"), "failed"),
    (34, Forbidden("Forbidden: bot was blocked by the user"), "gone"),
    (34, Forbidden("Forbidden: user is deactivated"), "gone"),
    (34, Forbidden("Forbidden: bot was kicked from the supergroup chat"), "gone"),
    (34, Forbidden("Forbidden: the group chat was deleted"), "gone"),
    (34, Forbidden("Forbidden: bot is not a member of the channel chat"), "gone"),
    (34, Forbidden("Forbidden: bot can't initiate conversation with a user"), "gone"),
    (34, Forbidden("Forbidden: bots can't send messages to bots"), "gone"),
    (35, Forbidden("Forbidden: something quite new"), "failed"),
    (41, TimedOut(), "unknown"),
    (41, NotAnsweredInTime(), "unknown"),
    (41, aiohttp.SocketTimeoutError(), "unknown"),
    (42, MaybeSent("maybe"), "unknown"),
    (42, aiohttp.ServerDisconnectedError(), "unknown"),
    (43, NotSent("not"), "not_sent"),
    (43, NotSentInTime(), "not_sent"),
    (43, aiohttp.ConnectionTimeoutError(), "not_sent"),
    (44, NetworkError("Internal Server Error: restart"), "unknown"),
    (44, NetworkError("Bad Gateway (502)"), "unknown"),
    (45, InvalidToken("Unauthorized"), "fatal"),
    (45, InvalidToken("Not Found"), "fatal"),
    (46, BadRequest("Bad Request: can't parse entities: Unclosed start tag"), "unparsable"),
    (47, BadRequest("Bad Request: message is too long"), "failed"),
    (48, BadRequest("Bad Request: BUTTON_DATA_INVALID"), "failed"),
    (49, TelegramError("Invalid server response"), "unknown"),
    (49, NetworkError("Request Entity Too Large"), "failed"),
    (49, Conflict("Conflict: terminated by other getUpdates request"), "conflict"),
    (49, aiohttp.InvalidUrlClientError("x"), "not_sent"),
    (49, aiohttp.InvalidUrlRedirectClientError("x"), "unknown"),
]


@pytest.mark.parametrize(
    ("error", "kind"), [pytest.param(error, kind, marks=pytest.mark.case(case)) for case, error, kind in ANSWERS]
)
def test_an_answer_means_what_the_server_meant(error: BaseException, kind: str) -> None:
    failure = classify(error)

    assert failure.kind == kind


@pytest.mark.parametrize("error", [error for _, error, _ in ANSWERS])
def test_a_reason_is_one_of_our_own_words(error: BaseException) -> None:
    failure = classify(error)

    assert failure.reason in {rule.reason for rule in RULES}


@pytest.mark.case(37)
def test_a_moved_chat_brings_its_new_id() -> None:
    failure = classify(ChatMigrated(-100123))

    assert failure == Failure("moved", "chat moved", new_chat_id=-100123)


def test_a_pause_is_told_in_seconds() -> None:
    with warnings.catch_warnings(action="ignore"):
        ptb = RetryAfter(7)

        failures = [classify(ptb), classify(Flooded(7))]

    assert failures == [Failure("wait", "flood limit", retry_after=7.0)] * 2


@pytest.mark.case(39)
@pytest.mark.parametrize(
    ("text", "seconds"),
    [("Too Many Requests: retry after 12", 12.0), ("Too Many Requests (429)", 60.0), ("Too Many Requests", 60.0)],
)
def test_a_429_without_parameters_is_read_from_its_text_or_lasts_a_minute(text: str, seconds: float) -> None:
    failure = classify(NetworkError(text))

    assert (failure.kind, failure.retry_after) == ("wait", seconds)


@pytest.mark.parametrize(("said", "kept"), [(0, 1), (-5, 1), (30, 30), (10**12, 86_400), (float("inf"), 86_400)])
def test_no_number_of_a_server_can_silence_the_bot_for_ever(said: float, kept: float) -> None:
    pause = Flooded(said).retry_after

    assert pause.total_seconds() == kept
