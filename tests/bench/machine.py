"""Tell what was measured on: without it the numbers say nothing."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

LIBRARIES = (
    "python-telegram-bot",
    "aiohttp",
    "httpx",
    "aiolimiter",
    "SQLAlchemy",
    "psycopg",
    "aiosqlite",
    "APScheduler",
)

# Fewer ready processes than this share of the cores: nobody else is measured.
QUIET = 0.5

_ROUNDS = 2_000_000


def facts(server: str | None) -> Mapping[str, str]:
    """Return the machine, the versions and the date, in words."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()}, {platform.system()} {platform.machine()}",
        "load": load(),
        "speed": f"{_loop():.0f} ns for one turn of an empty Python loop",
        "Python": f"{platform.python_version()}, SQLite {_sqlite()}, PostgreSQL {_postgresql(server)}",
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
    }


def load() -> str:
    """Say how busy the machine is just now."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    average, cores = os.getloadavg()[0], os.cpu_count() or 1
    if average <= QUIET * cores:
        return f"{average:.1f} on {cores} cores: quiet"
    return f"{average:.1f} on {cores} cores: **others were at work; read ratios, not absolutes**"


def _loop() -> float:
    """Return nanoseconds of CPU a turn."""
    begun = time.process_time_ns()
    for _ in range(_ROUNDS):
        pass
    return (time.process_time_ns() - begun) / _ROUNDS


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> str:
    try:
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return "unknown memory"
    return f"{size / 2**30:.0f} GB"


def _sqlite() -> str:
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        found = str(connection.execute(text("SELECT sqlite_version()")).scalar())
    engine.dispose()
    return found


def _postgresql(server: str | None) -> str:
    if not server:
        return "not there"
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        found = str(connection.execute(text("SHOW server_version")).scalar())
    engine.dispose()
    return found.partition(" ")[0]
