"""Correct an answered check-in of the history, and note on it, tapped or typed alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.handlers.answering import FLAGS, GROWTH, NOTE_LENGTH, TYPED, Reply, last_answer
from bot.handlers.history_opened import Opened, leave
from bot.views import check_ins
from bot.views import history_entry as view
from bot.views.record import CHANGES, KNOWN_SIZES, SIZES
from bot.views.screen import Screen
from content.reading.signs import read_signs
from scheduler.db import history
from scheduler.db.models import CheckIn


async def step(opened: Opened, told: CheckIn, action: str, choice: str) -> Reply:
    """Do what a button says, and return what to show."""
    is_visit = told.answer in check_ins.VISITS
    match action:
        case "correct":
            opened.ask("correct")
            return Reply(view.correct(opened.library, told, opened.name))
        case "unnote":
            return await keep_note(opened, told, "")
        case "set" if choice in (check_ins.VISITS if is_visit else view.AT_ONCE):
            return await keep(opened, told, choice)
        case "what" if not is_visit:
            return ask_what(opened, view.read(choice))
        case "done" if not is_visit:
            return await keep_change(opened, told, view.read(choice))
        case "size" if choice in SIZES and details_of(told).get("what"):
            return await keep_size(opened, told, choice)
    return await opened.shown()


async def take(opened: Opened, told: CheckIn, text: str, step: str, means: str) -> Reply | None:
    """Do what a typed text says at this step; None when it says nothing here. `means` is how a reply of it is read."""
    choices = opened.library.choices
    match step:
        case "what" if chosen := choices.read(text, choices.change):
            leave(opened.person)
            return await keep_change(opened, told, chosen)
        case "size" if size := choices.read_one(text, choices.size):
            leave(opened.person)
            return await keep_size(opened, told, size)
    if step != "correct" or read_signs(text, opened.library.signs).flags:
        # Who tells of a red flag gets its card, and is asked again.
        return None
    answer = choices.read_one(text, choices.visit) if told.answer in check_ins.VISITS else TYPED.get(means)
    if answer is None:
        return None
    if answer == "changed":
        return ask_what(opened, details_of(told).get("what", ()))
    leave(opened.person)
    return await keep(opened, told, answer)


def asked(opened: Opened, told: CheckIn, step: str) -> Screen | None:
    """Return the question of this step again; None where there is none."""
    library, name = opened.library, opened.name
    match step:
        case "correct":
            return view.correct(library, told, name)
        case "what":
            return view.what(library, name, details_of(told).get("what", ()))
        case "size":
            return view.size(library, name)
    return None


def ask_what(opened: Opened, chosen: Sequence[str]) -> Reply:
    """Ask what changed."""
    opened.ask("what")
    return Reply(view.what(opened.library, opened.name, chosen))


def details_of(told: CheckIn) -> dict[str, Any]:
    """Return a copy of what was told beside the answer."""
    return dict(told.details or {})


async def keep(
    opened: Opened,
    told: CheckIn,
    answer: str,
    said: str = "history.corrected",
    **change: Any,  # noqa: ANN401
) -> Reply:
    """Keep the corrected answer, and return the entry with the signs that were not told of before. The note stays."""
    before = details_of(told)
    details = {"note": before.get("note")} | change
    flags = await _flags(opened, told, details)
    history.rewrite(told, answer, details | {"flags": flags})
    return await opened.shown(said, tuple(flag for flag in flags if flag not in before.get("flags", ())))


async def keep_change(opened: Opened, told: CheckIn, what: Sequence[str]) -> Reply:
    """Keep what changed, and go on to its size where that is part of it."""
    if not what:
        return ask_what(opened, what)
    size = details_of(told).get("size") if "size" in what else None
    reply = await keep(opened, told, "changed", what=list(what), size=size)
    if "size" not in what:
        return reply
    opened.ask("size")
    return Reply(view.size(opened.library, opened.name), reply.flags)


async def keep_size(opened: Opened, told: CheckIn, size: str) -> Reply:
    """Keep the size."""
    chosen = [change for change in CHANGES if change == "size" or change in details_of(told).get("what", ())]
    return await keep(opened, told, "changed", what=chosen, size=size)


async def keep_note(opened: Opened, told: CheckIn, note: str) -> Reply:
    """Keep a note in place of the one before; an empty one takes it away."""
    details = details_of(told)
    change = {key: details[key] for key in ("what", "size") if key in details}
    said = "history.noted" if note else "history.corrected"
    return await keep(opened, told, told.answer or "changed", said, **change, note=note[:NOTE_LENGTH])


async def _flags(opened: Opened, told: CheckIn, details: Mapping[str, Any]) -> list[str]:
    """Return the signs that an answer tells of: by its note, by what changed, by a size that grew."""
    found = [*read_signs(details.get("note") or "", opened.library.signs).flags]
    found += [FLAGS[change] for change in details.get("what", ()) if change in FLAGS]
    last, known = await last_answer(opened.session, told), KNOWN_SIZES
    before, size = (last.details or {}).get("size") if last else None, details.get("size")
    grew = before in known and size in known and known.index(size) > known.index(before)
    if size == "bigger" or grew:
        found.append(GROWTH)
    return list(dict.fromkeys(found))
