"""Show the checklist: the emergency screen, one question at a time, the outcome."""

from __future__ import annotations

from collections.abc import Mapping

from bot.views import emergency, outcomes
from bot.views.screen import Button, Screen, pack
from content.checklist import Result, progress
from content.markup import to_html
from content.model import Answer, Library, Question

ANSWERS: tuple[Answer, ...] = ("yes", "no", "unsure")


def screen(library: Library, run_id: str, extra: str = "") -> Screen:
    """Ask about emergencies first: a few concrete signs, and "none of these"."""
    phrases, first = library.phrases, library.checklist.screen
    parts = [phrases.say("check.screen_progress"), to_html(first.ask)]
    if extra == "meaning":
        parts.append(phrases.say("check.meaning", text=first.meaning))
    rows: list[tuple[Button, ...]] = [(Button(sign.label, pack("k", "s", run_id, sign.id)),) for sign in first.signs]
    rows.append((Button(phrases.plain("button.none_of_these"), pack("k", "s", run_id, "none"), "success"),))
    rows.append(
        (
            Button(phrases.plain("button.meaning"), pack("k", "what", run_id, "screen")),
            Button(phrases.plain("button.leave"), pack("k", "leave", run_id)),
        )
    )
    return Screen("\n\n".join(parts), tuple(rows))


def question(library: Library, run_id: str, asked: Question, answers: Mapping[str, Answer], extra: str = "") -> Screen:
    """Show one question, with `extra` ("why" or "meaning") under it."""
    phrases = library.phrases
    n, total = progress(library.checklist, answers)
    parts = [phrases.say("check.progress", n=n, total=total), f"<b>{to_html(asked.ask)}</b>"]
    if extra == "why":
        parts.append(phrases.say("check.why", text=asked.why))
    elif extra == "meaning":
        parts.append(phrases.say("check.meaning", text=asked.meaning))
    plain = phrases.plain
    rows = [
        tuple(Button(plain(f"button.{answer}"), pack("k", "a", run_id, asked.id, answer)) for answer in ANSWERS),
        (
            Button(plain("button.why"), pack("k", "why", run_id, asked.id)),
            Button(plain("button.meaning"), pack("k", "what", run_id, asked.id)),
        ),
        (
            Button(plain("button.back"), pack("k", "back", run_id, asked.id)),
            Button(plain("button.leave"), pack("k", "leave", run_id)),
        ),
    ]
    return Screen("\n\n".join(parts), tuple(rows))


def outcome(library: Library, run_id: str, result: Result, *, calm: bool = False) -> Screen:
    """Show the outcome: for an emergency with its own buttons, else with what can be done with it."""
    text = outcomes.card(library, result)
    if result.level == "emergency":
        return Screen(text, emergency.full(library).rows)
    return Screen(outcomes.calm(library, text) if calm else text, outcomes.rows(library, run_id))
