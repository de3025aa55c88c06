"""The sample texts in tests/eval are read as well as they ever were: raise a floor when the reading improves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from content.model import Library
from content.reading.evaluate import count, judge, read_files
from content.reading.understand import understand

SAMPLES = Path(__file__).parents[1] / "eval"

# Verdicts in per cent of the lines of a file: "at least" for what is wished for, "at most" for what is not.
AT_LEAST = {
    ("questions", "right"): 88.0,
    ("red_flags", "right"): 97.0,
    ("emergencies", "right"): 97.0,
    ("replies", "right"): 97.0,
    ("when", "right"): 97.0,
}
AT_MOST = {("questions", "wrong"): 3.0, ("out_of_scope", "answered"): 3.0}


def read_all(library: Library) -> dict[tuple[str, str], float]:
    """Return the share of each verdict in per cent, by file and verdict."""

    def read(record: Mapping[str, Any]) -> dict[str, Any]:
        return understand(record, library, datetime(2026, 11, 22, 10, tzinfo=UTC))

    found = {}
    for name, records in read_files(SAMPLES).items():
        verdicts = count(judge(name, records, read))["all"]
        found |= {(name, verdict): 100 * number / len(records) for verdict, number in verdicts.items()}
    return found


def test_enough_texts_are_read_right_and_few_wrong_in_every_file(library: Library) -> None:
    # One test for all files: they are read in one go, which workers would each repeat.
    shares = read_all(library)

    assert {file for file, _ in shares} == {
        "questions", "out_of_scope", "red_flags", "emergencies", "replies", "when"
    }  # fmt: skip
    assert {one: shares[one] for one, floor in AT_LEAST.items() if shares[one] < floor} == {}
    assert {one: shares[one] for one, most in AT_MOST.items() if shares.get(one, 0.0) > most} == {}
