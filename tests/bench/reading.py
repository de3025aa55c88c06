"""Measure how long one message takes to be read: topic, signs and emergency, each text once."""

from __future__ import annotations

import gc
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from content.reading.signs import read_signs
from content.reading.topics import find_topic
from tests.bench import fresh
from tests.bench.figures import Row, Target, number, share
from tests.bench.sizes import Sizes
from tests.faults.child import LIBRARY

SAMPLES = Path(__file__).parents[1] / "eval"
WANTED = Target(10.0, unit=" ms")
# What nobody writes must not hold up the others for long, and never for longer.
BEARABLE = Target(50.0, unit=" ms")

# As long as a message can be.
LONGEST = 4096
WARM_UP = 40


def measure(sizes: Sizes, server: str | None) -> Iterator[Row]:
    """Give a row for the samples and one for what is long and nasty."""
    del sizes, server
    for name, texts, most, target in (
        ("a sample text of tests/eval", samples(), 0.99, WANTED),
        ("a long or nasty text", nasty(), 1.0, BEARABLE),
    ):
        cpu, wall = fresh.call(read_all, texts)
        shown = f"p50 {number(share(cpu, 0.5))} ms, p99 {number(share(cpu, 0.99))} ms, worst {number(max(cpu))} ms CPU"
        other = f"wall: p99 {number(share(wall, 0.99))} ms"
        which = "worst" if most == 1 else f"p{100 * most:.0f}"
        what = f"reading {name} on one core (topic, signs, emergency), {which} of {len(texts)}"
        yield Row(what, shown, other, share(cpu, most), target=target)


def read_all(texts: Sequence[str]) -> tuple[list[float], list[float]]:
    """Return CPU and wall milliseconds of each, after a few others."""
    for text in random.Random(1).sample(samples(), WARM_UP):
        _read(f"and {text}")
    # As the bot does after its start: what is loaded need not be looked through again.
    gc.freeze()
    cpu, wall = [], []
    for text in texts:
        begun, at = time.thread_time(), time.perf_counter()
        _read(text)
        cpu.append(1e3 * (time.thread_time() - begun))
        wall.append(1e3 * (time.perf_counter() - at))
    return cpu, wall


def _read(text: str) -> None:
    read_signs(text, LIBRARY.signs)
    find_topic(text, LIBRARY.index)


def samples() -> list[str]:
    """Return the texts of all sample files."""
    paths = sorted(SAMPLES.glob("*.jsonl"))
    return [json.loads(line)["text"] for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


def nasty() -> list[str]:
    """Return texts that were made to be slow: very long, hardly a word, one word over and over, slips everywhere."""
    chance, texts = random.Random(2), samples()
    words = " ".join(texts).split()
    long = [" ".join(chance.choices(words, k=900))[:LONGEST] for _ in range(20)]
    slips = [" ".join(_slip(word, chance) for word in text.split())[:LONGEST] for text in long]
    odd = ["no " * 1365, "a" * LONGEST, "not " * 1024, "🙂" * 2048, "\u0301" * LONGEST, "?!" * 2048, "1 2 3 " * 680]
    odd += ["but " * 1024, "\u202e" + "abc " * 1000, "it is not not not growing " * 150, "😀bump" * 600, "é" * LONGEST]
    made = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz ", k=LONGEST)) for _ in range(10)]
    return [*long, *slips, *odd, *made]


def _slip(word: str, chance: random.Random) -> str:
    at = chance.randrange(len(word))
    return word[:at] + chance.choice("abcdefghijklmnopqrstuvwxyz") + word[at + 1 :]
