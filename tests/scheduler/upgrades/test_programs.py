"""Tables change beside programs that run, start, and change them too, on both databases."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from bot.__main__ import main
from scheduler.db import migrate, people, revision
from scheduler.db.models import Person, Plan
from scheduler.db.revision import NewerDatabaseError
from tests.clock import START
from tests.conftest import EVERYTHING
from tests.keys import KEY
from tests.scheduler.builders import opened
from tests.scheduler.upgrades.tables import engine_of, values_of

ROOT = Path(__file__).parents[3]

# Two can already get in each other's way.
UPGRADERS = 3 if EVERYTHING else 2

# What `db upgrade` does, without loading the rest of the program.
MIGRATE = ("-c", "import os; from scheduler.db import migrate; migrate.upgrade(os.environ['DATABASE_URL'])")


@pytest.mark.case(71)
async def test_a_program_that_runs_goes_on_while_the_tables_become_those_of_the_next_release(
    full: str, next_release: Callable[..., None]
) -> None:
    next_release()
    writes = 0
    upgrading = asyncio.create_task(asyncio.to_thread(migrate.upgrade, full))

    async with opened(full) as old:
        while not upgrading.done() or writes < 20:
            async with old.write() as session:
                person = await people.ensure(session, 10_000 + writes, START)
                session.add(Plan(**values_of(Plan.__table__, 1000 + writes) | {"person_id": person.id}))
            async with old.read() as session:
                await session.scalars(select(Plan).limit(5))
            writes += 1
        await upgrading

        assert revision.current(full) == "0002"
        async with old.read() as session:
            assert await session.scalar(select(func.count()).select_from(Person)) == writes + 1
            assert await session.scalar(select(func.count()).select_from(Plan)) == writes + 1


@pytest.mark.case(71)
def test_a_program_that_starts_on_the_tables_of_a_later_release_refuses_in_one_sentence(
    full: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with engine_of(full) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    # In this process, which is to keep its logs and signals.
    for name in ("set_up_logs", "stop_on_signals"):
        monkeypatch.setattr(f"bot.__main__.{name}", lambda *_: None)
    for name, value in environment(full).items():
        monkeypatch.setenv(name, value)
    ended = []
    for words in (("run",), ("db", "check"), ("db", "upgrade")):
        monkeypatch.setattr(sys, "argv", ["calcibot", *words])
        with pytest.raises(SystemExit) as end:
            main()
        ended.append((end.value.code, "".join(capfd.readouterr())))

    assert len(ended) == 3
    for code, said in ended:
        assert code == 2
        assert "a later release made or changed it" in said
        assert "Traceback" not in said
    with pytest.raises(NewerDatabaseError):
        migrate.upgrade(full)
    with engine_of(full) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))


@pytest.mark.case(72)
def test_programs_that_upgrade_at_the_same_moment_do_it_once(full: str) -> None:
    migrate.downgrade(full, "base")
    upgrade = ("-m", "bot", "db", "upgrade") if EVERYTHING else MIGRATE

    ended = [one.wait_for_it() for one in [start(full, *upgrade) for _ in range(UPGRADERS)]]

    assert [code for code, _ in ended] == [0] * UPGRADERS, ended
    assert revision.current(full) == "0001"


class Running:
    """Hold one process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def wait_for_it(self) -> tuple[int, str]:
        """Return the exit code, and everything that was said."""
        out, err = self._process.communicate(timeout=60)
        return self._process.returncode, out + err


def environment(url: str) -> dict[str, str]:
    """Return the settings of a program that is to work on this database."""
    return {
        "TELEGRAM_BOT_TOKEN": f"123456:{'A' * 35}",
        "TELEGRAM_API_URL": "http://127.0.0.1:9",
        "DATABASE_URL": url,
        "CALCIBOT_KEYS": KEY,
        "WEB_PORT": "1",
    }


def start(url: str, *words: str) -> Running:
    """Start Python with these words, as a program that is to work on this database."""
    return Running(
        subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=os.environ | environment(url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )
