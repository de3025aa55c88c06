"""See, change, pause, resume and stop check-ins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update

from bot.context import Context
from bot.handlers import answering
from bot.handlers import plans as set_up
from bot.handlers.listing import listing
from bot.talk import change, send, toast
from bot.views import plans as view
from bot.views.screen import Screen
from content.model import Library
from scheduler.db import people, plans
from scheduler.db.models import Person, Plan
from scheduler.rule import MAX_INTERVAL


async def show(update: Update, context: Context) -> None:
    """List all check-ins with their next times."""
    assert update.effective_chat is not None
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
        screen = await listing(session, context.library, person, context.now())
    await send(update, context, screen)


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Handle a button of the list or of one check-in."""
    assert update.effective_chat is not None
    await toast(update)
    match parts:
        case ("edit", public_id):
            await set_up.start(update, context, instead_of=public_id)
            return
        case (action, *rest):
            pass
        case _:
            return
    now = context.now()
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        plan = await plans.find(session, person, rest[0]) if person and rest else None
        if person is not None and plan is not None:
            screen = await _act(session, context.library, person, plan, action, rest[1:], now)
        else:
            screen = await listing(session, context.library, person, now)
    context.house.wake()
    await change(update, context, screen)


async def _act(
    session: AsyncSession,
    library: Library,
    person: Person,
    plan: Plan,
    action: str,
    rest: list[str],
    now: datetime,
) -> Screen:
    say, note = library.phrases.say, ""
    if action in {"resume", "slower"} and answering.lacks_consent(person, plan):
        return Screen(say("checkin.no_consent"))
    match (action, rest):
        case ("stop", _):
            await plans.stop(session, plan, now, "asked")
            return Screen(say("plan.stopped"))
        case ("pause", _):
            await plans.pause(session, plan, now)
            note = say("plan.paused")
        case ("resume", _) if plan.stopped_at and await _is_full(session, person):
            return Screen(say("plan.too_many", n=plans.MAX_PLANS))
        case ("resume", _):
            plans.resume(plan, person, now)
            note = say("plan.resumed", when=view.next_time(library, plan, people.night(person)))
        case ("slower", [number]) if number.isdecimal() and plan.interval <= int(number[:4]) <= _slowest(plan):
            plan.interval = int(number)
            plans.resume(plan, person, now)
            note = say("plan.resumed", when=view.next_time(library, plan, people.night(person)))
    return view.one(library, plan, people.night(person), now, note)


def _slowest(plan: Plan) -> int:
    return MAX_INTERVAL[plans.cadence_of(plan).unit]


async def _is_full(session: AsyncSession, person: Person) -> bool:
    return sum(plan.kind == "check_in" for plan in await plans.active(session, person)) >= plans.MAX_PLANS


async def take_message(update: Update, context: Context, text: str, *, is_asked: bool) -> bool:
    """Pause or resume all, or begin to change the zone, when a message says only that. Return False for any other.

    While a check-in waits for its answer ("pause" may be one) only a change of place is taken.
    """
    assert update.effective_chat is not None
    library, now = context.library, context.now()
    wish = library.choices.read_one(text, library.choices.manage)
    if wish is None or (is_asked and wish != "moved"):
        return False
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        active = await plans.active(session, person, lock=True) if person else []
        if person is None or not active:
            return False
        if wish == "moved":
            people.ask(person, {"kind": "zone"})
            screen = Screen(library.phrases.say("plan.zone"))
        else:
            for plan in active:
                if wish == "pause" and not plan.paused_at:
                    await plans.pause(session, plan, now)
                elif wish == "resume" and plan.paused_at:
                    plans.resume(plan, person, now)
            note = library.phrases.say("plan.paused_all" if wish == "pause" else "plan.resumed_all")
            screen = await listing(session, library, person, now, note)
    context.house.wake()
    await send(update, context, screen)
    return True


async def came_back(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Let check-ins go on, or stop them, after the person had blocked the bot."""
    assert update.effective_chat is not None
    await toast(update)
    now = context.now()
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        if person is not None and parts == ("yes",):
            await plans.come_back(session, person, now)
        elif person is not None:
            for plan in await plans.active(session, person, lock=True):
                await plans.stop(session, plan, now, "asked")
            person.suspended_at = person.suspended_why = None
        screen = await listing(session, context.library, person, now)
    context.house.wake()
    await change(update, context, screen)
