"""Let many people write to the bot, evenly, and find out what each of them was answered."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.phone.people import Person
from bot.phone.switchboard import Call
from tests.faults.harness import TOKEN, Scene
from tests.faults.tally import TEXTS, Answers, follow

FIRST_WRITER = 5_000_000

# Who writes more often than 20 times in a minute is asked to slow down.
SECONDS_BETWEEN = 4.0

# 502 is what the local Telegram says here where it did what it was asked for, and 500 where it did not.
ARRIVED = frozenset({200, 502})

# So much of an answer tells which one it is.
BEGINNING = 40


@dataclass
class Writer:
    """Hold one person who writes, and when they did, in monotonic seconds."""

    person: Person
    written: list[float] = field(default_factory=list)

    def writes(self) -> None:
        """Write the next text."""
        self.person.writes(TEXTS[len(self.written) % len(TEXTS)])
        self.written.append(time.monotonic())


def gather(scene: Scene, updates_per_second: float) -> list[Writer]:
    """Return so many people that each of them writes slowly enough."""
    count = max(1, round(updates_per_second * SECONDS_BETWEEN))
    return [Writer(scene.phone.person(TOKEN, f"Writer {n}", id=FIRST_WRITER + n)) for n in range(count)]


async def write(writers: Sequence[Writer], updates_per_second: float, seconds: float) -> None:
    """Let them write in turns for so long."""
    begun = time.monotonic()
    for turn in range(round(updates_per_second * seconds)):
        await asyncio.sleep(max(0.0, begun + turn / updates_per_second - time.monotonic()))
        writers[turn % len(writers)].writes()


async def learn(scene: Scene) -> Mapping[str, int]:
    """Ask for each answer once, and return which text each beginning belongs to."""
    person = scene.phone.person(TOKEN, "Probe", id=FIRST_WRITER - 1)
    known: dict[str, int] = {}
    for which, typed in enumerate(TEXTS):
        person.writes(typed)
        await scene.until(lambda: person.last.from_bot)
        mine = [call for call in scene.phone.calls(TOKEN, "sendMessage") if _chat(call) == person.id]
        known[_beginning(mine[-1])] = which
    assert len(known) == len(TEXTS), "two texts have the same answer"
    return known


def answered(scene: Scene, writers: Sequence[Writer], known: Mapping[str, int]) -> list[Answers]:
    """Hold what everybody got against what they wrote. What arrived counts, also where the bot was told otherwise."""
    got: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for call in scene.phone.calls(TOKEN, "sendMessage"):
        if call.status in ARRIVED and _chat(call) >= FIRST_WRITER:
            got[_chat(call)].append((call.started, known.get(_beginning(call), -1)))
    return [follow(writer.written, got.get(writer.person.id, ())) for writer in writers]


def how_far(scene: Scene, writers: Sequence[Writer]) -> str:
    """Say how many texts were written and how many messages arrived so far, answers and check-ins."""
    arrived = [_chat(call) for call in scene.phone.calls(TOKEN, "sendMessage") if call.status in ARRIVED]
    answers = sum(chat >= FIRST_WRITER for chat in arrived)
    texts = sum(len(writer.written) for writer in writers)
    # One more person asked for each answer once, before everything began.
    check_ins = sum(chat < FIRST_WRITER - 1 for chat in arrived)
    return f"{answers} answers to {texts} texts, {check_ins} check-ins"


def _chat(call: Call) -> int:
    return int(call.parameters["chat_id"])


def _beginning(call: Call) -> str:
    return str(call.parameters["text"])[:BEGINNING]
