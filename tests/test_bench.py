"""The benchmark and the soak report what they measured as it was: ratios, verdicts, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bench import __main__ as bench
from tests.bench import document, plot
from tests.bench.figures import Curve, Ratio, Row, Target, against, not_measured, number, share
from tests.bench.fresh import Failed
from tests.bench.sizes import SHORT, Sizes
from tests.bench.tables import exponent
from tests.faults.checker import Verdict
from tests.faults.tally import Answers
from tests.soak.tally import MOST_GROWTH, Orders, Tally

CLEAN = Verdict(300, (), (), (), (), (), (), ())


def test_a_ratio_is_the_median_of_its_repeats_and_shows_how_far_they_lay_apart() -> None:
    row = against("ours ÷ theirs", "9/s", "10/s", Ratio([0.5, 0.9, 0.7]), Target(0.95, at_least=True))

    assert row.value == 0.7
    assert row.result == "0.70 (0.50 to 0.90)"
    assert row.verdict == "**not met**"


@pytest.mark.parametrize(
    ("target", "good", "bad"),
    [(Target(10, unit=" ms"), 10.0, 10.1), (Target(0.95, at_least=True), 0.95, 0.94), (Target(0), 0.0, 1.0)],
)
def test_a_target_is_met_up_to_its_limit(target: Target, good: float, bad: float) -> None:
    assert target.is_met(good)
    assert not target.is_met(bad)


def test_a_row_without_a_value_is_not_judged() -> None:
    row = not_measured("claiming, PostgreSQL", "there is no server")

    assert (row.result, row.verdict) == ("", "")
    assert "not measured: there is no server" in document.results([row])


def test_numbers_keep_the_digits_that_matter() -> None:
    assert [number(value) for value in (1234567, 1234.5, 12.34, 0.956, 0.0123)] == [
        "1,234,567",
        "1,234",
        "12.3",
        "0.96",
        "0.012",
    ]
    assert share([3.0, 1.0, 2.0], 0.5) == 2.0
    assert share([3.0, 1.0], 0.99) == 3.0
    assert exponent([1_000, 10_000, 100_000], [10.0, 100.0, 1_000.0]) == pytest.approx(1.0)


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    before = "# Head\n<!-- bench -->\nold\n<!-- end of bench -->\ntail\n"

    assert document.replaced(before, "bench", "new\n") == before.replace("old", "new")
    with pytest.raises(ValueError, match="soak"):
        document.replaced(before, "soak", "new\n")


def test_the_document_has_the_marks() -> None:
    text = document.DOCUMENT.read_text(encoding="utf-8")

    for name in ("bench", "soak", "replicas", "disk"):
        document.replaced(text, name, "")


def test_a_group_that_fails_is_told_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_sizes: Sizes, _server: str | None) -> Iterator[Row]:
        yield Row("the first", "1")
        raise Failed("no more")

    def works(_sizes: Sizes, _server: str | None) -> Iterator[Row]:
        yield Row("the other", "2")

    groups = {"a": bench.Group("A", breaks), "b": bench.Group("B", works)}
    monkeypatch.setattr(bench, "GROUPS", groups)
    told: list[str] = []

    found = bench.run(["a", "b"], SHORT, None, told.append)

    assert [row.what for row in found["a"] if isinstance(row, Row)] == ["the first", "a: the rest"]
    assert [row.what for row in found["b"] if isinstance(row, Row)] == ["the other"]
    assert any("no more" in line for line in told)


def test_the_picture_shows_what_has_a_target(tmp_path: Path) -> None:
    rows = [Row("fast enough", "1", value=1.0, target=Target(2.0)), Row("no target", "3"), Row("zero", "0", value=0.0)]
    path = tmp_path / "bench.svg"

    plot.draw(rows, [Curve("SQLite", [1_000, 10_000], [10.0, 12.0])], path)

    assert path.read_text(encoding="utf-8").startswith("<?xml")


def _tally(verdict: Verdict = CLEAN, lost: int = 0, exit_code: int = 0, memory: list[float] | None = None) -> Tally:
    answers = [Answers([0.1, 0.2], lost, 0, 0)]
    return Tally(Orders(), answers, verdict, 700, 27, {429: 7, 500: 3}, 40.0, exit_code, memory or [90.0] * 30)


def test_a_soak_where_all_came_is_good_and_its_table_says_how_it_was() -> None:
    tally = _tally()

    assert tally.broken == []
    assert "| calls answered with 429 (1.0%) | 7 |" in str(tally)


@pytest.mark.parametrize(
    "tally",
    [
        _tally(lost=1),
        _tally(Verdict(300, (), [("plan1", "2026-11-22T10:00")], (), (), (), (), ())),
        _tally(Verdict(300, (), (), (), (), [("plan1", "2026-11-22T10:00")], (), ())),
        _tally(exit_code=1),
        _tally(memory=[90.0] * 20 + [90.0 + 2 * MOST_GROWTH] * 10),
    ],
)
def test_a_soak_fails_for_each_thing_that_must_not_be(tally: Tally) -> None:
    assert len(tally.broken) == 1


def test_a_check_in_that_came_twice_with_a_note_of_it_is_borne() -> None:
    assert _tally(Verdict(300, (), (), [("plan1", "2026-11-22T10:00")], (), (), (), ())).broken == []
