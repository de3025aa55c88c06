"""Check the content files, and build what is fitted from them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType

import typer
from rich.console import Console
from rich.progress import Progress

from bot.clock import system_clock
from content import gate
from content.load import find_problems

app = typer.Typer(no_args_is_help=True)


@app.command()
def check(language: str = "en") -> None:
    """Report everything that is wrong with the content files, all at once."""
    try:
        problems = [*find_problems(language, system_clock().date()), *gate.find_problems(language)]
    except ModuleNotFoundError as error:
        typer.echo(f"The check needs {error.name}, of the dev extra: make check installs it.", err=True)
        raise typer.Exit(2) from None
    for problem in problems:
        typer.echo(str(problem))
    typer.echo(f"{len(problems)} problems" if problems else "The content files are in order.")
    raise typer.Exit(1 if problems else 0)


@app.command()
def build(language: str = "en") -> None:
    """Fit the topic index, the sign model and the reply model from the example messages."""
    with _shown() as show:
        _import("content.build").build_all(language, show)


@app.command()
def measure(language: str = "en") -> None:
    """Set the gate of the topic finder by voices left out, for a new voice or reader: a few minutes."""
    with _shown() as show:
        path = _import("content.measure").measure_gate(language, show)
    typer.echo(f"Written: {path}. Read what changed, and commit it.")


def _import(name: str) -> ModuleType:
    """Return a module that needs the build extra, which the running bot does without."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        typer.echo(f"The index needs {error.name}, of the build extra: pip install '.[build]'", err=True)
        raise typer.Exit(2) from None


@contextmanager
def _shown() -> Iterator[Callable[[str, float], None]]:
    """Show progress, and a fault of the files as one line."""
    try:
        with Progress(console=Console(stderr=True)) as progress:
            task = progress.add_task("Reading the examples", total=1.0)
            yield lambda step, share: progress.update(task, description=step, completed=share)
    except ValueError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
