"""Measure how soon people are answered by a real process, beside the least bot that the library allows."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.phone.people import Person
from bot.phone.server import Phone
from bot.views.screen import pack
from scheduler.db import migrate
from tests.bench import fresh
from tests.bench.figures import Ratio, Row, Target, number, share
from tests.bench.process import OURS, PLAIN, TOKEN, Bot, running
from tests.bench.sizes import Sizes

# Presses a second, and so many people share them that nobody is asked to slow down.
RATE = 20.0
PEOPLE = 80
PATIENCE = 60.0

# Between questions, so that none waits for its turn after the one before (25 a second as shipped).
APART = 0.06

QUESTION = "what are these white bumps"
SETTINGS = "/settings"
# A button that changes its own message; ours does it with one short transaction.
BUTTONS = {OURS: pack("s", "discreet"), PLAIN: "press"}
KINDS = {"ours": OURS, "plain": PLAIN}

SOON = Target(100.0, unit=" ms")


@dataclass(frozen=True)
class Waits:
    """Hold seconds from what a person did to the call that shows it, and CPU seconds of the bot for all presses."""

    answers: list[float]
    presses: list[float]
    press_cpu: float


def measure(sizes: Sizes, server: str | None) -> Iterator[Row]:
    """Give a row for one question at a time, and one for presses at 20 a second."""
    del server
    works = {
        name: lambda kind=kind: fresh.call(_talk, kind, sizes.answers, sizes.presses) for name, kind in KINDS.items()
    }
    found: Mapping[str, list[Waits]] = fresh.side_by_side(sizes.talks, works)
    answers = {name: [wait for one in waits for wait in one.answers] for name, waits in found.items()}
    presses = {name: [wait for one in waits for wait in one.presses] for name, waits in found.items()}
    ratio = Ratio([share(a.answers, 0.5) / share(b.answers, 0.5) for a, b in zip(*found.values(), strict=True)])
    what = "one typed question, end to end, ÷ the least bot of the library (fixed answer), medians"
    yield Row(what, _shown(answers["ours"]), _shown(answers["plain"]), ratio.middle, str(ratio))
    cpu = {name: 1e3 * sum(one.press_cpu for one in waits) / len(presses[name]) for name, waits in found.items()}
    ours, plain = (f"{_shown(presses[name])}; {number(cpu[name])} ms CPU each" for name in KINDS)
    what = f"press to reply at {RATE:g} presses/s, p95 of {len(presses['ours'])}"
    yield Row(what, ours, f"the least bot: {plain}", 1e3 * share(presses["ours"], 0.95), target=SOON)


def _shown(seconds: list[float]) -> str:
    return ", ".join(f"p{100 * part:g} {number(1e3 * share(seconds, part))} ms" for part in (0.5, 0.95, 0.99))


async def _talk(kind: tuple[str, ...], answers: int, presses: int) -> Waits:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        migrate.upgrade(f"sqlite:///{folder / 'calcibot.db'}")
        async with Phone() as phone, running(kind, phone.url, folder) as bot:
            people = [phone.person(TOKEN, f"Person {n}") for n in range(PEOPLE)]
            places = await _open(phone, people)
            waits = [await _ask(phone, people[n % PEOPLE]) for n in range(answers)]
            return Waits(waits, *await _press(phone, bot, people, places, presses, BUTTONS[kind]))


async def _open(phone: Phone, people: list[Person]) -> list[int]:
    """Let everybody have a message with the button, and return its number for each."""
    for person in people:
        person.writes(SETTINGS)
    done = lambda: all(person.last.from_bot for person in people)  # noqa: E731  # said once
    await phone.until(TOKEN, done, PATIENCE)
    return [person.last.message_id for person in people]


async def _ask(phone: Phone, person: Person) -> float:
    await asyncio.sleep(APART)
    begun = time.monotonic()
    person.writes(QUESTION)
    await phone.until(TOKEN, lambda: person.last.from_bot, PATIENCE)
    return phone.calls(TOKEN, "sendMessage")[-1].started - begun


async def _press(
    phone: Phone, bot: Bot, people: list[Person], places: list[int], presses: int, button: str
) -> tuple[list[float], float]:
    before, cpu = len(phone.calls(TOKEN, "editMessageText")), bot.cpu()
    pressed: dict[int, list[float]] = {person.id: [] for person in people}
    begun = time.monotonic()
    for turn in range(presses):
        await asyncio.sleep(max(0.0, begun + turn / RATE - time.monotonic()))
        which = turn % PEOPLE
        pressed[people[which].id].append(time.monotonic())
        people[which].presses(places[which], button, forged=True)
    await phone.until(TOKEN, lambda: len(phone.calls(TOKEN, "editMessageText")) >= before + presses, PATIENCE)
    shown: dict[int, list[float]] = {person.id: [] for person in people}
    for call in phone.calls(TOKEN, "editMessageText")[before:]:
        shown[int(call.parameters["chat_id"])].append(call.started)
    waits = [at - when for key, times in pressed.items() for when, at in zip(times, sorted(shown[key]), strict=True)]
    return waits, bot.cpu() - cpu
