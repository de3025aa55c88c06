"""Nothing that is stored names a function or a module: any of them may be renamed or moved between two releases."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler

import scheduler
from scheduler.db.engine import Database
from tests.clock import StillClock
from tests.keys import KEY
from tests.scheduler.builders import make_plan, opened

DUE = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

PEOPLE = 20

# The next release, in which the whole room is called otherwise, so that no name in it is as it was.
NEXT_RELEASE = """
import asyncio, sys
from datetime import datetime
from clockmaker.db.crypto import Vault
from clockmaker.db.engine import Database
from clockmaker.deliver import Deliverer
from clockmaker.due import Report

url, now, key = sys.argv[1], datetime.fromisoformat(sys.argv[2]), sys.argv[3]

async def send(due, begin):
    assert await begin()
    print(due.chat_id)
    return Report("sent", message_id=1)

async def main():
    database = Database(url, Vault((key,)))
    deliverer = Deliverer(database, send, lambda: now, "next release")
    while await deliverer.deliver_due():
        pass
    await deliverer.settle()
    await database.close()

asyncio.run(main())
"""


@pytest.mark.case(65)
async def test_every_check_in_comes_after_everything_was_renamed(
    empty_database: Path, tmp_path: Path, clock: StillClock
) -> None:
    url = _copy(empty_database, tmp_path)
    async with opened(url) as database:
        await _plan_for_everybody(database, clock())
    _rename_everything(tmp_path)

    done = subprocess.run(  # noqa: ASYNC221  # nothing else runs here
        [sys.executable, "-c", NEXT_RELEASE, url, DUE.isoformat(), KEY],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert sorted(map(int, done.stdout.split())) == list(range(1, PEOPLE + 1))


@pytest.mark.case(65)
async def test_no_stored_value_names_code(empty_database: Path, tmp_path: Path, clock: StillClock) -> None:
    url = _copy(empty_database, tmp_path)
    async with opened(url) as database:
        await _plan_for_everybody(database, clock())

    with closing(sqlite3.connect(tmp_path / "calcibot.db")) as connection:
        stored = "\n".join(connection.iterdump())

    modules = _modules()
    assert len(modules) > 10
    assert [name for name in modules if re.search(rf"\b(scheduler|db)[.:]{name}\b", stored)] == []
    assert "BLOB" not in stored.upper()


def test_control_a_stored_job_is_deleted_when_its_function_was_renamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "reminders.py").write_text("def remind():\n    pass\n")
    first = _stored_jobs(tmp_path)
    first.start(paused=True)
    first.add_job("reminders:remind", "date", run_date=datetime.now(UTC) + timedelta(days=1))
    first.shutdown()

    (tmp_path / "reminders.py").rename(tmp_path / "check_ins.py")
    sys.modules.pop("reminders")
    second = _stored_jobs(tmp_path)
    second.start(paused=True)
    jobs = second.get_jobs()
    second.shutdown()

    assert jobs == []


def _stored_jobs(folder: Path) -> BackgroundScheduler:
    store = SQLAlchemyJobStore(url=f"sqlite:///{folder / 'jobs.db'}")
    return BackgroundScheduler(timezone=UTC, jobstores={"default": store})


def _copy(empty_database: Path, folder: Path) -> str:
    shutil.copy(empty_database, folder / "calcibot.db")
    return f"sqlite:///{folder / 'calcibot.db'}"


async def _plan_for_everybody(database: Database, now: datetime) -> None:
    for chat_id in range(1, PEOPLE + 1):
        await make_plan(database, now, chat_id=chat_id)


def _modules() -> set[str]:
    return {path.stem for path in Path(scheduler.__path__[0]).rglob("*.py")} - {"__init__"}


def _rename_everything(folder: Path) -> None:
    """Copy the room under another name, and let it call itself by that."""
    target = folder / "clockmaker"
    shutil.copytree(scheduler.__path__[0], target, ignore=shutil.ignore_patterns("__pycache__"))
    for path in target.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"\b(from|import) scheduler\b", r"\1 clockmaker", text), encoding="utf-8")
