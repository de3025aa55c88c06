"""Change the time zone, the quiet hours and what a lock screen shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from telegram import Update

from bot.context import Context
from bot.handlers import check_ins
from bot.handlers.places import zones_for
from bot.talk import change, send, toast
from bot.views import check_ins as check_in_view
from bot.views import plans as plan_view
from bot.views import when
from bot.views.screen import Button, Screen, pack
from content.model import Library
from scheduler.cadence import check_quiet
from scheduler.db import people, plans
from scheduler.db.models import Person
from scheduler.zones import UnknownZone, zone, zone_at

_TWO_TIMES = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\D+(\d{1,2})(?:[:.](\d{2}))?\D*")


async def show(update: Update, context: Context) -> None:
    """Show all settings with a button for each."""
    assert update.effective_chat is not None
    async with context.database.write() as session:
        person = await people.ensure(session, update.effective_chat.id, context.now())
        screen = _screen(context.library, person)
    await send(update, context, screen)


def _screen(library: Library, person: Person) -> Screen:
    plain = library.phrases.plain
    text = library.phrases.say(
        "settings.text",
        zone=when.place(person.zone) if person.zone else plain("settings.no_zone"),
        quiet_from=person.quiet_from,
        quiet_to=person.quiet_to,
        discreet=plain("settings.discreet_on" if person.discreet else "settings.discreet_off"),
    )
    return Screen(
        text, tuple((Button(plain(f"settings.{what}"), pack("s", what)),) for what in ("zone", "quiet", "discreet"))
    )


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Handle a button of the settings."""
    assert update.effective_chat is not None
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        asking = (person.asking if person else None) or {}
        if person is None:
            # Deleted meanwhile: a button from before brings nobody back.
            screen = Screen(context.library.phrases.say("old.not_now"))
        else:
            screen = await _act(session, context, person, parts)
    context.house.wake()
    await toast(update)
    await change(update, context, screen)
    if parts[:1] == ("zone",):
        await _back_to_check_in(update, context, asking)


async def _act(session: AsyncSession, context: Context, person: Person, parts: tuple[str, ...]) -> Screen:
    phrases = context.library.phrases
    match parts:
        case ("zone",):
            people.ask(person, {"kind": "zone"})
            return Screen(phrases.say("plan.zone"))
        case ("zone", key):
            return await _move(session, context, person, key)
        case ("quiet",):
            people.ask(person, {"kind": "quiet"})
            return Screen(phrases.say("settings.quiet_ask"))
        case ("discreet",):
            person.discreet = not person.discreet
    return _screen(context.library, person)


async def _move(session: AsyncSession, context: Context, person: Person, key: str) -> Screen:
    library = context.library
    try:
        name = zone(key).key
    except UnknownZone:
        return Screen(library.phrases.say("plan.zone_unknown"))
    await plans.change_zone(session, person, name, context.now())
    people.ask(person, None)
    first = plan_view.first_to_come(await plans.active(session, person))
    if first is None:
        return Screen(library.phrases.say("settings.zone_set_alone", zone=when.place(name)))
    following = plan_view.next_time(library, first, people.night(person))
    return Screen(library.phrases.say("settings.zone_set", zone=when.place(name), when=following))


async def take_zone(update: Update, context: Context, text: str, _asking: Mapping[str, Any]) -> bool:
    """Read a typed city or local time, and offer zones for it. Return False when it is neither."""
    now, library = context.now(), context.library
    found = zones_for(library, text, now)
    if not found:
        return False
    await send(update, context, plan_view.pick_zone(library, found, "s", "zone"))
    return True


async def take_place(update: Update, context: Context) -> bool:
    """Take the zone, and nothing else, from a place that was sent because the zone was asked for."""
    message = update.effective_message
    if message is None or message.location is None or update.effective_chat is None:
        return False
    key = zone_at(message.location.latitude, message.location.longitude)
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        if person is None or key is None or (person.asking or {}).get("kind") != "zone":
            return False
        asking = person.asking or {}
        screen = await _move(session, context, person, key)
    context.house.wake()
    await send(update, context, screen)
    await _back_to_check_in(update, context, asking)
    return True


async def _back_to_check_in(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Show the check-in again that "I've moved" was tapped on: it still waits for its answer."""
    if asking.get("kind") == "zone" and "plan" in asking:
        await check_ins.show_again(update, context, asking)


async def zone_again(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Ask for the place again."""
    library = context.library
    if "plan" in asking:
        screen = check_in_view.moved(library, asking["plan"], asking["nominal"])
    else:
        screen = Screen(library.phrases.say("plan.zone"))
    await send(update, context, screen)


async def take_quiet(update: Update, context: Context, text: str, asking: Mapping[str, Any]) -> bool:
    """Read two typed times as quiet hours. Return False when it is something else."""
    assert update.effective_chat is not None
    match = _TWO_TIMES.fullmatch(text.strip())
    if match is None:
        return False
    start, end = _time(match[1], match[2]), _time(match[3], match[4])
    phrases = context.library.phrases
    if start is None or end is None or not _is_possible(start, end):
        await send(update, context, Screen(phrases.say("settings.quiet_bad")))
        return True
    async with context.database.write() as session:
        person = await people.find(session, update.effective_chat.id, lock=True)
        if person is None:
            return False
        person.quiet_from, person.quiet_to = when.clock(start), when.clock(end)
        for plan in await plans.active(session, person, lock=True):
            plans.reschedule(plan, person, context.now())
        people.ask(person, None)
        people.apply_once(person, update.update_id, asking)
        said = phrases.say("settings.quiet_set", quiet_from=person.quiet_from, quiet_to=person.quiet_to)
    context.house.wake()
    await send(update, context, Screen(said))
    return True


async def quiet_again(update: Update, context: Context, asking: Mapping[str, Any]) -> None:
    """Ask for the quiet hours again, or show them, when they were told."""
    assert update.effective_chat is not None
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
        is_asked = person is None or person.asking == asking
        screen = Screen(context.library.phrases.say("settings.quiet_ask"))
        if person is not None and not is_asked:
            screen = _screen(context.library, person)
    await send(update, context, screen)


def _is_possible(start: time, end: time) -> bool:
    try:
        check_quiet(start, end)
    except ValueError:
        return False
    return True


def _time(hour: str, minute: str | None) -> time | None:
    try:
        return time(int(hour), int(minute or 0))
    except ValueError:
        return None
