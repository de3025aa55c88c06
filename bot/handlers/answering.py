"""Do what an answer to a check-in calls for, tapped or typed alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.context import Context
from bot.views import check_ins as view
from bot.views import when
from bot.views.plans import next_time
from bot.views.record import CHANGES, KNOWN_SIZES, SIZES
from bot.views.screen import Screen
from content.model import Library
from content.phrases import Phrases
from scheduler.db import answers, people
from scheduler.db import plans as plan_rows
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.due import LastAnswer

EVENING = time(19, 0)

# Most dates are within this time.
BOOKED_AGAIN_AFTER = timedelta(weeks=2)

# Longer notes are cut here; the person sees what was kept.
NOTE_LENGTH = 500

# What a plain word for better or worse is kept as.
TYPED: Mapping[str, str] = {"same": "same", "none": "same", "better": "better", "worse": "changed"}

# The sign that a tapped change tells of.
FLAGS: Mapping[str, str] = {"pain": "pain-inflammation-ulceration", "opened": "pain-inflammation-ulceration"}
GROWTH = "rapid-growth"


@dataclass(frozen=True)
class Reply:
    """Hold what to show, the signs that were told of for the first time (each leads to the checklist), and what is
    shown below in a message of its own.
    """

    screen: Screen
    flags: tuple[str, ...] = ()
    below: Screen | None = None


@dataclass(frozen=True)
class Turn:
    """Hold one answer's surroundings: an open transaction, and rows that are locked in it."""

    session: AsyncSession
    context: Context
    person: Person
    check_in: CheckIn
    plan: Plan
    now: datetime

    @property
    def library(self) -> Library:
        """Return the reviewed content."""
        return self.context.library

    @property
    def phrases(self) -> Phrases:
        """Return the bot's own sentences."""
        return self.context.library.phrases

    @property
    def names(self) -> tuple[str, str]:
        """Return what buttons name this check-in by."""
        return self.plan.public_id, self.check_in.nominal

    @property
    def details(self) -> dict[str, Any]:
        """Return a copy of what was told so far."""
        return dict(self.check_in.details or {})

    def ask(self, step: str) -> None:
        """Read the next typed text as the answer to this step."""
        people.ask(self.person, asking(self.check_in, self.plan, step))

    def answered(self) -> None:
        """Ask nothing of this check-in any more; a question about something else stays open."""
        asked = self.person.asking or {}
        if (asked.get("plan"), asked.get("nominal")) == self.names:
            people.ask(self.person, None)


def asking(check_in: CheckIn, plan: Plan, step: str) -> dict[str, Any]:
    """Return a step of a check-in as what is being asked."""
    return {"kind": "check_in", "plan": plan.public_id, "nominal": check_in.nominal, "step": step}


def lacks_consent(person: Person, plan: Plan) -> bool:
    """Return whether an answer may not be kept: /stop takes the consent back, and older buttons are still there."""
    return person.consent_version is None and plan.kind != "recheck"


async def last_answer(session: AsyncSession, check_in: CheckIn) -> LastAnswer | None:
    """Return what was said the time before."""
    row = await answers.before(session, check_in)
    return LastAnswer(row.nominal, row.answer or "", row.details) if row else None


async def note_answer(turn: Turn, answer: str, details: dict[str, Any] | None) -> Reply:
    """Keep the whole answer, and compare it with last time."""
    answers.write(turn.check_in, turn.plan, answer, details, turn.now)
    turn.answered()
    return Reply(await thanks(turn))


async def thanks(turn: Turn) -> Screen:
    """Show the answer that was kept."""
    last = await last_answer(turn.session, turn.check_in)
    comes = next_time(turn.library, turn.plan, people.night(turn.person))
    return view.thanks(turn.library, turn.plan.public_id, turn.check_in, last, comes)


def ask_what(turn: Turn) -> Reply:
    """Ask what changed."""
    turn.ask("what")
    return Reply(view.what(turn.library, *turn.names, turn.details.get("what", [])))


def choose(turn: Turn, choice: str) -> Reply:
    """Choose one thing that changed, or take it back."""
    chosen = [c for c in CHANGES if (c in turn.details.get("what", [])) != (c == choice)]
    turn.check_in.details = {**turn.details, "what": chosen}
    return Reply(view.what(turn.library, *turn.names, chosen))


def go_on(turn: Turn, more: Iterable[str] = ()) -> Reply:
    """Keep what was chosen, and `more`, and go on to its size or to the note."""
    chosen = [c for c in CHANGES if c in turn.details.get("what", []) or c in more]
    if not chosen:
        return ask_what(turn)
    flags = _keep(turn, {"what": chosen}, [FLAGS[c] for c in chosen if c in FLAGS])
    if "size" in chosen:
        turn.ask("size")
        return Reply(view.size(turn.library, *turn.names), flags)
    return Reply(_ask_note(turn).screen, flags)


async def keep_size(turn: Turn, size: str) -> Reply:
    """Keep the size and ask for a note. One that is bigger than last time is a sign of its own."""
    last = await last_answer(turn.session, turn.check_in)
    before = (last.details or {}).get("size") if last else None
    order = SIZES.index
    grew = before in KNOWN_SIZES and size in KNOWN_SIZES and order(size) > order(before)
    what = [c for c in CHANGES if c == "size" or c in turn.details.get("what", [])]
    flags = _keep(turn, {"what": what, "size": size}, [GROWTH] if grew or size == "bigger" else [])
    return Reply(_ask_note(turn).screen, flags)


async def keep_note(turn: Turn, text: str, told: Iterable[str], answer: str | None = None) -> Reply:
    """Keep a typed note, with the signs that it tells of, and the answer with it."""
    flags = _keep(turn, {"note": text[:NOTE_LENGTH]}, told, answer or turn.check_in.answer or "changed")
    turn.answered()
    return Reply(await thanks(turn), flags)


async def close_without_note(turn: Turn) -> Reply:
    """Leave the note out."""
    return await note_answer(turn, turn.check_in.answer or "changed", turn.details or None)


def _ask_note(turn: Turn) -> Reply:
    turn.ask("note")
    return Reply(view.note(turn.library, *turn.names))


def _keep(turn: Turn, more: Mapping[str, Any], told: Iterable[str], answer: str = "changed") -> tuple[str, ...]:
    """Add to the answer and return the signs that were not told of before."""
    known = turn.details.get("flags", [])
    new = tuple(dict.fromkeys(flag for flag in told if flag not in known))
    details = {**turn.details, **more} | ({"flags": [*known, *new]} if known or new else {})
    answers.write(turn.check_in, turn.plan, answer, details, turn.now)
    return new


def undo(turn: Turn) -> None:
    """Take the answer back, whole."""
    turn.answered()
    turn.check_in.answer = turn.check_in.answered_at = turn.check_in.details = None


def ask_when_later(turn: Turn) -> Reply:
    """Ask when to come again."""
    turn.ask("snooze")
    return Reply(view.snoozes(turn.library, *turn.names))


def snooze(turn: Turn, until: datetime) -> Reply:
    """Come again at `until`; the rhythm stays."""
    answers.snooze(turn.check_in, turn.person, turn.plan.zone, until)
    turn.answered()
    return Reply(snoozed(turn))


def snoozed(turn: Turn) -> Screen:
    """Say when a snoozed check-in comes again."""
    assert turn.check_in.wake_at is not None  # set by the snooze
    at = when.instant(turn.phrases, turn.check_in.wake_at, turn.plan.zone)
    return Screen(turn.phrases.say("checkin.snoozed", when=at))


def snooze_until(choice: str, now: datetime, zone: str) -> datetime:
    """Return the moment that a snooze button means."""
    local = now.astimezone(ZoneInfo(zone))
    if choice == "in_1h":
        return now + timedelta(hours=1)
    if choice == "this_evening":
        evening = datetime.combine(local.date(), EVENING, tzinfo=local.tzinfo)
        return evening if evening > local else now + timedelta(hours=1)
    days = {"tomorrow": 1, "next_week": 7}[choice]
    return datetime.combine(local.date() + timedelta(days=days), local.time(), tzinfo=local.tzinfo)


async def keep_visit(turn: Turn, answer: str) -> Reply:
    """Keep whether the person was seen; what comes next depends on it."""
    was_booked = turn.check_in.answer == "booked"
    answers.write(turn.check_in, turn.plan, answer, None, turn.now)
    turn.answered()
    if answer == "seen":
        turn.ask("note")
        return Reply(view.what_they_said(turn.library, *turn.names))
    if answer == "booked" and not was_booked:
        at, about = turn.now + BOOKED_AGAIN_AFTER, turn.plan.about or "soon"
        new_id = turn.context.house.new_id()
        await plan_rows.create_once(turn.session, turn.person, new_id, "visit", at, turn.now, about)
    return Reply(await visited(turn))


async def visited(turn: Turn) -> Screen:
    """Say what follows from the answer to "were you seen?"."""
    active = await plan_rows.active(turn.session, turn.person)
    later = next((plan for plan in reversed(active) if plan.kind == "visit" and plan.next_due_at), None)
    if turn.check_in.answer == "booked" and later is None:
        # It has been asked again meanwhile, or was stopped.
        return await thanks(turn)
    comes = next_time(turn.library, later, people.night(turn.person)) if later else ""
    return Screen(turn.phrases.say(f"visit.answer_{turn.check_in.answer}", when=comes))
