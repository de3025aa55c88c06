"""Show one entry of the history: what it says, how it is corrected, and that it was deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.views import history_checklist, when
from bot.views.check_ins import VISITS
from bot.views.history import Name, data, day_of, line, note_of, step
from bot.views.record import CHANGES, SIZES
from bot.views.screen import Button, Screen, pack
from content.model import Library
from scheduler.db.history import Told
from scheduler.db.models import CheckIn, Run

# What a check-in can be corrected to at once. That something changed needs to be told more of.
AT_ONCE = ("same", "better")


def entry(library: Library, told: Told, name: Name, page: int, *, may_keep: bool, note: str = "") -> Screen:
    """Show an entry and what can be done with it, under a `note` as HTML.

    Without consent (`may_keep`) nothing new is kept, so it can only be deleted.
    """
    phrases = library.phrases
    plain = phrases.plain
    parts: list[str] = [*([note] if note else []), line(library, told)]
    rows: list[tuple[Button, ...]] = []
    is_known = isinstance(told, CheckIn) or history_checklist.can_be_corrected(library, told)
    if may_keep:
        correction = (Button(plain("history.correct"), data("correct", *name)),) if is_known else ()
        label = plain("history.change_note" if note_of(told) else "history.add_note")
        rows.append((*correction, Button(label, data("note", *name))))
    else:
        parts.append(phrases.say("history.no_consent"))
    if isinstance(told, Run) and is_known:
        rows.append((history_checklist.doctor(library, told),))
    rows.append((Button(plain("history.delete"), data("delete", *name), "danger"),))
    rows.append(_back(library, page))
    return Screen("\n\n".join(parts), tuple(rows), protected=True)


def correct(library: Library, told: CheckIn, name: Name) -> Screen:
    """Ask what was right."""
    plain = library.phrases.plain
    if told.answer in VISITS:
        rows = [(Button(plain(f"visit.{answer}"), data("set", *name, answer)),) for answer in VISITS]
    else:
        rows = [(Button(plain(f"history.to_{answer}"), data("set", *name, answer)),) for answer in AT_ONCE]
        chosen = (told.details or {}).get("what", ())
        rows.append((Button(plain("history.to_changed"), data("what", *name, written(chosen))),))
    return step(library, name, library.phrases.say("history.ask_right", entry=line(library, told)), rows)


def what(library: Library, name: Name, chosen: Sequence[str]) -> Screen:
    """Ask what changed. Each button carries all that is chosen after it, so that a doubled tap changes nothing."""
    plain = library.phrases.plain
    rows = []
    for change in CHANGES:
        after = written(one for one in CHANGES if (one in chosen) != (one == change))
        label = ("✓ " if change in chosen else "") + plain(f"checkin.{change}")
        rows.append((Button(label, data("what", *name, after)),))
    rows.append((Button(plain("button.done"), data("done", *name, written(chosen)), "success"),))
    return step(library, name, library.phrases.say("checkin.what"), rows)


def size(library: Library, name: Name) -> Screen:
    """Ask for the size in everyday words."""
    plain = library.phrases.plain
    rows = [(Button(plain(f"checkin.{one}"), data("size", *name, one)),) for one in SIZES]
    return step(library, name, library.phrases.say("checkin.how_big"), rows)


def note(library: Library, told: Told, name: Name) -> Screen:
    """Ask for a note, or for another one."""
    phrases = library.phrases
    if not note_of(told):
        return step(library, name, phrases.say("history.ask_note", entry=line(library, told)), [])
    row = (Button(phrases.plain("history.remove_note"), data("unnote", *name), "danger"),)
    return step(library, name, phrases.say("history.ask_other_note", entry=line(library, told)), [row])


def deleted(library: Library, told: Told, name: Name, page: int) -> Screen:
    """Say that an entry is gone, without what it said, and offer to undo it."""
    phrases = library.phrases
    undo = (Button(phrases.plain("history.undo"), data("undo", *name)),)
    text = phrases.say("history.deleted", when=when.day(phrases, day_of(told)))
    return Screen(text, (undo, _back(library, page)), protected=True)


def gone(library: Library) -> Screen:
    """Say that there is no such entry."""
    return Screen(library.phrases.say("history.gone"), (_back(library, 1),))


def written(chosen: Iterable[str]) -> str:
    """Return what changed for button data, which is short: its places among the choices. As `read` takes it."""
    kept = set(chosen)
    return "".join(str(place) for place, change in enumerate(CHANGES) if change in kept)


def read(places: str) -> tuple[str, ...]:
    """Return what changed from button data; what means nothing is left out."""
    return tuple(change for place, change in enumerate(CHANGES) if str(place) in places)


def _back(library: Library, page: int) -> tuple[Button, ...]:
    return (Button(library.phrases.plain("history.all"), pack("h", page)),)
