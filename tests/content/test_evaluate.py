from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from content.reading.evaluate import count, judge, misses, read_files, same_schedule, tabulate


def reading(**changes: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "topic": None,
        "suggestions": [],
        "flags": [],
        "emergency": False,
        "means": "other",
        "schedule": "ask",
    }
    return {**nothing, **changes}


def schedule(**changes: Any) -> dict[str, Any]:
    return {
        "freq": "weekly",
        "interval": 1,
        "weekday": None,
        "monthday": None,
        "time": "18:00",
        "first": None,
        **changes,
    }


@pytest.mark.parametrize(
    ("name", "record", "read", "verdict"),
    [
        ("questions", {"topics": ["removal", "pregnancy"]}, reading(topic="pregnancy"), "right"),
        ("questions", {"topics": ["removal"]}, reading(topic="pregnancy"), "wrong"),
        ("questions", {"topics": ["removal"]}, reading(suggestions=["privacy", "removal"]), "offered"),
        ("questions", {"topics": ["removal"]}, reading(suggestions=["privacy"]), "offered others"),
        ("questions", {"topics": ["removal"]}, reading(), "refused"),
        ("out_of_scope", {"kind": "near"}, reading(), "right"),
        ("out_of_scope", {"kind": "near"}, reading(topic="removal"), "answered"),
        ("out_of_scope", {"kind": "near", "also": ["about-bot"]}, reading(topic="about-bot"), "right"),
        ("out_of_scope", {"kind": "near"}, reading(suggestions=["removal"]), "offered"),
        ("red_flags", {"flags": ["a", "b"]}, reading(flags=["b", "a"]), "right"),
        ("red_flags", {"flags": ["a", "b"]}, reading(flags=["a"]), "missed"),
        ("red_flags", {"flags": []}, reading(flags=["a"]), "false alarm"),
        ("red_flags", {"flags": ["a"]}, reading(flags=["b"]), "other flags"),
        ("emergencies", {"emergency": True}, reading(emergency=True), "right"),
        ("emergencies", {"emergency": True}, reading(), "missed"),
        ("emergencies", {"emergency": False}, reading(emergency=True), "false alarm"),
        ("replies", {"means": "yes", "question": "checklist"}, reading(means="yes"), "right"),
        ("replies", {"means": "yes", "question": "checklist"}, reading(), "not read"),
        ("replies", {"means": "yes", "question": "checklist"}, reading(means="no"), "wrong"),
        ("when", {"expect": "ask"}, reading(), "right"),
        ("when", {"expect": "ask"}, reading(schedule=schedule()), "guessed"),
        ("when", {"expect": schedule()}, reading(), "asked"),
        ("when", {"expect": schedule()}, reading(schedule=schedule(time="19:00")), "wrong"),
        ("when", {"expect": schedule()}, reading(schedule=schedule()), "right"),
    ],
)
def test_each_kind_of_line_is_judged_by_its_rule(
    name: str, record: dict[str, Any], read: dict[str, Any], verdict: str
) -> None:
    cases = judge(name, [{"text": "some text", **record}], lambda _: read)

    assert [case.verdict for case in cases] == [verdict]


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        (schedule(), schedule(weekday=["MO"]), False),
        (schedule(weekday=["MO", "TU"]), schedule(weekday=["TU", "MO"]), True),
        (schedule(freq="daily", interval=14), schedule(interval=2), True),
        (schedule(freq="daily", interval=10), schedule(interval=1), False),
        (schedule(), schedule(first="2026-12-01"), True),
        (schedule(first="2026-12-01"), schedule(), False),
        (schedule(first="2026-12-01"), schedule(first="2026-12-01", weekday=["TU"]), True),
        (schedule(first="2026-12-01"), schedule(first="2026-12-01", weekday=["WE"]), False),
        (schedule(freq="monthly", first="2026-12-05"), schedule(freq="monthly", first="2026-12-05", monthday=5), True),
        (schedule(freq="monthly", monthday=5), schedule(freq="monthly", monthday=6), False),
        (schedule(freq="once", first="2026-12-05"), schedule(freq="once", first="2026-12-05", interval=3), True),
        (schedule(), schedule(freq="monthly"), False),
        (schedule(time=None), schedule(), False),
    ],
)
def test_schedules_are_the_same_when_they_come_to_the_same(
    expected: Mapping[str, Any], got: Mapping[str, Any], same: bool
) -> None:
    assert same_schedule(expected, got) is same


def test_the_table_counts_all_and_each_group_in_per_cent() -> None:
    records = [
        {"text": "a", "topics": ["removal"], "style": "plain"},
        {"text": "b", "topics": ["removal"], "style": "slang"},
        {"text": "c", "topics": ["privacy"], "style": "slang"},
    ]

    cases = judge("questions", records, lambda record: reading(topic="removal"))

    assert count(cases)["style slang"] == {"right": 1, "wrong": 1}
    assert tabulate(cases) == [
        ["", "lines", "right", "wrong"],
        ["all", "3", "66.7", "33.3"],
        ["style plain", "1", "100.0", "0.0"],
        ["style slang", "2", "50.0", "50.0"],
        ["topics privacy", "1", "0.0", "100.0"],
        ["topics removal", "2", "100.0", "0.0"],
    ]


def test_a_miss_shows_what_was_expected_and_what_was_read() -> None:
    record = {"text": "zap it?", "topics": ["removal"], "style": "slang"}

    (miss,) = misses(judge("questions", [record], lambda _: reading(suggestions=["skin-care", "daily-life"])))

    assert (miss.text, miss.expected, miss.got) == ("zap it?", "removal", "skin-care, daily-life")


def test_files_are_read_by_name_and_others_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "emergencies.jsonl").write_text('{"text": "a", "emergency": true}\n\n', encoding="utf-8")
    (tmp_path / "notes.jsonl").write_text("not for us", encoding="utf-8")

    files = read_files(tmp_path)

    assert files == {"emergencies": [{"text": "a", "emergency": True}]}


@pytest.mark.parametrize("line", ["not json", "[]", json.dumps({"text": "no label"}), json.dumps({"emergency": True})])
def test_a_faulty_line_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "emergencies.jsonl").write_text(f'{{"text": "a", "emergency": true}}\n{line}\n', encoding="utf-8")

    with pytest.raises(ValueError, match=r"emergencies\.jsonl, line 2"):
        read_files(tmp_path)


def test_a_folder_with_no_file_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"questions\.jsonl"):
        read_files(tmp_path)
