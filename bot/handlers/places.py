"""Read where a person is: a typed place, or the time that it is for them now."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from content.model import Library
from content.reading.schedule import read_schedule
from content.reading.schedule_model import Ask
from content.reading.topics import find_topic
from scheduler.zones import Suggestion, find_zones, zones_with_local_time

_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}(?:\s*[ap]\.?m)?|\d{1,2}\s*[ap]\.?m", re.IGNORECASE)


def zones_for(library: Library, text: str, now: datetime) -> Sequence[Suggestion]:
    """Return zones for a typed place, or for the time there now ("it's 3pm here"); none for what is neither.

    A question or a word of thanks is no place, whatever town it is spelt like.
    """
    clock = _CLOCK.search(text)
    if clock is not None and (wall := clock_time(library, clock[0], now, ZoneInfo("UTC"))) is not None:
        return zones_with_local_time(now, wall)
    found = find_zones(text, now)
    is_named = any(one.city.casefold() == text.strip().casefold() for one in found)
    return found if is_named or find_topic(text, library.index).topic is None else ()


def clock_time(library: Library, text: str, now: datetime, local: ZoneInfo) -> time | None:
    """Return the time of day that a text is, and nothing else: "7pm" is what makes "every day 7pm" a schedule."""
    read = read_schedule(f"{library.phrases.plain('plan.daily')} {text}", now, local, library.words)
    return None if isinstance(read, Ask) or read.freq != "daily" or read.interval != 1 else read.time
