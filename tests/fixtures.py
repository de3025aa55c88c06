"""Share what every test may need: the library, a phone, a database, a clock."""

from __future__ import annotations

import functools
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

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
from tests.conftest import leave_out
from tests.store import Shelf

# A server that tests may make databases on, such as postgresql://postgres@127.0.0.1/postgres
POSTGRESQL = os.environ.get("TEST_POSTGRESQL_URL", "")

use_pinned_tzdata()

# Read from the disk for each program that is made.
health.version = functools.cache(health.version)

# Where rich is installed, structlog would draw each error with its sources and locals: it costs more than the test.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
    ]
)


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
