"""Show what an outcome offers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.views import when
from bot.views.screen import Button, Screen, pack
from content.checklist import Result
from content.markup import Html, to_html
from content.model import Answer, Library

__all__ = ["Result", "card", "consent", "for_doctor", "rows", "watch"]

VISITS = ("seen", "booked", "could_not", "decided_not")


def card(library: Library, result: Result) -> str:
    """Return the action, why, and the safety net in four parts, as HTML."""
    phrases, outcome = library.phrases, result.outcome
    reasons = (
        phrases.say("check.you_said", reasons="; ".join(result.because))
        if result.because
        else phrases.say("check.because_none")
    )
    parts = [f"<b>{to_html(outcome.heading)}</b>", reasons]
    parts += [
        f"{phrases.say(f'check.{title}_title')}\n{to_html(getattr(outcome, title))}"
        for title in ("meanwhile", "unknown", "watch", "where", "again")
    ]
    return "\n\n".join(parts)


def rows(library: Library, run_id: str) -> tuple[tuple[Button, ...], ...]:
    """Return what can be done with an outcome."""
    plain = library.phrases.plain
    return (
        (
            Button(plain("outcome.save"), pack("o", "save", run_id)),
            Button(plain("outcome.watch"), pack("o", "watch", run_id)),
        ),
        (Button(plain("outcome.remind"), pack("o", "remind", run_id)),),
        (Button(plain("outcome.doctor"), pack("o", "doctor", run_id)),),
        (Button(plain("button.checkin"), pack("p", "start")), Button(plain("button.topics"), pack("t", "menu"))),
    )


def watch(library: Library, result: Result) -> Screen:
    """Show what to watch for, alone, to be kept."""
    return Screen(f"{library.phrases.say('check.watch_title')}\n{to_html(result.outcome.watch)}")


def for_doctor(library: Library, at: datetime, answers: Mapping[str, Answer], result: Result) -> Screen:
    """Show the answers as a short text to take along."""
    phrases = library.phrases
    lines: list[str] = [phrases.say("outcome.doctor_title", when=when.day(phrases, at.date()))]
    for answer in ("yes", "unsure", "no"):
        asked = [question.ask for question in library.checklist.questions if answers.get(question.id) == answer]
        if asked:
            lines.append(phrases.say(f"outcome.doctor_{answer}"))
            lines.append("\n".join(f"• {to_html(text)}" for text in asked))
    lines.append(phrases.say("outcome.doctor_end", outcome=phrases.plain(f"outcome.{result.level}")))
    return Screen("\n\n".join(lines))


def consent(library: Library, run_id: str) -> Screen:
    """Ask whether answers may be kept."""
    plain = library.phrases.plain
    return Screen(
        library.phrases.say("consent.ask"),
        (
            (Button(plain("consent.yes"), pack("o", "consent", run_id, "yes"), "success"),),
            (Button(plain("consent.no"), pack("o", "consent", run_id, "no")),),
        ),
    )


def calm(library: Library, text: str) -> Html:
    """Return an outcome's text with a kind word about checking so often before it."""
    return Html(f"{library.phrases.say('check.calm')}\n\n{text}")
