"""The phone's clock: real time, moved forward on demand."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def real_time() -> datetime:
    """Return the time of this machine, aware, in UTC."""
    return datetime.now(UTC)


class ShiftedClock:
    """Real UTC plus an offset that only grows; call it for the time."""

    def __init__(self, offset: timedelta = timedelta(0), source: Clock = real_time) -> None:
        self.offset = offset
        self._source = source
        self._keep: Callable[[timedelta], None] = lambda _: None

    def __call__(self) -> datetime:
        return self._source() + self.offset

    def advance(self, by: timedelta) -> datetime:
        """Move forward and return the new time; a step back raises ValueError, since due work would run twice."""
        if by < timedelta(0):
            raise ValueError("the phone's clock only moves forward")
        self.offset += by
        self._keep(self.offset)
        return self()

    def kept_by(self, keep: Callable[[timedelta], None]) -> None:
        """Hand every new offset to `keep`, so that a restart finds it."""
        self._keep = keep
