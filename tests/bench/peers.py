"""Deliver reminders as others build it; each runs in a process that is killed. All send to the same local Telegram."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.schedulers.blocking import BlockingScheduler
from telegram.ext import AIORateLimiter, Application, ApplicationBuilder, CallbackContext

from tests.bench.process import TOKEN
from tests.faults.child import redirect

PER_SECOND = 25

_turn = threading.Lock()


def jobs_each(stderr: str, jobs: str, base_url: str, chats: Sequence[int]) -> None:
    """Keep an APScheduler job for each reminder in a file, due at once. Without chats: go on with those in the file."""
    redirect(stderr)
    scheduler = BlockingScheduler(timezone="UTC", job_defaults={"misfire_grace_time": None})
    scheduler.add_jobstore("sqlalchemy", url=f"sqlite:///{jobs}")
    due_at = datetime.now(UTC) + timedelta(seconds=1 + len(chats) / 200)
    for chat_id in chats:
        scheduler.add_job(send_one, "date", run_date=due_at, args=[base_url, chat_id], id=str(chat_id))
    scheduler.start()


def send_one(base_url: str, chat_id: int) -> None:
    """Send one reminder, in its turn; a stored job names this function by its path."""
    with _turn:
        time.sleep(1 / PER_SECOND)
    body = urllib.parse.urlencode({"chat_id": chat_id, "text": "Any change?"}).encode()
    with urllib.request.urlopen(f"{base_url}/sendMessage", body) as answer:
        answer.read()


def mark_first(stderr: str, path: str, base_url: str) -> None:
    """Take a batch from the table, mark all of it as sent, and send it then: nothing comes twice."""
    redirect(stderr)
    while batch := unsent(path)[:PER_SECOND]:
        for chat_id in batch:
            _mark(path, chat_id)
        for chat_id in batch:
            send_one(base_url, chat_id)


def queue_in_memory(stderr: str, api_url: str, chats: Sequence[int]) -> None:
    """Let JobQueue have a job for each reminder. Without chats there is nothing: a restart has forgotten them."""
    redirect(stderr)
    asyncio.run(_queue(api_url, chats, None))


def queue_from_table(stderr: str, api_url: str, path: str) -> None:
    """Let JobQueue have a job for each row of a table that is not marked as sent, made anew at each start."""
    redirect(stderr)
    asyncio.run(_queue(api_url, unsent(path), path))


async def _queue(api_url: str, chats: Sequence[int], path: str | None) -> None:
    application: Application[Any, Any, Any, Any, Any, Any] = (
        ApplicationBuilder()
        .token(TOKEN)
        .base_url(f"{api_url}/bot")
        # Evenly, as ours: a whole second's worth at once would be under way at each kill.
        .rate_limiter(AIORateLimiter(overall_max_rate=1, overall_time_period=1 / PER_SECOND))
        .build()
    )

    async def remind(context: CallbackContext[Any, Any, Any, Any]) -> None:
        assert context.job is not None
        assert context.job.chat_id is not None
        await context.bot.send_message(context.job.chat_id, "Any change?")
        if path is not None:
            await asyncio.to_thread(_mark, path, context.job.chat_id)

    async with application:
        assert application.job_queue is not None
        for chat_id in chats:
            kwargs = {"misfire_grace_time": None}
            application.job_queue.run_once(remind, timedelta(seconds=0.1), chat_id=chat_id, job_kwargs=kwargs)
        await application.start()
        await asyncio.Event().wait()


def make_table(path: str, chats: Sequence[int]) -> None:
    """Write a reminder down for each."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE reminders (chat_id INTEGER PRIMARY KEY, sent INTEGER DEFAULT 0)")
        connection.executemany("INSERT INTO reminders (chat_id) VALUES (?)", [(chat_id,) for chat_id in chats])


def unsent(path: str) -> list[int]:
    """Return who was not sent a reminder, as far as the table knows."""
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT chat_id FROM reminders WHERE NOT sent")]


def stored_jobs(path: str) -> int:
    """Return how many jobs are left in the file."""
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM apscheduler_jobs").fetchone()[0])


def _mark(path: str, chat_id: int) -> None:
    with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
        connection.execute("UPDATE reminders SET sent = 1 WHERE chat_id = ?", (chat_id,))
