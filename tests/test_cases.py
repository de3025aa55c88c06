"""The table of cases in the documents is true."""

from __future__ import annotations

from tests.cases import BEGIN, DOCUMENT, END, find_cases, table


def test_the_table_of_cases_names_the_tests_that_there_are() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert text.partition(BEGIN)[2].partition(END)[0] == table(), "run: python -m tests.cases"


def test_cases_are_found_at_all() -> None:
    assert {1, 41, 52, 60, 97, 101} <= find_cases().keys()
