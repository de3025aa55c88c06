"""Overhear all that programs log and show to their operators, and what must not be in it."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

import pytest
import structlog
from starlette.requests import Request

from bot import logs
from bot.metrics import Metrics
from bot.phone.people import Person
from bot.phone.server import Phone
from bot.program import Program
from bot.web import make_app


@dataclass
class Overheard:
    """Hold the log, what health and metrics read at each program's end, and every text, name, number and token."""

    log: StringIO = field(default_factory=StringIO)
    shown: StringIO = field(default_factory=StringIO)
    secrets: set[str] = field(default_factory=set)


@contextmanager
def overhearing(*, is_open: bool = False) -> Iterator[Overheard]:
    """Listen to all that runs in this process from here on; everything is put back after.

    When `is_open`, as in a control, libraries log what they like and a metric holds what was said. An engine of
    SQLAlchemy asks once whether it is to log: one that was made before is not heard.
    """
    heard = Overheard()
    with pytest.MonkeyPatch.context() as patch, _logging_everything(heard.log):
        if is_open:
            patch.setattr(logs._OwnWordsOnly, "filter", lambda _self, _record: True)
            patch.setattr(Metrics, "update_ended", _telling_all(Metrics.update_ended))
        _note_secrets(patch, heard.secrets)
        _look(patch, heard.shown)
        yield heard


@contextmanager
def _logging_everything(written: StringIO) -> Iterator[None]:
    """Set the logs up as the program does, at DEBUG, and then ask even more of the libraries."""
    talkative = [logging.getLogger(name) for name in logs.TALKATIVE]
    levels = [logger.level for logger in talkative]
    before = logging.root.handlers, logging.root.level, structlog.get_config(), sys.excepthook
    logs.set_up_logs("DEBUG", "json")
    for logger in talkative:
        logger.setLevel(logging.DEBUG)
    for handler in logging.root.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(written)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        logging.root.handlers, _, config, sys.excepthook = before
        logging.root.setLevel(before[1])
        structlog.configure(**config)
        for logger, level in zip(talkative, levels, strict=True):
            logger.setLevel(level)


def _note_secrets(patch: pytest.MonkeyPatch, secrets: set[str]) -> None:
    writes, person = Person.writes, Phone.person

    def noted_writes(self: Person, text: str, **more: Any) -> Any:
        if not text.startswith("/"):
            secrets.add(text)
        return writes(self, text, **more)

    def noted_person(self: Phone, token: str, name: str, **more: Any) -> Person:
        new = person(self, token, name, **more)
        secrets.update({token, name, str(new.id)})
        return new

    patch.setattr(Person, "writes", noted_writes)
    patch.setattr(Phone, "person", noted_person)


def _look(patch: pytest.MonkeyPatch, shown: StringIO) -> None:
    """Ask each program for its health and metrics before it ends."""
    close = Program.close

    async def seen_close(self: Program) -> None:
        app = make_app(self.health, self.house.metrics, None)
        for route in app.routes:
            answer = await route.endpoint(Request({"type": "http"}))  # type: ignore[attr-defined]  # a Route
            shown.write(answer.body.decode() + "\n")
        await close(self)

    patch.setattr(Program, "close", seen_close)


def _telling_all(counted: Any) -> Any:
    def tells_all(self: Metrics, raw: Any, *more: Any) -> None:
        self._refusals.labels(json.dumps(raw)).inc()
        counted(self, raw, *more)

    return tells_all
