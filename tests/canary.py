"""Log all that a test run can log into a file, and write down what must not be in it. For `pytest -p tests.canary`."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from bot import logs
from bot.phone.people import Person
from bot.phone.server import Phone

# Gets log.txt and secrets.json.
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


@pytest.hookimpl
def pytest_unconfigure() -> None:
    """Leave the list for the test that started the run."""
    (FOLDER / "secrets.json").write_text(json.dumps(sorted(_secrets)), encoding="utf-8")
