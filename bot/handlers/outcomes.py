"""Do what an outcome offers: keep it, look again later, show it to a doctor, and ask later if the person was seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update

from bot.context import Context
from bot.drafts import Draft
from bot.handlers import plans as set_up
from bot.talk import change, send, toast
from bot.views import outcomes as view
from bot.views.plans import next_time
from bot.views.screen import Screen
from content.checklist import outcome
from content.model import Answer, Library
from scheduler.db import people, plans, runs
from scheduler.db.models import Person, Run

# When to ask if the person was seen: soon enough to help, late enough to have been.
SEEN_AFTER: Mapping[str, timedelta] = {"today": timedelta(days=2), "soon": timedelta(weeks=3)}

# When looking again makes sense, by outcome.
AGAIN_AFTER: Mapping[str, timedelta] = {
    "today": timedelta(days=1),
    "soon": timedelta(weeks=1),
    "routine": timedelta(weeks=4),
}

# So many calm outcomes in a day are worry, not news.
CALM_RUNS = 3


def answers_of(run: Run) -> dict[str, Answer]:
    """Return the run's answers in the order given."""
    return cast(dict[str, Answer], dict(run.answers))


def count_calm(person: Person, level: str, now: datetime) -> bool:
    """Count a finished checklist, and return whether it is time for a kind word about checking so often."""
    if level != "routine":
        return False
    today = now.date()
    person.calm_runs = person.calm_runs + 1 if person.calm_day == today else 1
    person.calm_day = today
    return person.calm_runs == CALM_RUNS


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Handle a button under an outcome."""
    assert update.effective_chat is not None
    library, now = context.library, context.now()
    action, run_id, *rest = (*parts, "", "")
    note, screen, replaces = "", None, False
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        run = await runs.find(session, person, run_id) if person else None
        if person is None or run is None or run.outcome is None:
            note = library.phrases.plain("old.not_now")
        elif action == "save" and person.consent_version is None:
            screen = view.consent(library, run_id)
        elif action == "consent" and rest[:1] != ["yes"]:
            screen, replaces = Screen(library.phrases.say("outcome.not_saved")), True
        elif action in {"save", "consent"}:
            if action == "consent":
                set_up.give_consent(person, now)
            replaces = action == "consent"
            screen = await _save(session, context, person, run, now)
        elif action == "watch":
            screen = view.watch(library, _card(library, run))
        elif action == "doctor":
            screen = view.for_doctor(library, run.started_at, answers_of(run), _card(library, run))
        elif action == "remind":
            screen = _remind(context, person, run.outcome, now)
    context.house.wake()
    await toast(update, note)
    if screen is not None:
        await (change if replaces else send)(update, context, screen)


def _card(library: Library, run: Run) -> view.Result:
    return outcome(library.checklist, answers_of(run), run.emergency_sign)


async def _save(session: AsyncSession, context: Context, person: Person, run: Run, now: datetime) -> Screen:
    say = context.library.phrases.say
    if run.saved_at is not None:
        return Screen(say("outcome.saved_before"))
    run.saved_at = now
    when = await ask_later(session, context, person, run, now)
    return Screen(say("outcome.saved_and_ask", when=when) if when else say("outcome.saved"))


async def ask_later(session: AsyncSession, context: Context, person: Person, run: Run, now: datetime) -> str | None:
    """Plan to ask if the person was seen. Return when that will be; None where the outcome calls for no visit soon.

    It takes the place of a question about a visit that would come later.
    """
    level = run.outcome or ""
    if level not in SEEN_AFTER:
        return None
    at = now + SEEN_AFTER[level]
    for waiting in await plans.active(session, person, lock=True):
        if waiting.kind == "visit" and waiting.next_due_at and waiting.next_due_at > at:
            await plans.stop(session, waiting, now, "sooner")
    plan = await plans.create_once(session, person, context.house.new_id(), "visit", at, now, level)
    return next_time(context.library, plan, people.night(person))


def _remind(context: Context, person: Person, level: str, now: datetime) -> Screen:
    """Begin to set up one reminder to go through the checklist again."""
    local = set_up.local_date(now + AGAIN_AFTER.get(level, timedelta(weeks=1)), person.zone)
    draft = Draft(
        context.house.new_id(),
        purpose="recheck",
        unit="once",
        first=local.isoformat(),
        at="10:00",
        zone=person.zone,
        night=set_up.night_of(person),
    )
    people.ask(person, draft.asking())
    return set_up.next_screen(context.library, draft, now)
