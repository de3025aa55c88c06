"""List which test holds which reliability case: `python -m tests.cases` writes the table into docs/measurements.md."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent
DOCUMENT = ROOT.parent / "docs" / "measurements.md"
BEGIN, END = "<!-- cases -->\n", "<!-- end of cases -->\n"


def find_cases(root: Path = ROOT) -> dict[int, list[str]]:
    """Return the tests marked with `@pytest.mark.case(number)`, by number, in the order of the files."""
    found: dict[int, list[str]] = defaultdict(list)
    for path in sorted(root.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for number in _numbers(node):
                    found[number].append(f"`{path.relative_to(root.parent)}::{node.name}`")
    return dict(sorted(found.items()))


def _numbers(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[int]:
    return [
        argument.value
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.case"
        for argument in decorator.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, int)
    ]


def table() -> str:
    """Return the table as Markdown."""
    rows = [f"| {number} | {'<br>'.join(names)} |" for number, names in find_cases().items()]
    return "\n".join(["| case | held by |", "| --- | --- |", *rows]) + "\n"


def main() -> None:
    """Write the table between its marks in the document."""
    text = DOCUMENT.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    DOCUMENT.write_text(f"{head}{BEGIN}{table()}{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
