"""Share what every test may need: the library, a phone, a database, a clock."""

from __future__ import annotations

import functools
import gc
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bot import health
from bot.phone.server import Phone
from content.model import Library
from scheduler.db import migrate
from scheduler.db.models import Base
from scheduler.zones import use_pinned_tzdata
from tests.chat import Chats, Talker
from tests.clock import StillClock
from tests.order import WAITERS, pytest_collection_modifyitems
from tests.store import Shelf

# A server that tests may make databases on, such as postgresql://postgres@127.0.0.1/postgres
POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "")

__all__ = ["pytest_collection_modifyitems"]

# Set where nothing may be left out.
EVERYTHING = bool(os.environ.get("CALCIBOT_TEST_EVERYTHING"))

use_pinned_tzdata()

# What is loaded is much and stays: to look through it for garbage as often as a small program does is a tenth of all.
gc.set_threshold(50_000)

# On a machine with much else to do an example may take a second, which says nothing about it.
hypothesis.settings.register_profile("unhurried", deadline=None, max_examples=40)
hypothesis.settings.register_profile("everything", deadline=None, max_examples=200)
hypothesis.settings.load_profile("everything" if EVERYTHING else "unhurried")

# Read from the disk for each program that is made.
health.version = functools.cache(health.version)

# Where rich is installed, structlog would draw each error with its sources and locals: it costs more than the test.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers share the tests: more than cores, since tests of real processes mostly wait."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + WAITERS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests counted (`record_property("tally", ...)`) under the dots, whichever worker ran them."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    told = [value for report in reports for name, value in report.user_properties if name == "tally"]
    for line in dict.fromkeys(told):
        terminalreporter.write_line(str(line))


@pytest.fixture(scope="session")
def library() -> Library:
    """Return the real content."""
    # Here, since many tests need none of it.
    from tests.library import LIBRARY

    return LIBRARY


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file with all tables, to be copied."""
    path = tmp_path_factory.mktemp("template") / "empty.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_database() -> Iterator[str]:
    """Return the address of a PostgreSQL database with all tables. Skips where there is no server."""
    if not POSTGRESQL:
        leave_out("TEST_POSTGRESQL_URL names no PostgreSQL server")
    name = f"calcibot_test_{secrets.token_hex(6)}"
    _on_server(f'CREATE DATABASE "{name}"')
    migrate.upgrade(_url(name))
    yield _url(name)
    _on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database with all tables; each test runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "calcibot.db"
        shutil.copy(request.getfixturevalue("empty_database"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgresql_database")
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        names = ", ".join(table.name for table in Base.metadata.sorted_tables)
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
    engine.dispose()
    return url


def leave_out(reason: str) -> None:
    """Skip the test with its reason, or fail it where everything has to run."""
    if EVERYTHING:
        pytest.fail(reason)
    pytest.skip(reason)


def _url(name: str) -> str:
    return make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)


def _on_server(statement: str) -> None:
    url = make_url(POSTGRESQL).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def clock() -> StillClock:
    """Return a clock that stands still."""
    return StillClock()


@pytest.fixture
async def phone(clock: StillClock) -> AsyncIterator[Phone]:
    """Return a Telegram of our own."""
    async with Phone(clock=clock) as running:
        yield running


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Return what lends databases to one conversation after the other."""
    return Shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
async def chats(
    request: pytest.FixtureRequest,
    database_url: str,
    phone: Phone,
    library: Library,
    clock: StillClock,
    shelf: Shelf,
) -> AsyncIterator[Chats]:
    """Return the world of one bot."""
    may_copy = "monkeypatch" not in request.fixturenames
    chats = Chats(phone, database_url, library, clock, open_database=shelf.lend, may_copy=may_copy)
    yield chats
    await chats.close()


@pytest.fixture
def alice(chats: Chats) -> Talker:
    """Return Alice."""
    return chats.person("Alice")


@pytest.fixture
def bob(chats: Chats) -> Talker:
    """Return Bob, who must see nothing of Alice's."""
    return chats.person("Bob")
