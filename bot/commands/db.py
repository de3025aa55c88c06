"""Bring the database to this release, and tell whether it is there."""

from __future__ import annotations

import os
from importlib import import_module

import typer

from bot.settings import read_settings
from scheduler.db import revision

app = typer.Typer(no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Make or change the tables for this release. Run it once, before the replicas start."""
    url = read_settings(os.environ).database_url.get_secret_value()
    before = revision.current(url)
    import_module("scheduler.db.migrate").upgrade(url)
    typer.echo(f"The database is at {revision.current(url)} (before: {before or 'no tables'}).")


@app.command()
def check() -> None:
    """Say whether the database fits this release."""
    url = read_settings(os.environ).database_url.get_secret_value()
    current, newest = revision.current(url), revision.newest()
    revision.refuse_newer(current)
    if current != newest:
        typer.echo(f"The database is at {current or 'no tables'}, not at {newest}. Run: calcibot db upgrade")
        raise typer.Exit(1)
    typer.echo(f"The database is at {current}, as it should be.")
