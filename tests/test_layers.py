"""The rooms know each other in one direction only: content <- scheduler <- bot."""

from __future__ import annotations

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).parent.parent

# What each room may import of ours and of the libraries that belong to one room alone.
FORBIDDEN = {
    "content": ("scheduler", "bot", "telegram", "sqlalchemy", "apscheduler", "aiohttp", "starlette"),
    "scheduler": ("bot", "telegram", "aiohttp", "starlette"),
    "bot": ("tests",),
}


@functools.cache
def imports(path: Path) -> tuple[tuple[int, str, bool], ...]:
    """Return line, module and whether it stands inside a function, for every import of a file."""
    found: list[tuple[int, str, bool]] = []

    def look(node: ast.AST, *, is_inside: bool) -> None:
        if isinstance(node, ast.Import):
            found.extend((node.lineno, alias.name, is_inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.lineno, node.module, is_inside))
        is_inside = is_inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        # Imports stand among statements: what is inside of these need not be looked through.
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.expr):
                look(child, is_inside=is_inside)

    look(ast.parse(path.read_text(encoding="utf-8")), is_inside=False)
    return tuple(found)


def wrong_imports(room: str, folder: Path) -> list[str]:
    """Return every import in the room's folder that goes the wrong way."""
    return [
        f"{path.relative_to(folder.parent)}:{line} imports {module}"
        for path in sorted(folder.rglob("*.py"))
        for line, module, _ in imports(path)
        if module.split(".")[0] in FORBIDDEN[room]
    ]


def test_no_room_imports_what_stands_on_top_of_it_and_no_import_of_ours_hides_inside_a_function() -> None:
    # One test, since it reads all files.
    assert [wrong for room in FORBIDDEN for wrong in wrong_imports(room, ROOT / room)] == []

    hidden = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for room in FORBIDDEN
        for path in sorted((ROOT / room).rglob("*.py"))
        for line, module, is_inside in imports(path)
        if is_inside and module.split(".")[0] in FORBIDDEN
    ]
    assert hidden == []


def test_an_import_in_the_wrong_direction_is_found(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    folder.mkdir()
    (folder / "bad.py").write_text("def f():\n    from scheduler import cadence\n")

    assert wrong_imports("content", folder) == ["content/bad.py:2 imports scheduler"]
    assert list(imports(folder / "bad.py")) == [(2, "scheduler", True)]
