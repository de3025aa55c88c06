"""Until when somebody is away: a whole message that says so, and the day where it was asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from content.model import Library
from content.reading.away import NOT_SAID, Back, read_away, read_day_back
from content.reading.schedule_model import Ask

# A Sunday.
NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("3 December", date(2026, 12, 3)),
        ("until 3 December", date(2026, 12, 3)),
        ("till thursday 3 december", date(2026, 12, 3)),
        ("two weeks", date(2026, 12, 6)),
        ("for 10 days", date(2026, 12, 2)),
        ("a fortnight", date(2026, 12, 6)),
        ("friday", date(2026, 11, 27)),
        ("until next friday.", date(2026, 11, 27)),
        ("back on the 3rd", date(2026, 12, 3)),
        ("I'm away until Friday", date(2026, 11, 27)),
        ("tomorrow", date(2026, 11, 23)),
        ("2026-12-03", date(2026, 12, 3)),
    ],
)
def test_a_day_or_a_length_of_time_is_the_day_of_coming_back(library: Library, text: str, day: date) -> None:
    assert read_day_back(text, NOW, BERLIN, library.words) == day


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("christmas", "unclear"),
        ("every week", "unclear"),
        ("3/12", "ambiguous-date"),
        ("31 november", "impossible-date"),
        ("yesterday", "past"),
        ("today", "past"),
        ("9" * 4096, "too-long"),
        ("", "unclear"),
    ],
)
def test_what_is_no_day_to_come_is_asked_again(library: Library, text: str, why: str) -> None:
    assert read_day_back(text, NOW, BERLIN, library.words) == Ask(why)


@pytest.mark.parametrize(
    "text",
    [
        "I'm away until Friday",
        "hi, i am on holiday till friday!",
        "no check-ins until friday please",
        "Don’t ask me until next friday",
        "pause for 5 days",
        "I'll be back on friday",
        "we're travelling for the next 5 days",
    ],
)
def test_a_message_that_tells_of_being_away_is_read_whole(library: Library, text: str) -> None:
    assert read_away(text, NOW, BERLIN, library.words) == date(2026, 11, 27)


@pytest.mark.parametrize("text", ["I'm away", "im on holiday", "we are abroad"])
def test_away_without_a_day_is_asked_until_when(library: Library, text: str) -> None:
    assert read_away(text, NOW, BERLIN, library.words) == NOT_SAID


@pytest.mark.parametrize("text", ["I'm back", "back early", "hi, i'm back home now", "I am back from holiday."])
def test_being_back_is_read(library: Library, text: str) -> None:
    assert read_away(text, NOW, BERLIN, library.words) == Back()


@pytest.mark.parametrize(
    "text",
    [
        "will it go away until summer?",
        "does it go away for good",
        "back in pain again",
        "it came back on friday",
        "gone",
        "the bump is away from my eye",
        "I'm worried until friday",
        "no change until now",
        "how long until it heals?",
        "can I go on holiday for two weeks with it?",
        "",
        "away " * 900,
    ],
)
def test_what_is_about_something_else_is_left_alone(library: Library, text: str) -> None:
    assert read_away(text, NOW, BERLIN, library.words) is None
