"""The rooms know each other in one direction only: content <- scheduler <- bot."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# What each room may import of ours and of the libraries that belong to one room alone.
FORBIDDEN = {
    "content": ("scheduler", "bot", "telegram", "sqlalchemy", "apscheduler", "aiohttp", "starlette"),
    "scheduler": ("bot", "telegram", "aiohttp", "starlette"),
    "bot": ("tests",),
}


def imports(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Yield line, module and whether it stands inside a function, for every import of a file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, id(node) in inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module, id(node) in inside


def wrong_imports(room: str, folder: Path) -> list[str]:
    """Return every import in the room's folder that goes the wrong way."""
    return [
        f"{path.relative_to(folder.parent)}:{line} imports {module}"
        for path in sorted(folder.rglob("*.py"))
        for line, module, _ in imports(path)
        if module.split(".")[0] in FORBIDDEN[room]
    ]


@pytest.mark.parametrize("room", FORBIDDEN)
def test_no_room_imports_what_stands_on_top_of_it(room: str) -> None:
    assert wrong_imports(room, ROOT / room) == []


def test_an_import_in_the_wrong_direction_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    (folder / "bad.py").write_text("def f():\n    from scheduler import cadence\n")

    assert wrong_imports("content", folder) == ["content/bad.py:2 imports scheduler"]


def test_no_import_of_ours_hides_inside_a_function() -> None:
    hidden = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for room in FORBIDDEN
        for path in sorted((ROOT / room).rglob("*.py"))
        for line, module, is_inside in imports(path)
        if is_inside and module.split(".")[0] in FORBIDDEN
    ]
    assert hidden == []
