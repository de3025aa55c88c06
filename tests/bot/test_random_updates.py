"""Whatever is typed, tapped or sent, in any order: an answer, no exception, nothing that Telegram refuses.

RANDOM_WALKS sets how many walks are taken (each of about 25 updates): 4 by default, 2000 for a long night.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.phone.server import Phone
from content.model import Library
from tests.chat import Chats, Talker
from tests.clock import StillClock

WALKS = int(os.environ.get("RANDOM_WALKS", "4"))
SAMPLES = Path(__file__).parents[1] / "eval"

TYPED = [json.loads(line)["text"] for path in sorted(SAMPLES.glob("*.jsonl")) for line in path.read_text().splitlines()]
COMMANDS = [
    "/start", "/start check", "/start q_removal", "/start nonsense", "/check", "/checkin", "/topics", "/history",
    "/report", "/reminders", "/settings", "/privacy", "/delete", "/help", "/cancel", "/stop", "/what",
]  # fmt: skip
ODD = [
    " ", "\u202eabc", "\u200b", "<b>x", "&lt;", "%s", "{0.__class__}", "'; DROP TABLE people;--", "9" * 4096,
    "😀" * 2000, "a\x00b", "yes" * 900, "_*[]()~`>#+-=|{}.!",
]  # fmt: skip

acts = st.one_of(
    st.tuples(st.just("says"), st.sampled_from(TYPED)),
    st.tuples(st.just("says"), st.sampled_from(COMMANDS)),
    st.tuples(st.just("says"), st.sampled_from(ODD) | st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)),
    st.tuples(st.just("taps"), st.integers(0, 1_000)),
    st.tuples(st.just("taps"), st.integers(0, 1_000)),
    st.tuples(st.just("taps"), st.integers(0, 1_000)),
    st.tuples(st.just("forges"), st.from_regex(r"[ -~]{1,60}", fullmatch=True)),
    st.tuples(st.just("blocks"), st.none()),
    st.tuples(st.just("waits"), st.sampled_from([1, 24, 24 * 8, 24 * 31])),
    st.tuples(st.just("sends"), st.sampled_from(["sticker", "voice", "location", "contact"])),
    st.tuples(st.just("injects"), st.sampled_from(["poll", "unknown", "broken", "no_from"])),
)  # fmt: skip

RAW: dict[str, dict[str, Any]] = {
    "poll": {"poll": {"id": "1", "question": "?"}},
    "unknown": {"a_type_of_next_year": {"x": 1}},
    "broken": {"message": {"message_id": "not a number"}},
    "no_from": {"message": {"message_id": 1, "date": 0, "chat": {"id": -5, "type": "channel", "title": "x"}}},
}


def test_nothing_that_a_person_does_breaks_the_conversation(library: Library, empty_database: Path) -> None:
    @settings(
        max_examples=WALKS,
        deadline=None,
        # Each step of making a failing walk shorter is a walk; a long run may take the time.
        phases=[Phase.explicit, Phase.reuse, Phase.generate] if WALKS < 100 else list(Phase),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.lists(acts, min_size=15, max_size=35))
    def walk(steps: list[tuple[str, Any]]) -> None:
        asyncio.run(_walk(library, empty_database, steps))

    walk()


async def _walk(library: Library, empty_database: Path, walk: list[tuple[str, Any]]) -> None:
    clock = StillClock()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calcibot.db"
        shutil.copy(empty_database, path)
        async with Phone(clock=clock) as phone:
            chats = Chats(phone, f"sqlite:///{path}", library, clock)
            alice, bob = chats.person("Alice"), chats.person("Bob")
            await alice.says("/start")
            for number, (kind, what) in enumerate(walk):
                await _act(bob if number % 7 == 3 else alice, kind, what)
                _look(chats)


async def _act(talker: Talker, kind: str, what: Any) -> None:
    chats = talker.chats
    if talker.phone.blocked and kind not in {"blocks", "waits", "injects"}:
        talker.phone.unblocks()
    if kind == "says":
        talker.phone.writes(what)
    elif kind == "taps":
        buttons = [(seen, button) for seen in talker.answers() for row in seen.buttons for button in row]
        if not buttons:
            return
        seen, button = buttons[-1 - what % len(buttons)]
        talker.phone.presses(seen.message_id, button.data, forged=True)
    elif kind == "forges":
        answers = talker.answers()
        if not answers:
            return
        talker.phone.presses(answers[-1].message_id, what, forged=True)
    elif kind == "waits":
        chats.clock.advance(hours=what)
    elif kind == "blocks":
        talker.phone.unblocks() if talker.phone.blocked else talker.phone.blocks()
    elif kind == "injects":
        chats.phone.inject(chats.token, RAW[what])
    elif what == "location":
        talker.phone.sends_location(52.5, 13.4)
    elif what == "contact":
        talker.phone.sends_contact("+49", "X")
    else:
        getattr(talker.phone, f"sends_{what}")()
    await chats.turn()


# Refusals that are part of talking to Telegram: an edit that changes nothing, a press answered too late.
EXPECTED = ("message is not modified", "query is too old", "message to edit not found", "message can't be edited")


def _look(chats: Chats) -> None:
    assert chats.phone.pending(chats.token) == 0
    refused = [
        (call.method, call.answer)
        for call in chats.phone.calls(chats.token)
        if call.status >= 400 and not any(text in str(call.answer) for text in EXPECTED)
    ]
    assert refused == []
    sorry = chats.library.phrases.plain("sorry.text")
    assert all(sorry != seen.text for name in ("Alice", "Bob") for seen in chats.person(name).answers())
