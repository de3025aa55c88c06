"""Score how texts are read against what was expected, and say so in tables. The files' form is in docs/authors.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

Record = Mapping[str, Any]
# Gets a line of a file and returns how its text is read, in the form of `understand`.
Reader = Callable[[Record], Mapping[str, Any]]

RIGHT = "right"
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class Case:
    """Hold the verdict on one line. `groups` are the headings that it counts under, such as "style slang"."""

    text: str
    verdict: str
    expected: str
    got: str
    groups: tuple[str, ...]


def _judge_question(record: Record, reading: Mapping[str, Any]) -> str:
    if reading["topic"] is not None:
        return RIGHT if reading["topic"] in record["topics"] else "wrong"
    if not reading["suggestions"]:
        return "refused"
    return "offered" if set(reading["suggestions"]) & set(record["topics"]) else "offered others"


def _judge_out_of_scope(record: Record, reading: Mapping[str, Any]) -> str:
    if reading["topic"] is not None:
        return RIGHT if reading["topic"] in record.get("also", ()) else "answered"
    return "offered" if reading["suggestions"] else RIGHT


def _judge_flags(record: Record, reading: Mapping[str, Any]) -> str:
    missed, extra = set(record["flags"]) - set(reading["flags"]), set(reading["flags"]) - set(record["flags"])
    if missed and extra:
        return "other flags"
    return "missed" if missed else "false alarm" if extra else RIGHT


def _judge_emergency(record: Record, reading: Mapping[str, Any]) -> str:
    if reading["emergency"] == record["emergency"]:
        return RIGHT
    return "missed" if record["emergency"] else "false alarm"


def _judge_reply(record: Record, reading: Mapping[str, Any]) -> str:
    if reading["means"] == record["means"]:
        return RIGHT
    return "not read" if reading["means"] == "other" else "wrong"


def _judge_schedule(record: Record, reading: Mapping[str, Any]) -> str:
    expected, got = record["expect"], reading["schedule"]
    if "ask" in (expected, got):
        return RIGHT if expected == got else "asked" if got == "ask" else "guessed"
    return RIGHT if same_schedule(expected, got) else "wrong"


@dataclass(frozen=True, slots=True)
class _Kind:
    """Tell how the lines of a file are judged, which field holds what was expected, and what they are grouped by."""

    judge: Callable[[Record, Mapping[str, Any]], str]
    expected: str
    got: tuple[str, ...]
    groups: tuple[str, ...]


_KINDS: dict[str, _Kind] = {
    "questions": _Kind(_judge_question, "topics", ("topic", "suggestions"), ("style", "topics")),
    "out_of_scope": _Kind(_judge_out_of_scope, "kind", ("topic", "suggestions"), ("kind",)),
    "red_flags": _Kind(_judge_flags, "flags", ("flags",), ("style", "flags")),
    "emergencies": _Kind(_judge_emergency, "emergency", ("emergency",), ("emergency",)),
    "replies": _Kind(_judge_reply, "means", ("means",), ("question", "means")),
    "when": _Kind(_judge_schedule, "expect", ("schedule",), ("tz",)),
}


def read_files(folder: Path) -> dict[str, list[Record]]:
    """Return the lines of the evaluation files in `folder` by file name without its ending.

    Raises ValueError that names file and line of the first fault, or says that there is no file to read.
    """
    files: dict[str, list[Record]] = {}
    for name, kind in _KINDS.items():
        path = folder / f"{name}.jsonl"
        if not path.is_file():
            continue
        files[name] = []
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
                record["text"], record[kind.expected]
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"{path.name}, line {number}: {error!r}") from error
            files[name].append(record)
    if not files:
        raise ValueError(f"{folder} has none of the files {', '.join(f'{name}.jsonl' for name in _KINDS)}")
    return files


def judge(name: str, records: Sequence[Record], read: Reader) -> list[Case]:
    """Return the verdict on each line of the file called `name`. Raises KeyError for a file of no known kind."""
    kind = _KINDS[name]
    cases = []
    for record in records:
        reading = read(record)
        cases.append(
            Case(
                text=record["text"],
                verdict=kind.judge(record, reading),
                expected=_shown(record[kind.expected]),
                got=next((_shown(reading[field]) for field in kind.got if reading[field]), "none"),
                groups=tuple(f"{field} {_shown(_first(record.get(field)))}" for field in kind.groups),
            )
        )
    return cases


def count(cases: Sequence[Case]) -> dict[str, Counter[str]]:
    """Return how often each verdict was given: under "all", and under each group."""
    counts: dict[str, Counter[str]] = {"all": Counter()}
    for case in cases:
        for group in ("all", *case.groups):
            counts.setdefault(group, Counter())[case.verdict] += 1
    return counts


def tabulate(cases: Sequence[Case]) -> list[list[str]]:
    """Return the counts as rows of text under a heading: the group, how many, and the verdicts in per cent."""
    counts = count(cases)
    verdicts = sorted(counts["all"], key=lambda verdict: (verdict != RIGHT, -counts["all"][verdict]))
    rows = [["", "lines", *verdicts]]
    for group in ["all", *sorted(counts.keys() - {"all"})]:
        lines = counts[group].total()
        rows.append(
            [group, str(lines), *(f"{100 * counts[group][verdict] / max(lines, 1):.1f}" for verdict in verdicts)]
        )
    return rows


def misses(cases: Sequence[Case]) -> list[Case]:
    """Return the cases that are not simply right."""
    return [case for case in cases if case.verdict != RIGHT]


def same_schedule(expected: Mapping[str, Any], got: Mapping[str, Any]) -> bool:
    """Tell whether two schedules come to the same.

    Seven days are a week. What the expected start implies may be filled in. Without an expected start any will do.
    """
    first, second = _weekly(expected), _weekly(got)
    if first["freq"] != second["freq"] or first["time"] != second["time"]:
        return False
    if first["freq"] != "once" and first["interval"] != second["interval"]:
        return False
    if first["first"] is not None and first["first"] != second["first"]:
        return False
    start = date.fromisoformat(first["first"]) if first["first"] else None
    days, filled_days = set(first["weekday"] or ()), set(second["weekday"] or ())
    if filled_days != days and not (start and not days and filled_days == {_DAYS[start.weekday()]}):
        return False
    monthday, filled = first["monthday"], second["monthday"]
    return bool(filled == monthday or (start and monthday is None and filled == start.day))


def _weekly(schedule: Mapping[str, Any]) -> dict[str, Any]:
    same = {"interval": 1, "weekday": None, "monthday": None, "time": None, "first": None, **schedule}
    if same["freq"] == "daily" and same["interval"] % 7 == 0:
        return {**same, "freq": "weekly", "interval": same["interval"] // 7}
    return same


def _first(value: object) -> object:
    return (value[0] if value else "none") if isinstance(value, list) else value


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(part)}" for name, part in value.items() if part is not None)
    return ", ".join(map(str, value)) or "none" if isinstance(value, (list, tuple)) else str(value)
