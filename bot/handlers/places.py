"""Read where a person is: a typed place, or the time that it is for them now."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from zoneinfo import ZoneInfo

from content.model import Library
from content.reading.schedule import read_schedule
from content.reading.schedule_model import Ask
from content.reading.topics import find_topic
from scheduler.zones import Suggestion, find_zones, zones_with_local_time

_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}(?:\s*[ap]\.?m)?|\d{1,2}\s*[ap]\.?m", re.IGNORECASE)


# Where most speakers of a phone's language share one zone. English, Spanish, Portuguese and others tell nothing.
_HOMES: Mapping[str, str] = {
    "en-gb": "Europe/London", "pt-br": "America/Sao_Paulo", "de": "Europe/Berlin", "fr": "Europe/Paris",
    "it": "Europe/Rome", "nl": "Europe/Amsterdam", "pl": "Europe/Warsaw", "cs": "Europe/Prague",
    "sv": "Europe/Stockholm", "da": "Europe/Copenhagen", "fi": "Europe/Helsinki", "el": "Europe/Athens",
    "hu": "Europe/Budapest", "ro": "Europe/Bucharest", "bg": "Europe/Sofia", "uk": "Europe/Kyiv",
    "tr": "Europe/Istanbul", "he": "Asia/Jerusalem", "fa": "Asia/Tehran", "hi": "Asia/Kolkata", "th": "Asia/Bangkok",
    "vi": "Asia/Ho_Chi_Minh", "ja": "Asia/Tokyo", "ko": "Asia/Seoul", "zh-hans": "Asia/Shanghai",
}  # fmt: skip


def first_guess(language_code: str | None) -> str:
    """Return the zone to offer before anything is known: the one that fits the phone's language, or UTC."""
    code = (language_code or "").lower()
    return _HOMES.get(code) or _HOMES.get(code.partition("-")[0]) or "UTC"


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
