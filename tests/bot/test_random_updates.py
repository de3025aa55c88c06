"""Whatever is typed, tapped or sent, in any order: an answer, no exception, nothing that Telegram refuses.

RANDOM_WALKS sets how many walks are taken, each of about 50 updates: 2 by default, 1000 for a long run. A walk goes
through one program, which is thrown away and built anew from the database wherever the walk says so.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import SQLAlchemyError

from bot.phone.server import Phone
from bot.program import Program
from content.model import Library
from tests.chat import Chats, Talker
from tests.clock import StillClock

WALKS = int(os.environ.get("RANDOM_WALKS", "2"))
SAMPLES = Path(__file__).parents[1] / "eval"

TYPED = [json.loads(line)["text"] for path in sorted(SAMPLES.glob("*.jsonl")) for line in path.read_text().splitlines()]
# What answers an open question of the bot, or acts on all check-ins.
ANSWERS = [
    "yes", "no", "not sure", "none of these", "stop", "tomorrow", "in 2 hours", "Berlin", "7pm", "every week at 7pm",
    "every month on the 31st", "11:00", "size and pain", "bigger than a pea", "no note", "it hurts now", "ok",
    "I agree", "nothing new", "better", "worse", "I'm away until Friday", "two weeks", "I'm back", "pause", "resume",
    "I've moved", "20:00 to 09:00", "I have a date", "yes, I was seen", "other time", "no", "22:00 to 22:00",
    "once on 31 december", "why do you ask?", "go back", "what does this mean?", "it is leaking chalky stuff",
]  # fmt: skip
COMMANDS = [
    "/start", "/start check", "/start q_removal", "/start nonsense", "/check", "/check", "/checkin", "/checkin",
    "/topics", "/history", "/report", "/reminders", "/settings", "/privacy", "/delete", "/help", "/cancel", "/stop",
    "/what", "/mydata",
]  # fmt: skip
ODD = [
    " ", "\u202eabc", "\u200b", "<b>x", "&lt;", "%s", "{0.__class__}", "'; DROP TABLE people;--", "9" * 4096,
    "😀" * 2000, "a\x00b", "yes" * 900, "_*[]()~`>#+-=|{}.!", "/", "//", "/start\n/check",
]  # fmt: skip

acts = st.one_of(
    st.tuples(st.just("says"), st.sampled_from(TYPED)),
    st.tuples(st.just("says"), st.sampled_from(ANSWERS)),
    st.tuples(st.just("says"), st.sampled_from(ANSWERS)),
    st.tuples(st.just("says"), st.sampled_from(COMMANDS)),
    st.tuples(st.just("says"), st.sampled_from(ODD) | st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)),
    st.tuples(st.just("is cut off after"), st.sampled_from(ANSWERS)),
    st.tuples(st.just("taps"), st.integers(0, 8)),
    st.tuples(st.just("taps"), st.integers(0, 8)),
    st.tuples(st.just("taps"), st.integers(0, 8)),
    st.tuples(st.just("taps"), st.integers(0, 1_000)),
    st.tuples(st.just("forges"), st.from_regex(r"[ -~]{1,60}", fullmatch=True)),
    st.tuples(st.just("blocks"), st.none()),
    st.tuples(st.just("waits"), st.sampled_from([1, 24, 24 * 8, 24 * 31])),
    st.tuples(st.just("sends"), st.sampled_from(["sticker", "voice", "location", "contact", "photo", "edit"])),
    st.tuples(st.just("injects"), st.sampled_from(["poll", "unknown", "broken", "no_from"])),
    st.tuples(st.just("restarts"), st.none()),
)  # fmt: skip

RAW: dict[str, dict[str, Any]] = {
    "poll": {"poll": {"id": "1", "question": "?"}},
    "unknown": {"a_type_of_next_year": {"x": 1}},
    "broken": {"message": {"message_id": "not a number"}},
    "no_from": {"message": {"message_id": 1, "date": 0, "chat": {"id": -5, "type": "channel", "title": "x"}}},
}
# One white pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c63f80f00010101001bb6ee560000000049454e44ae426082"
)

# Acts that no silence may follow.
SPOKEN = {"says", "sends", "is cut off after"}

# Refusals that are part of talking to Telegram: an edit that changes nothing, a press answered too late.
EXPECTED = ("message is not modified", "query is too old", "message to edit not found", "message can't be edited")


@pytest.mark.case(105)
def test_nothing_that_a_person_does_breaks_the_conversation(library: Library, empty_database: Path) -> None:
    tally: Counter[str] = Counter()

    @settings(
        max_examples=WALKS,
        deadline=None,
        database=None,
        # Each step of making a failing walk shorter would be a walk.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(acts, min_size=35, max_size=65))
    def walk(steps: list[tuple[str, Any]]) -> None:
        asyncio.run(_walk(library, empty_database, steps, tally))

    with patch("bot.line.PRIVATE", (0.001, 3)), patch("bot.line.GROUP", (0.001, 3)):
        walk()

    print(f"\n{sum(tally.values())} acts: {dict(tally.most_common())}")  # noqa: T201  # what a long run is for


@dataclass
class Scene:
    """Hold two people, and the program that talks to them now."""

    chats: Chats
    alice: Talker
    bob: Talker
    tally: Counter[str]
    program: Program
    # How many of the calls to Telegram have been looked at.
    calls: int = 0

    async def turn(self) -> None:
        await self.chats.handle(self.program)

    async def restart(self) -> None:
        await self.program.close()
        self.program = self.chats.program()
        await self.program.application.initialize()


async def _walk(library: Library, empty_database: Path, walk: list[tuple[str, Any]], tally: Counter[str]) -> None:
    clock = StillClock()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calcibot.db"
        shutil.copy(empty_database, path)
        async with Phone(clock=clock) as phone:
            chats = Chats(phone, f"sqlite:///{path}", library, clock)
            program = chats.program()
            await program.application.initialize()
            scene = Scene(chats, chats.person("Alice"), chats.person("Bob"), tally, program)
            try:
                for number, (kind, what) in enumerate(walk):
                    talker = scene.bob if number % 7 == 3 else scene.alice
                    tally[kind] += 1
                    await _act(scene, talker, kind, what)
                    # Nobody writes faster than a person can: the flood gate has tests of its own.
                    clock.advance(seconds=20)
                    _look(scene, talker, kind)
                await _stands(scene)
            finally:
                await scene.program.close()


async def _act(scene: Scene, talker: Talker, kind: str, what: Any) -> None:
    chats = scene.chats
    if talker.phone.blocked and kind not in {"blocks", "waits", "injects", "restarts"}:
        talker.phone.unblocks()
    match kind:
        case "says":
            talker.phone.writes(what)
        case "is cut off after":
            talker.phone.writes(what)
            with _cut_off():
                await scene.turn()
            await scene.restart()
        case "taps":
            buttons = [(seen, button) for seen in talker.answers() for row in seen.buttons for button in row]
            for seen, button in buttons[-1 - what % len(buttons) :][:1] if buttons else ():
                talker.phone.presses(seen.message_id, button.data or "0", forged=True)
        case "forges":
            for seen in talker.answers()[-1:]:
                talker.phone.presses(seen.message_id, what, forged=True)
        case "waits":
            chats.clock.advance(hours=what)
        case "blocks":
            talker.phone.unblocks() if talker.phone.blocked else talker.phone.blocks()
        case "injects":
            chats.phone.inject(chats.token, RAW[what])
            # One that cannot be read is logged at length, and is meant to.
            with patch("bot.intake.log"):
                await scene.turn()
        case "restarts":
            await scene.restart()
        case "sends":
            _send(talker, what)
    await scene.turn()


@contextmanager
def _cut_off() -> Iterator[None]:
    """Let a program be killed after its work was done, before that could be noted: Telegram gives the update again."""
    with patch("bot.intake.updates.finish", side_effect=SQLAlchemyError("killed")), patch("bot.intake.log"):
        yield


def _send(talker: Talker, what: str) -> None:
    match what:
        case "location":
            talker.phone.sends_location(52.5, 13.4)
        case "contact":
            talker.phone.sends_contact("+49", "X")
        case "photo":
            talker.phone.sends_photo(PNG, caption="is it cancer?")
        case "edit":
            written = talker.phone.writes("is it contagious?")
            talker.phone.edits(written["message_id"], "yes")
        case _:
            getattr(talker.phone, f"sends_{what}")()


def _look(scene: Scene, talker: Talker, kind: str) -> None:
    chats = scene.chats
    calls = chats.phone.calls(chats.token)
    new, scene.calls = calls[scene.calls :], len(calls)
    refused = [
        (call.method, call.answer)
        for call in new
        if call.status >= 400 and not any(text in str(call.answer) for text in EXPECTED)
    ]
    assert chats.phone.pending(chats.token) == 0
    assert refused == []
    if kind in SPOKEN:
        assert any(call.method.startswith("send") for call in new), "nothing was answered"
    sorry = chats.library.phrases.plain("sorry.text")
    assert all(sorry != seen.text for seen in talker.answers()[-5:])


async def _stands(scene: Scene) -> None:
    """Look whether a checklist can still be begun and answered, whatever came before."""
    alice = scene.alice
    if alice.phone.blocked:
        alice.phone.unblocks()
    for text in ("/cancel", "/check", "none of these", "no"):
        alice.phone.writes(text)
        await scene.turn()
    assert "Question 2 of" in alice.reads()
