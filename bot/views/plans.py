"""Show the setting up of a check-in, and the plans there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from bot.views import when
from bot.views.screen import Button, Screen, pack
from content.markup import Html
from content.model import Library
from scheduler.cadence import Occurrence, QuietHours, quiet
from scheduler.db.models import Plan
from scheduler.db.plans import away_until, cadence_of
from scheduler.rule import Cadence
from scheduler.zones import Suggestion

RHYTHMS = (("1w", "week", 1), ("2w", "week", 2), ("1m", "month", 1), ("2m", "month", 2), ("3m", "month", 3))
TIMES = ("08:00", "12:00", "18:00", "20:00")


def rhythm(library: Library, draft_id: str) -> Screen:
    """Ask how often."""
    phrases = library.phrases
    buttons = [Button(phrases.plain(f"plan.every_{key}"), pack("p", "every", draft_id, key)) for key, _, _ in RHYTHMS]
    text = f"{phrases.say('plan.intro')}\n\n{phrases.say('plan.or_type')}"
    return Screen(text, (*_pairs(buttons), _leave(library, draft_id)))


def at(library: Library, draft_id: str) -> Screen:
    """Ask at what time of day."""
    buttons = [Button(text, pack("p", "at", draft_id, text.replace(":", ""))) for text in TIMES]
    return Screen(library.phrases.say("plan.at"), (*_pairs(buttons), _leave(library, draft_id)))


def zone(library: Library, draft_id: str, guess: str, now: datetime) -> Screen:
    """Ask for the place, or the time there; offer a guess, with the time that it would mean."""
    phrases, local = library.phrases, now.astimezone(ZoneInfo(guess)).strftime("%H:%M")
    text = f"{phrases.say('plan.zone')}\n\n{phrases.say('plan.zone_guess', zone=when.place(guess), time=local)}"
    yes = Button(phrases.plain("plan.zone_yes", time=local), pack("p", "zone", draft_id, guess))
    return Screen(text, ((yes,), _leave(library, draft_id)))


def zones(library: Library, draft_id: str, suggestions: Sequence[Suggestion]) -> Screen:
    """Offer zones with the time there now."""
    screen = pick_zone(library, suggestions, "p", "zone", draft_id)
    return replace(screen, rows=(*screen.rows, _leave(library, draft_id)))


def pick_zone(library: Library, suggestions: Sequence[Suggestion], *meaning: str) -> Screen:
    """Offer zones with the time there now; the zone's key follows `meaning` in each button."""
    rows = [(Button(f"{_place(one)}: {one.local:%H:%M}", pack(*meaning, one.key)),) for one in suggestions]
    asked = "plan.zone_pick" if len(rows) > 1 else "plan.zone_pick_one"
    return Screen(library.phrases.say(asked), tuple(rows))


def confirm(
    library: Library,
    draft_id: str,
    cadence: Cadence,
    zone_key: str,
    coming: Sequence[Occurrence],
    night: QuietHours,
) -> Screen:
    """Write out what was understood, with the next two dates and the first one in the phone's own zone.

    They are when it comes: after the quiet hours, if its time falls into them.
    """
    phrases = library.phrases
    tz = ZoneInfo(zone_key)
    comes = [quiet(occurrence.due_at, tz, *night) for occurrence in coming]
    dates = [when.moment(phrases, at.astimezone(tz)) for at in comes]
    here = when.on_phone(comes[0], dates[0])
    text: str = phrases.say(
        "plan.confirm_once" if cadence.unit == "once" else "plan.confirm",
        rhythm=when.rhythm(phrases, cadence),
        at=when.clock(cadence.at),
        zone=when.place(zone_key),
        dates=Html("\n".join(f"• {date}" for date in dates)),
        here=Html(here),
    )
    if cadence.unit == "month" and (cadence.month_day or cadence.anchor.day) > 28:  # February's days
        text += f"\n\n{phrases.say('plan.month_end')}"
    if comes[0] != coming[0].due_at:
        quiet_from, quiet_to = map(when.clock, night)
        text += f"\n\n{phrases.say('plan.in_the_night', quiet_from=quiet_from, quiet_to=quiet_to)}"
    plain = phrases.plain
    rows = (
        (Button(plain("plan.ok"), pack("p", "ok", draft_id), "success"),),
        (
            Button(plain("plan.change_rhythm"), pack("p", "other", draft_id, "rhythm")),
            Button(plain("plan.change_time"), pack("p", "other", draft_id, "time")),
        ),
        (Button(plain("plan.change_zone"), pack("p", "other", draft_id, "zone")),),
        _leave(library, draft_id),
    )
    return Screen(text, rows)


def consent(library: Library, draft_id: str) -> Screen:
    """Ask whether answers may be kept."""
    plain = library.phrases.plain
    rows = (
        (Button(plain("consent.yes"), pack("p", "consent", draft_id, "yes"), "success"),),
        (Button(plain("consent.no"), pack("p", "consent", draft_id, "no")),),
    )
    return Screen(library.phrases.say("consent.ask"), rows)


def listing(library: Library, plans: Sequence[Plan], night: QuietHours, now: datetime, note: str = "") -> Screen:
    """Show all that is to come, with its times."""
    phrases = library.phrases
    new = (Button(phrases.plain("button.checkin"), pack("p", "start")),)
    lines = [f"{note}\n"] if note else []
    if not plans:
        return Screen("\n".join([*lines, phrases.say("plan.list_none")]), (new,))
    lines.append(phrases.say("plan.list_title"))
    rows = []
    for n, plan in enumerate(plans, 1):
        lines.append(phrases.say(f"plan.item{_state(plan, now)}", n=n, **_words(library, plan, night)))
        rows.append((Button(phrases.plain("plan.manage", n=n), pack("r", "one", plan.public_id)),))
    return Screen("\n".join(lines), (*rows, new))


def one(library: Library, plan: Plan, night: QuietHours, now: datetime, note: str = "") -> Screen:
    """Show one plan and what can be done with it."""
    plain, data = library.phrases.plain, partial(_data, plan)
    text = library.phrases.say(f"plan.one{_state(plan, now)}", **_words(library, plan, night))
    stop = Button(plain("plan.stop"), data("r", "stop"))
    rows: list[tuple[Button, ...]] = []
    if plan.kind != "check_in":
        rows.append((stop,))
    else:
        turn = "pause" if plan.next_due_at else "resume"
        rows.append((Button(plain(f"plan.{turn}"), data("r", turn)), stop))
        rows.append((Button(plain("away.button"), data("a", "ask")), Button(plain("plan.change"), data("r", "edit"))))
    if away_until(plan, now):
        rows.insert(0, (Button(plain("away.back"), data("a", "back"), "success"),))
    rows.append((Button(plain("plan.all"), pack("r", "all")),))
    return Screen(f"{note}\n\n{text}" if note else text, tuple(rows))


def _data(plan: Plan, owner: str, action: str) -> str:
    return pack(owner, action, plan.public_id)


def _state(plan: Plan, now: datetime) -> str:
    """Return the ending of the phrases for how this plan stands."""
    if not plan.next_due_at:
        return "_paused"
    if plan.kind != "check_in":
        return f"_{plan.kind}"
    return "_away" if away_until(plan, now) else ""


def first_to_come(plans: Sequence[Plan]) -> Plan | None:
    """Return the plan whose next time is the nearest; None when nothing is to come."""
    times = [(plan.next_due_at, number) for number, plan in enumerate(plans) if plan.next_due_at]
    return plans[min(times)[1]] if times else None


def next_time(library: Library, plan: Plan, night: QuietHours) -> str:
    """Return when the plan comes next, in its own zone, after the person's quiet hours; empty when it does not."""
    if plan.next_due_at is None:
        return ""
    return when.instant(library.phrases, quiet(plan.next_due_at, ZoneInfo(plan.zone), *night), plan.zone)


def _words(library: Library, plan: Plan, night: QuietHours) -> dict[str, str]:
    return {
        "rhythm": when.rhythm(library.phrases, cadence_of(plan)),
        "at": plan.at,
        "zone": when.place(plan.zone),
        "when": next_time(library, plan, night),
        "day": when.full_day(library.phrases, plan.away_until) if plan.away_until else "",
    }


def _place(found: Suggestion) -> str:
    return f"{found.city}, {found.region}" if found.region else found.city


def _pairs(buttons: list[Button]) -> list[tuple[Button, ...]]:
    return [tuple(buttons[index : index + 2]) for index in range(0, len(buttons), 2)]


def _leave(library: Library, draft_id: str) -> tuple[Button, ...]:
    return (Button(library.phrases.plain("button.leave"), pack("p", "leave", draft_id)),)
