"""A clock that only moves when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

# A Sunday.
START = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class StillClock:
    """Stand still at `now` until moved."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **step: float) -> None:
        """Move by a timedelta's arguments."""
        self.now += timedelta(**step)

    def move_to(self, now: datetime) -> None:
        """Move to an aware instant."""
        self.now = now
