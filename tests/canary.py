"""Write down all that a test run logs and shows to its operators, and what must not be in it.

For `pytest -p tests.canary`.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from bot import logs
from bot.metrics import Metrics
from bot.phone.people import Person
from bot.phone.server import Phone
from bot.program import Program
from bot.web import make_app

# Gets log.txt, shown.txt (health and metrics, as they read at each program's end) and secrets.json.
FOLDER = Path(os.environ.get("CALCIBOT_CANARY", "."))

# For the control: let libraries log what they like.
IS_OPEN = bool(os.environ.get("CALCIBOT_CANARY_OPEN"))

_secrets: set[str] = set()


def pytest_configure() -> None:
    """Set the logs up as the program does, at DEBUG, and then ask even more of the libraries."""
    if IS_OPEN:
        logs._OwnWordsOnly.filter = lambda _self, _record: True  # type: ignore[method-assign]  # the control
    logs.set_up_logs("DEBUG", "json")
    for name in logs.TALKATIVE:
        logging.getLogger(name).setLevel(logging.DEBUG)
    for handler in logging.root.handlers:
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream((FOLDER / "log.txt").open("a", encoding="utf-8", errors="backslashreplace"))
    _overhear()
    _look()


def _overhear() -> None:
    """Note every text, name, number and token of the run."""
    writes, person = Person.writes, Phone.person

    def noted_writes(self: Person, text: str, **more: Any) -> Any:
        if not text.startswith("/"):
            _secrets.add(text)
        return writes(self, text, **more)

    def noted_person(self: Phone, token: str, name: str, **more: Any) -> Person:
        new = person(self, token, name, **more)
        _secrets.update({token, name, str(new.id)})
        return new

    Person.writes = noted_writes  # type: ignore[method-assign]  # only in this run
    Phone.person = noted_person  # type: ignore[method-assign]  # only in this run


def _look() -> None:
    """Ask each program for its health and metrics before it ends."""
    close, counted = Program.close, Metrics.update_ended

    async def seen_close(self: Program) -> None:
        app = make_app(self.health, self.house.metrics, None)
        for route in app.routes:
            answer = await route.endpoint(Request({"type": "http"}))  # type: ignore[attr-defined]  # a Route
            with (FOLDER / "shown.txt").open("ab") as file:
                file.write(answer.body + b"\n")
        await close(self)

    def tells_all(self: Metrics, raw: Any, *more: Any) -> None:
        self._refusals.labels(json.dumps(raw)).inc()
        counted(self, raw, *more)

    Program.close = seen_close  # type: ignore[method-assign]  # only in this run
    if IS_OPEN:
        Metrics.update_ended = tells_all  # type: ignore[method-assign]  # the control


@pytest.hookimpl
def pytest_unconfigure() -> None:
    """Leave the list for the test that started the run."""
    (FOLDER / "secrets.json").write_text(json.dumps(sorted(_secrets)), encoding="utf-8")
