"""Check the content files, and build what is fitted from them."""

from __future__ import annotations

import importlib

import typer
from rich.console import Console
from rich.progress import Progress

from bot.clock import system_clock
from content.load import find_problems

app = typer.Typer(no_args_is_help=True)


@app.command()
def check(language: str = "en") -> None:
    """Report everything that is wrong with the content files, all at once."""
    try:
        problems = find_problems(language, system_clock().date())
    except ModuleNotFoundError as error:
        typer.echo(f"The check needs {error.name}, of the dev extra: make check installs it.", err=True)
        raise typer.Exit(2) from None
    for problem in problems:
        typer.echo(str(problem))
    typer.echo(f"{len(problems)} problems" if problems else "The content files are in order.")
    raise typer.Exit(1 if problems else 0)


@app.command()
def build(language: str = "en") -> None:
    """Fit the topic index and the sign model from the example messages: a few minutes."""
    try:
        builder = importlib.import_module("content.build")
    except ModuleNotFoundError as error:
        typer.echo(f"The index needs {error.name}, of the build extra: pip install '.[build]'", err=True)
        raise typer.Exit(2) from None
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Reading the examples", total=1.0)
        builder.build_index(language, lambda step, share: progress.update(task, description=step, completed=share))
        builder.build_sign_model(language)
