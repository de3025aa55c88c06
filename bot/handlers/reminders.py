"""See, change, pause, resume and stop check-ins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update

from bot.context import Context
from bot.handlers import plans as set_up
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
        active = await plans.active(session, person) if person else []
    await send(update, context, view.listing(context.library, active))


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
            screen = view.listing(context.library, await plans.active(session, person) if person else [])
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
    match (action, rest):
        case ("stop", _):
            await plans.stop(session, plan, now, "asked")
            return Screen(say("plan.stopped"))
        case ("pause", _):
            await plans.pause(session, plan, now)
            note = say("plan.paused")
        case ("resume", _):
            plans.resume(plan, person, now)
            note = say("plan.resumed", when=view.next_time(library, plan))
        case ("slower", [number]) if number.isdecimal() and 1 <= int(number) <= MAX_INTERVAL["month"]:
            plan.interval = int(number)
            plans.resume(plan, person, now)
            note = say("plan.resumed", when=view.next_time(library, plan))
    return view.one(library, plan, note)


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
            for plan in await plans.active(session, person):
                await plans.stop(session, plan, now, "asked")
            person.suspended_at = person.suspended_why = None
        active = await plans.active(session, person) if person else []
    context.house.wake()
    await change(update, context, view.listing(context.library, active))
