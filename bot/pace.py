"""Say how a send may wait for its turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

Begin = Callable[[], Awaitable[bool]]

# A send without a limit of its own is not worth more waiting than this.
GIVE_UP_SECONDS: Final = 60.0


class NotWanted(Exception):  # noqa: N818  # nothing went wrong
    """The turn came, and the message is not wanted any more."""


class Priority(IntEnum):
    """Order those who wait; the lowest goes first."""

    ANSWER = 0
    REMINDER = 1


@dataclass(frozen=True, slots=True)
class Pace:
    """Say how a send may wait; given as `rate_limit_args`. `give_up_after` is in seconds from the call.

    `begin` is asked once, when the turn has come; if it says False nothing is sent, and NotWanted is raised.
    """

    priority: Priority = Priority.ANSWER
    give_up_after: float = GIVE_UP_SECONDS
    begin: Begin | None = None


@dataclass(frozen=True, slots=True)
class Reminder(Pace):
    """Let a send wait behind all answers."""

    priority: Priority = Priority.REMINDER
