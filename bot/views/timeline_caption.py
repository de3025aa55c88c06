"""Say what the timeline shows, for whoever cannot see the picture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bot.views.record import ANSWERS, Entry, Record, changes, count, newest, short_day, sign, span
from content.markup import plain
from content.phrases import Phrases

# Telegram's limit of a caption, in UTF-16 units of the text without its tags.
MAX_UNITS = 1024
# How many of a kind are named before the rest is only counted; the first that fits is taken.
NAMED = (8, 5, 3, 2, 1, 0)


def caption(record: Record, phrases: Phrases) -> str:
    """Return the text alternative of the timeline as Telegram HTML. Raises ValueError for an empty record."""
    record.refuse_empty()
    text = ""
    for named in NAMED:
        text = "\n".join(_lines(record, phrases, named))
        if units(text) <= MAX_UNITS:
            break
    return text


def units(html: str) -> int:
    """Return the length of Telegram HTML as Telegram counts it."""
    return len(plain(html).encode("utf-16-le")) // 2


def _lines(record: Record, phrases: Phrases, named: int) -> Iterable[str]:
    yield phrases.say("timeline.caption_title", span=span(phrases, record))
    answers = Counter(entry.answer for entry in record.entries)
    counts = [
        phrases.plain("timeline.caption_times", n=answers[answer], what=phrases.plain(f"said.{answer}"))
        for answer in ANSWERS
        if answers[answer]
    ]
    told = count(phrases, "timeline.answers", len(record.entries))
    if counts:
        yield phrases.say("timeline.caption_counts", answers=told, list=", ".join(counts))
    else:
        yield phrases.say("timeline.caption_no_counts", answers=told)
    told_of = [_change(phrases, entry) for entry in newest(record.entries) if entry.answer == "changed"]
    yield _list(phrases, "changes", told_of, named) or phrases.say("timeline.caption_no_changes")
    signs = [
        phrases.plain(
            "timeline.caption_days",
            what=sign(phrases, sign_id),
            days=_some(phrases, [short_day(phrases, day) for day in days], max(1, named // 2)),
        )
        for sign_id, days in record.signs().items()
    ]
    # Every sign is named, however many there are: they are few, and the weightiest part.
    yield _list(phrases, "signs", signs, len(signs)) or phrases.say("timeline.caption_no_signs")
    checks = sorted(record.checks, key=lambda check: check.day, reverse=True)
    days = [_day(phrases, short_day(phrases, check.day), f"timeline.{check.level}") for check in checks]
    yield from filter(None, [_list(phrases, "checks", days, named)])
    visits = sorted(record.visits, key=lambda visit: visit.day, reverse=True)
    days = [_day(phrases, short_day(phrases, visit.day), f"timeline.{visit.seen}") for visit in visits]
    yield from filter(None, [_list(phrases, "visits", days, named)])
    yield phrases.say("timeline.caption_end")


def _change(phrases: Phrases, entry: Entry) -> str:
    day = short_day(phrases, entry.day)
    what = changes(phrases, entry)
    return phrases.plain("timeline.caption_day", day=day, what=", ".join(what)) if what else day


def _day(phrases: Phrases, day: str, key: str) -> str:
    return phrases.plain("timeline.caption_day", day=day, what=phrases.plain(key))


def _list(phrases: Phrases, key: str, items: list[str], named: int) -> str:
    """Return a line with the items; an empty text without any."""
    return phrases.say(f"timeline.caption_{key}", list=_some(phrases, items, named, "; ")) if items else ""


def _some(phrases: Phrases, items: list[str], named: int, between: str = ", ") -> str:
    """Return the first items, and how many are left out."""
    shown = items[:named]
    if left := len(items) - len(shown):
        shown.append(phrases.plain("timeline.caption_more", n=left))
    return between.join(shown)
