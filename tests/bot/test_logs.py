"""Logs say what happened and to which row, and never what anybody wrote, who they are, or the token."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
import structlog

from bot.logs import set_up_logs
from scheduler.db import migrate

ROOT = Path(__file__).parents[2]
TOKEN = f"123456789:{'A' * 35}"
CANARY = "canary-2357 it weeps"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Return what is logged from here on, at DEBUG; everything is put back after."""
    before = logging.root.handlers, logging.root.level, structlog.get_config(), sys.excepthook
    set_up_logs("DEBUG", "json")
    written = StringIO()
    handler = logging.root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(written)
    yield written
    logging.captureWarnings(capture=False)
    logging.root.handlers, logging.root.level, config, sys.excepthook = before
    structlog.configure(**config)


def test_making_the_tables_of_a_first_start_is_silent(log: StringIO, tmp_path: Path) -> None:
    migrate.upgrade(f"sqlite:///{tmp_path / 'calcibot.db'}")

    assert log.getvalue() == ""


@pytest.mark.parametrize("name", ["telegram.ext", "httpx", "a.library.nobody.has.thought.of", "py.warnings"])
def test_a_library_may_say_that_something_happened_but_not_what(log: StringIO, name: str) -> None:
    try:
        int(CANARY)
    except ValueError:
        logging.getLogger(name).exception("failed on %s with %s", CANARY, TOKEN)

    assert json.loads(log.getvalue())["event"] == f"{name} reports ValueError"
    assert CANARY not in log.getvalue()
    assert TOKEN not in log.getvalue()


def test_our_own_errors_are_named_by_class_and_place_without_their_message(log: StringIO) -> None:
    try:
        int(CANARY)
    except ValueError:
        structlog.get_logger("bot.intake").exception("an update failed", attempt=1)

    line = json.loads(log.getvalue())
    assert (line["event"], line["error"], line["attempt"]) == ("an update failed", "ValueError", 1)
    assert line["at"][-1].startswith(__name__)
    assert CANARY not in log.getvalue()


def test_a_token_in_a_line_of_our_own_is_struck_out(log: StringIO) -> None:
    structlog.get_logger("bot.somewhere").warning("look", url=f"https://host/bot{TOKEN}/getMe")

    assert TOKEN not in log.getvalue()
    assert "<token>" in log.getvalue()


def test_what_ends_the_program_is_logged_without_its_message(log: StringIO) -> None:
    try:
        int(CANARY)
    except ValueError:
        kind, error, trace = sys.exc_info()
        assert kind is not None
        assert error is not None
        sys.excepthook(kind, error, trace)

    assert json.loads(log.getvalue())["error"] == "ValueError"
    assert CANARY not in log.getvalue()
