"""Keep the gate of the topic finder: numbers that were measured, reviewed like any content, with their evidence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from content.examples import CONTENT, Example, gate_file, read_examples
from content.model import TOPIC_IDS
from content.problem import Problem
from content.reading.features import VERSION as FEATURES_VERSION
from content.reading.index import Gate
from content.reading.topics import EVIDENCE

MEASURE_COMMAND = "calcibot content measure"
# A voice may grow or shrink by this share before the gate must be measured again: small edits do not move it.
MAX_CHANGE = 0.1


def read_gate(language: str = "en", root: Path = CONTENT) -> tuple[Gate, Mapping[str, Any]]:
    """Return the gate of a language and its evidence. Raises ValueError if it is missing or of another program."""
    path = gate_file(language, root)
    try:
        stored = _read(path)
        numbers = stored["gate"]
        gate = Gate(
            **{
                **numbers,
                "weights": tuple(numbers["weights"][name] for name in EVIDENCE),
                "topics": tuple(numbers["topics"][topic] for topic in TOPIC_IDS),
            }
        )
        report: Mapping[str, Any] = stored["report"]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} cannot be used ({error!r}). Run: {MEASURE_COMMAND}") from error
    return gate, report


def write_gate(
    gate: Gate, report: Mapping[str, Any], examples: tuple[Example, ...], language: str = "en", root: Path = CONTENT
) -> Path:
    """Write the gate, what it was measured on, and its evidence, and return the path."""
    numbers = {
        **asdict(gate),
        "weights": dict(zip(EVIDENCE, gate.weights, strict=True)),
        "topics": dict(zip(TOPIC_IDS, gate.topics, strict=True)),
    }
    stored = {"measured_on": {"features": FEATURES_VERSION, "voices": count_voices(examples)}, "gate": numbers}
    path = gate_file(language, root)
    path.write_text(json.dumps({**stored, "report": report}, indent=1) + "\n", encoding="utf-8")
    return path


def count_voices(examples: tuple[Example, ...]) -> dict[str, dict[str, int]]:
    """Return how many examples, and of how many labels, each voice has."""
    sizes = Counter(example.voice for example in examples)
    labels = Counter(voice for voice, _ in {(example.voice, example.label) for example in examples})
    return {voice: {"examples": sizes[voice], "labels": labels[voice]} for voice in sorted(sizes)}


def find_problems(language: str = "en", root: Path = CONTENT) -> list[Problem]:
    """Return why the gate does not belong to the voices any more; none if it does."""
    path = gate_file(language, root)
    name, again = f"{language}/{path.name}", f"run: {MEASURE_COMMAND}"
    try:
        read_gate(language, root)
        measured = _read(path)["measured_on"]
        now = count_voices(read_examples(language, root))
        before: dict[str, dict[str, int]] = measured["voices"]
        features = measured["features"]
    except (ValueError, KeyError, TypeError) as error:
        return [Problem(name, "", str(error))]
    problems = [Problem(name, voice, f"is a new voice; {again}") for voice in sorted(now.keys() - before.keys())]
    problems += [Problem(name, voice, f"is a voice no more; {again}") for voice in sorted(before.keys() - now.keys())]
    for voice in sorted(now.keys() & before.keys()):
        was, was_labels = before[voice]["examples"], before[voice]["labels"]
        size, labels = now[voice]["examples"], now[voice]["labels"]
        if labels != was_labels or abs(size - was) > MAX_CHANGE * was:
            change = f"{size} examples of {labels} labels, {was} of {was_labels} were measured"
            problems.append(Problem(name, voice, f"has {change}; {again}"))
    if features != FEATURES_VERSION:
        problems.append(Problem(name, "features", f"were version {features}, are {FEATURES_VERSION}; {again}"))
    return problems


def _read(path: Path) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return stored
