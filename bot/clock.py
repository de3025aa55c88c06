"""Tell the time. Everything else is given `now`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Return the operating system's time, aware, UTC."""
    return datetime.now(UTC)
