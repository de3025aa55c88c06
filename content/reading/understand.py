"""Show how a text is read, in the form of the evaluation files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

from content.reading.replies import Question
from content.reading.reply_reader import read_reply
from content.reading.schedule import as_sample, read_schedule
from content.reading.signs import read_signs
from content.reading.topics import find_topic

if TYPE_CHECKING:  # the library holds this folder's values
    from content.model import Library

QUESTIONS: tuple[Question, ...] = ("checklist", "check-in")


def understand(record: Mapping[str, Any], library: Library, now: datetime) -> dict[str, Any]:
    """Return what is read in `record["text"]`, and, if asked for, as a reply or a schedule.

    `record` may hold "question" ("checklist" or "check-in"), and "now" (ISO, aware; `now` if missing) with "tz" (IANA).
    Raises ValueError for a record that is not of that form.
    """
    text = record.get("text")
    if not isinstance(text, str):
        raise ValueError("text: must be a string")  # noqa: TRY004  # the caller's one kind of error
    signs = read_signs(text, library.signs)
    decision = find_topic(text, library.index)
    reading: dict[str, Any] = {
        "text": text,
        "emergency": signs.emergency,
        "flags": list(signs.flags),
        "topic": decision.topic,
        "suggestions": list(decision.suggestions),
    }
    if (question := record.get("question")) is not None:
        if question not in QUESTIONS:
            raise ValueError(f"question: must be one of {', '.join(QUESTIONS)}")
        reading["means"] = read_reply(text, cast(Question, question), library.replies)
    if (zone := record.get("tz")) is not None:
        reading["schedule"] = as_sample(read_schedule(text, _moment(record, now), _zone(zone), library.words))
    return reading


def _moment(record: Mapping[str, Any], now: datetime) -> datetime:
    if record.get("now") is None:
        return now
    moment = datetime.fromisoformat(str(record["now"]))
    if moment.tzinfo is None:
        raise ValueError("now: needs an offset, such as 2026-11-22T10:00:00+00:00")
    return moment


def _zone(name: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(name))
    except (LookupError, OSError) as error:
        raise ValueError("tz: is not the name of a time zone") from error
