"""Correct, note on, delete and bring back one entry of the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update

from bot.context import Context
from bot.handlers import questions
from bot.handlers.answering import FLAGS, GROWTH, NOTE_LENGTH, Reply, last_answer
from bot.talk import change, send, toast
from bot.views import check_ins
from bot.views import history as listing
from bot.views import history_entry as view
from content.model import Library
from content.reading.signs import read_signs
from scheduler.db import history, people
from scheduler.db.history import Told
from scheduler.db.models import CheckIn, Person


@dataclass(frozen=True)
class Opened:
    """Hold one entry's surroundings: an open transaction, and rows that are locked in it."""

    session: AsyncSession
    library: Library
    person: Person
    told: Told
    name: view.Name

    @property
    def may_keep(self) -> bool:
        """Return whether anything new may be kept."""
        return self.person.consent_version is not None

    def ask(self, step: str) -> None:
        """Read the next typed text as the answer to this step."""
        people.ask(self.person, {"kind": "entry", "id": self.name[0], "nominal": self.name[1], "step": step})

    async def page(self) -> int:
        """Return the page of the history that the entry stands on."""
        return listing.page_of(await history.entries(self.session, self.person), self.told)

    async def shown(self, note: str = "", flags: tuple[str, ...] = ()) -> Reply:
        """Show the entry, and what was done to it."""
        said = self.library.phrases.say(note) if note else ""
        page = await self.page()
        return Reply(view.entry(self.library, self.told, self.name, page, may_keep=self.may_keep, note=said), flags)


def leave(person: Person) -> None:
    """Ask for nothing about an entry any more."""
    if (person.asking or {}).get("kind") == "entry":
        people.ask(person, None)


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Do what a button of an entry says. One that is old, or pressed twice, shows how things are."""
    assert update.effective_chat is not None
    now, action, name, rest = context.now(), parts[0], _name(parts[1:]), parts[3:]
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        told = await history.find(session, person, *name, now) if person else None
        if person is None or told is None:
            reply = Reply(view.gone(context.library))
        else:
            leave(person)
            opened = Opened(session, context.library, person, told, name)
            reply = await _step(opened, action, "".join(rest[:1]), now)
    await toast(update)
    await change(update, context, reply.screen)
    if reply.flags:
        await send(update, context, questions.care(context.library, reply.flags))


def _name(parts: tuple[str, ...]) -> view.Name:
    public_id, key = (*parts, "")[:2]
    return public_id, "" if key == listing.CHECKLIST else check_ins.nominal(key)


async def _step(opened: Opened, action: str, choice: str, now: datetime) -> Reply:
    """Do what a button says, and return what to show."""
    told = opened.told
    if action == "undo":
        told.deleted_at = None
    elif action == "delete":
        told.deleted_at = told.deleted_at or now
    if told.deleted_at is not None:
        return Reply(view.deleted(opened.library, told, opened.name, await opened.page()))
    if not isinstance(told, CheckIn) or not opened.may_keep:
        return await opened.shown()
    is_visit = told.answer in check_ins.VISITS
    match action:
        case "correct":
            opened.ask("correct")
            return Reply(view.correct(opened.library, told, opened.name))
        case "note":
            opened.ask("note")
            return Reply(view.note(opened.library, told, opened.name))
        case "unnote":
            return await keep_note(opened, told, "")
        case "set" if choice in (check_ins.VISITS if is_visit else view.AT_ONCE):
            return await keep(opened, told, choice)
        case "what" if not is_visit:
            return ask_what(opened, view.read(choice))
        case "done" if not is_visit:
            return await keep_change(opened, told, view.read(choice))
        case "size" if choice in check_ins.SIZES and details_of(told).get("what"):
            return await keep_size(opened, told, choice)
    return await opened.shown()


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
    chosen = [change for change in check_ins.CHANGES if change == "size" or change in details_of(told).get("what", ())]
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
    last, known = await last_answer(opened.session, told), check_ins.KNOWN_SIZES
    before, size = (last.details or {}).get("size") if last else None, details.get("size")
    grew = before in known and size in known and known.index(size) > known.index(before)
    if size == "bigger" or grew:
        found.append(GROWTH)
    return list(dict.fromkeys(found))
