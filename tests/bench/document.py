"""Write results into docs/measurements.md, between marks that only this writes between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.figures import Row

DOCUMENT = Path(__file__).parents[2] / "docs" / "measurements.md"
HEADINGS = ("measure", "ours", "held against", "result", "target", "")


def replaced(document: str, name: str, text: str) -> str:
    """Return the document with this text between the marks of that name. Raises ValueError where they are not."""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    head, found, rest = document.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the marks of {name!r} are not in the document")
    return f"{head}{begin}{text}{end}{tail}"


def write(name: str, text: str, path: Path = DOCUMENT) -> None:
    """Put this text between the marks of that name."""
    path.write_text(replaced(path.read_text(encoding="utf-8"), name, text), encoding="utf-8")


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = (headings, ["---"] * len(headings), *rows)
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)


def report(facts: Mapping[str, str], rows: Mapping[str, Sequence[Row]]) -> str:
    """Return all of it: what it was measured on, then a table for each group."""
    parts = ["".join(f"- {name}: {value}\n" for name, value in facts.items())]
    parts += [f"### {title}\n\n{results(found)}" for title, found in rows.items() if found]
    return "\n".join(parts)


def results(rows: Sequence[Row]) -> str:
    """Return the table of one group."""
    return table(
        HEADINGS,
        [(row.what, row.ours, row.other, row.result, str(row.target or ""), row.verdict) for row in rows],
    )
