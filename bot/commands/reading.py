"""Show how texts are understood, and score a folder of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bot.clock import system_clock
from bot.settings import SettingsError
from content.load import load_library
from content.reading.evaluate import judge, misses, read_files, tabulate
from content.reading.understand import understand as read_record


def understand() -> None:
    """Read JSON lines from standard input, and write how each text is understood."""
    library, now = load_library(), system_clock()
    for number, line in enumerate(sys.stdin, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            if not isinstance(record, dict):
                raise SettingsError(f"line {number}: must be a JSON object")
            reading = read_record(record, library, now)
        except ValueError as error:
            raise SettingsError(f"line {number}: {error}") from error
        # Half of a character cannot be written as UTF-8; escaped it can.
        sys.stdout.write(json.dumps(reading) + "\n")
        sys.stdout.flush()


def evaluate(
    folder: Annotated[Path, typer.Argument(help="JSONL files: questions, out_of_scope, red_flags, ...")],
    show_misses: Annotated[
        bool, typer.Option("--misses/--no-misses", help="List the texts that are not read right.")
    ] = True,
) -> None:
    """Score how the texts of a folder are read: a table for each file, and the misses."""
    library, now, console = load_library(), system_clock(), Console()
    try:
        files = read_files(folder)
    except ValueError as error:
        raise SettingsError(str(error)) from error
    for name, records in files.items():
        cases = judge(name, records, lambda record: read_record(record, library, now))
        head, *rows = tabulate(cases)
        table = Table(title=name)
        for title in head:
            table.add_column(title, no_wrap=True)
        for row in rows:
            table.add_row(*row)
        console.print(table)
        for case in misses(cases) if show_misses else ():
            console.print(f"  {case.verdict}: {case.text!r} expected {case.expected}, got {case.got}", markup=False)
