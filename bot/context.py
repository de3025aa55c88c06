"""Give every handler what it needs, typed: the house, and the update's own moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telegram.ext import Application, CallbackContext, ExtBot

from bot.clock import Clock
from bot.metrics import Metrics
from content.model import Library
from scheduler.db.engine import Database
from scheduler.db.retention import Terms


@dataclass(frozen=True)
class House:
    """Hold what is built once and lives as long as the program."""

    library: Library
    database: Database
    clock: Clock
    new_id: Callable[[], str]
    # Wakes the deliverer when a plan was set or moved, so that it need not find out by itself.
    wake: Callable[[], None]
    metrics: Metrics
    # How long things are kept.
    terms: Terms


class Context(CallbackContext[ExtBot[None], dict[Any, Any], dict[Any, Any], dict[Any, Any]]):
    """Carry the house to a handler. python-telegram-bot's own data stores are not used: they live in memory."""

    @property
    def house(self) -> House:
        """Return what the program was built with."""
        application = self.application
        assert isinstance(application, HouseApplication)  # the builder below makes no other
        return application.house

    @property
    def library(self) -> Library:
        """Return the reviewed content."""
        return self.house.library

    @property
    def database(self) -> Database:
        """Return the database."""
        return self.house.database

    def now(self) -> datetime:
        """Return the time, aware UTC. Read it once a unit of work and pass it down."""
        return self.house.clock()


class HouseApplication(Application[Any, Any, Any, Any, Any, Any]):
    """Hand a handler's error to the intake, which decides whether the update is tried again."""

    __slots__ = ("house",)

    def __init__(self, *, house: House, **kwargs: Any) -> None:  # noqa: ANN401  # python-telegram-bot's own parts
        """Keep the house beside python-telegram-bot's own parts."""
        super().__init__(**kwargs)
        self.house = house

    async def process_error(
        self, update: object, error: Exception, job: object = None, coroutine: object = None
    ) -> bool:
        """Raise `error`: swallowed here, it would count as handled."""
        raise error
