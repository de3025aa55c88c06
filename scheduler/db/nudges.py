"""Decide about the one reminder of a check-in that nobody answers: pure, of its row and the moment."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from scheduler.cadence import QuietHours, quiet

NUDGE_AFTER = timedelta(days=1)

NUDGE_PATIENCE = timedelta(hours=12)

# Of those sent in one moment most have the same night.
_quiet = lru_cache(maxsize=2000)(quiet)


def nudge_at(zone: ZoneInfo, next_due_at: datetime | None, hours: QuietHours, now: datetime) -> datetime | None:
    """Return when to remind once of what is sent first: the next day, if the next one is not due by then."""
    at = _quiet(now + NUDGE_AFTER, zone, *hours)
    return at if next_due_at is None or at + NUDGE_AFTER <= next_due_at else None


def is_wanted(row: Row[*tuple[Any, ...]], now: datetime) -> bool:
    """Return whether a reminder whose time has come is sent: not for what is answered, nor long after its day.

    Nor while the person wants nothing of this plan.
    """
    if row.answered_at or row.closed_at or now - row.wake_at > NUDGE_PATIENCE:
        return False
    is_away = row.away_until is not None and now.astimezone(ZoneInfo(row.plan_zone)).date() < row.away_until
    return not (row.paused_at or row.stopped_at or row.suspended_at or is_away)
