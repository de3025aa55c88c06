"""Write dates, times and rhythms as people read them."""

from __future__ import annotations

from datetime import date, datetime, time
from html import escape
from zoneinfo import ZoneInfo

from content.phrases import Phrases
from scheduler.cadence import Nominal
from scheduler.rule import Cadence

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# Telegram shows the instant in the reader's own zone: weekday, day, month and time, so that a wrong zone is seen.
TELEGRAM_TIME = "wDt"


def moment(phrases: Phrases, local: datetime) -> str:
    """Return "Tuesday, 1 December 2026, 19:00" for a local time."""
    return phrases.plain("when.at", **_words(phrases, local.date()), time=local.strftime("%H:%M"))


def instant(phrases: Phrases, at: datetime, zone: str) -> str:
    """Return the local date and time of an aware datetime in `zone`."""
    return moment(phrases, at.astimezone(ZoneInfo(zone)))


def nominal(phrases: Phrases, text: str) -> str:
    """Return the date and time of a nominal time as stored."""
    value = Nominal.parse(text)
    return phrases.plain("when.at", **_words(phrases, value.day), time=value.at.isoformat("minutes"))


def nominal_day(phrases: Phrases, text: str) -> str:
    """Return the date of a nominal time as stored, such as "1 December 2026"."""
    return day(phrases, Nominal.parse(text).day)


def day(phrases: Phrases, value: date) -> str:
    """Return "1 December 2026"."""
    words = _words(phrases, value)
    return f"{words['day']} {words['month']} {words['year']}"


def full_day(phrases: Phrases, value: date) -> str:
    """Return "Tuesday, 1 December 2026"."""
    return phrases.plain("when.date", **_words(phrases, value))


def on_phone(at: datetime, fallback: str) -> str:
    """Return HTML that Telegram shows as the reader's own local time, and `fallback` where it cannot."""
    return f'<tg-time unix="{int(at.timestamp())}" format="{TELEGRAM_TIME}">{escape(fallback)}</tg-time>'


def rhythm(phrases: Phrases, cadence: Cadence) -> str:
    """Return the rule in words, such as "Every 2 weeks on Tuesday"."""
    if cadence.unit == "once":
        return phrases.plain("rhythm.once")
    number = "1" if cadence.interval == 1 else "n"
    if cadence.unit == "day":
        return phrases.plain(f"rhythm.day_{number}", n=cadence.interval)
    if cadence.unit == "week":
        names = [phrases.plain(f"when.{DAYS[index]}") for index in cadence.weekdays or (cadence.anchor.weekday(),)]
        return phrases.plain(f"rhythm.week_{number}", n=cadence.interval, days=_join(phrases, names))
    return phrases.plain(f"rhythm.month_{number}", n=cadence.interval, day=cadence.month_day or cadence.anchor.day)


def clock(at: time) -> str:
    """Return a wall time as "19:00"."""
    return at.isoformat("minutes")


def place(zone: str) -> str:
    """Return the readable part of a zone's name: "Berlin" for "Europe/Berlin"."""
    return zone.rpartition("/")[2].replace("_", " ")


def _words(phrases: Phrases, value: date) -> dict[str, str]:
    return {
        "weekday": phrases.plain(f"when.{DAYS[value.weekday()]}"),
        "day": str(value.day),
        "month": phrases.plain(f"when.month_{value.month}"),
        "year": str(value.year),
    }


def _join(phrases: Phrases, names: list[str]) -> str:
    if len(names) < 2:  # one name needs no joining
        return "".join(names)
    return ", ".join(names[:-1]) + " " + phrases.plain("rhythm.and") + " " + names[-1]
