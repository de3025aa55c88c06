"""Show a check-in: the question, its steps, the answer beside the last one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from bot.views import when
from bot.views.record import CHANGES, SIZES
from bot.views.screen import Button, Screen, pack
from content.model import Library
from content.phrases import Phrases
from scheduler.db.models import CheckIn
from scheduler.due import DueCheckIn, LastAnswer

# How many times less often is offered to somebody who does not answer, by the rhythm's unit.
SLOWER = {"day": 7, "week": 2, "month": 2}
VISITS = ("seen", "booked", "could_not", "decided_not")
SNOOZES = ("in_1h", "this_evening", "tomorrow", "next_week")


# People like the same times: of the check-ins of one minute most have one nominal time and one zone. Nothing that a
# person says is kept here.
_shared = lru_cache(maxsize=512)


@_shared
def key(nominal: str) -> str:
    """Return a nominal time for button data, which has no room for colons."""
    return nominal.replace(":", "").replace("-", "")


def nominal(text: str) -> str:
    """Return the nominal time of `key`."""
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[9:11]}:{text[11:13]}"


def data(action: str, plan_id: str, nominal_time: str, *rest: str) -> str:
    """Return button data that names this check-in: both copies of a doubled message act on the same one."""
    return pack("c", action, plan_id, key(nominal_time), *rest)


def due(library: Library, check_in: DueCheckIn) -> Screen:
    """Show a check-in that comes by itself. The first line tells a lock screen nothing, unless the person wants it."""
    phrases = library.phrases
    if check_in.kind == "recheck":
        return recheck(library, check_in.plan_public_id, check_in.nominal)
    if check_in.kind == "visit":
        about = None if check_in.discreet else check_in.about
        return ask_visit(library, check_in.plan_public_id, check_in.nominal, about)
    if check_in.ends_plan:
        row = (Button(phrases.plain("checkin.restart"), pack("r", "resume", check_in.plan_public_id)),)
        return Screen(phrases.say("checkin.stopped"), (row,))
    parts: list[str] = [phrases.say("checkin.ask" if check_in.discreet else "checkin.ask_open")]
    if check_in.is_late:
        parts.append(_line(phrases, "checkin.late", check_in.nominal, check_in.zone))
    if check_in.is_nudge:
        parts.append(_line(phrases, "checkin.nudge", check_in.nominal, check_in.zone))
    parts.append(last_line(phrases, check_in.last) if check_in.last else phrases.say("checkin.first"))
    parts.append(_line(phrases, "checkin.meant", check_in.nominal, check_in.zone))
    rows = list(_first_rows(phrases, check_in.plan_public_id, check_in.nominal))
    if check_in.unanswered == 2 and check_in.unit in SLOWER:  # silence twice: offer less
        parts.append(phrases.say("checkin.slower"))
        slower = check_in.interval * SLOWER[check_in.unit]
        label = phrases.plain(f"checkin.slower_{check_in.unit}", n=slower)
        rows.append((Button(label, pack("r", "slower", check_in.plan_public_id, slower)),))
    return Screen("\n\n".join(parts), tuple(rows))


@_shared
def _line(phrases: Phrases, phrase: str, nominal_time: str, zone: str) -> str:
    """Return a line about when a check-in was meant to come."""
    return phrases.say(phrase, when=when.nominal(phrases, nominal_time), zone=when.place(zone))


def recheck(library: Library, plan_id: str, nominal_time: str) -> Screen:
    """Remind of looking again."""
    plain = library.phrases.plain
    rows = (
        (Button(plain("button.check"), data("look", plan_id, nominal_time), "success"),),
        (Button(plain("checkin.later"), data("later", plan_id, nominal_time)),),
    )
    return Screen(library.phrases.say("recheck.ask"), rows)


def ask_visit(library: Library, plan_id: str, nominal_time: str, about: str | None) -> Screen:
    """Ask, once, if the person was seen after an outcome that called for it; `about` is named unless discreet."""
    phrases = library.phrases
    text = (
        phrases.say("visit.ask_open", outcome=phrases.plain(f"outcome.{about}")) if about else phrases.say("visit.ask")
    )
    rows = [(Button(phrases.plain(f"visit.{answer}"), data(answer, plan_id, nominal_time)),) for answer in VISITS]
    return Screen(text, tuple(rows))


def what_they_said(library: Library, plan_id: str, nominal_time: str) -> Screen:
    """Ask what the doctor said it was."""
    row = (Button(library.phrases.plain("checkin.no_note"), data("nonote", plan_id, nominal_time)),)
    return Screen(library.phrases.say("visit.what_said"), (row,))


def ask(library: Library, plan_id: str, check_in: CheckIn, last: LastAnswer | None) -> Screen:
    """Show the first step of an open check-in again."""
    phrases = library.phrases
    parts = [phrases.say("checkin.ask"), last_line(phrases, last) if last else phrases.say("checkin.first")]
    return Screen("\n\n".join(parts), _first_rows(phrases, plan_id, check_in.nominal))


def _first_rows(phrases: Phrases, plan_id: str, nominal_time: str) -> tuple[tuple[Button, ...], ...]:
    return (
        (Button(phrases.plain("checkin.same"), data("same", plan_id, nominal_time)),),
        (Button(phrases.plain("checkin.changed"), data("changed", plan_id, nominal_time)),),
        (
            Button(phrases.plain("checkin.later"), data("later", plan_id, nominal_time)),
            Button(phrases.plain("checkin.moved"), data("moved", plan_id, nominal_time)),
        ),
    )


def what(library: Library, plan_id: str, nominal_time: str, chosen: Sequence[str]) -> Screen:
    """Ask what changed; several may be chosen."""
    phrases = library.phrases
    rows = [
        (
            Button(
                ("✓ " if change in chosen else "") + phrases.plain(f"checkin.{change}"),
                data("what", plan_id, nominal_time, change),
            ),
        )
        for change in CHANGES
    ]
    rows.append((Button(phrases.plain("button.done"), data("whatdone", plan_id, nominal_time), "success"),))
    return Screen(phrases.say("checkin.what"), tuple(rows))


def size(library: Library, plan_id: str, nominal_time: str) -> Screen:
    """Ask for the size in everyday words."""
    phrases = library.phrases
    rows = [(Button(phrases.plain(f"checkin.{name}"), data("size", plan_id, nominal_time, name)),) for name in SIZES]
    return Screen(phrases.say("checkin.how_big"), tuple(rows))


def note(library: Library, plan_id: str, nominal_time: str) -> Screen:
    """Ask for a note."""
    phrases = library.phrases
    row = (Button(phrases.plain("checkin.no_note"), data("nonote", plan_id, nominal_time)),)
    return Screen(phrases.say("checkin.note"), (row,))


def snoozes(library: Library, plan_id: str, nominal_time: str) -> Screen:
    """Ask when to come again."""
    phrases = library.phrases
    rows = [
        (Button(phrases.plain(f"checkin.{name}"), data("snooze", plan_id, nominal_time, name)),) for name in SNOOZES
    ]
    return Screen(phrases.say("checkin.when_later"), (*rows, _back(phrases, plan_id, nominal_time)))


def moved(library: Library, plan_id: str, nominal_time: str) -> Screen:
    """Ask where the person is now."""
    phrases = library.phrases
    return Screen(phrases.say("plan.zone"), (_back(phrases, plan_id, nominal_time),))


def _back(phrases: Phrases, plan_id: str, nominal_time: str) -> tuple[Button, ...]:
    return (Button(phrases.plain("button.back"), data("back", plan_id, nominal_time)),)


def thanks(library: Library, plan_id: str, check_in: CheckIn, last: LastAnswer | None, next_time: str) -> Screen:
    """Show what was noted, what was said last time, and when the next one comes."""
    phrases = library.phrases
    parts: list[str] = [phrases.say("checkin.thanks", answer=said(phrases, check_in.answer or "", check_in.details))]
    if note := (check_in.details or {}).get("note"):
        parts.append(phrases.say("checkin.thanks_note", note=note))
    if last is not None:
        is_same = last.answer == check_in.answer == "same"
        parts.append(phrases.say("checkin.compare_same") if is_same else last_line(phrases, last))
    if next_time:
        parts.append(phrases.say("checkin.next", when=next_time))
    if check_in.answer in VISITS:
        return Screen("\n".join(parts))
    row = (Button(phrases.plain("checkin.undo"), data("undo", plan_id, check_in.nominal)),)
    return Screen("\n".join(parts), (row,))


def last_line(phrases: Phrases, last: LastAnswer) -> str:
    """Return what was said the time before."""
    answer = said(phrases, last.answer, last.details)
    return phrases.say("checkin.last", when=when.nominal_day(phrases, last.nominal), answer=answer)


def said(phrases: Phrases, answer: str, details: Mapping[str, Any] | None) -> str:
    """Return an answer in words, such as "something changed: size (like a pea), pain"."""
    words = phrases.plain(f"said.{answer}")
    details = details or {}
    parts = []
    for change in details.get("what", ()):
        text = phrases.plain(f"said.{change}")
        if change == "size" and "size" in details:
            text += f" ({phrases.plain('said.' + details['size'])})"
        parts.append(text)
    return f"{words}: {', '.join(parts)}" if parts else words
