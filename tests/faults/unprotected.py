"""Hold what others do, and what we would do without one protection: the controls of the fault tests."""

from __future__ import annotations

import urllib.parse
import urllib.request
from collections.abc import Sequence
from datetime import datetime

from apscheduler.schedulers.blocking import BlockingScheduler
from telegram import Update
from telegram.ext import ApplicationBuilder, ContextTypes, MessageHandler, filters

from scheduler.deliver import Deliverer
from scheduler.due import DueCheckIn, Report


class SendsAfterTheMark(Deliverer):
    """Write "sent" down first and send then: never twice, but lost when the program dies in between."""

    async def _deliver(self, due: DueCheckIn) -> None:
        async def begin() -> bool:
            if await self._book.begin(due):
                await self._book.finish(due, Report("sent"))
                return True
            return False

        await self._send(due, begin)


class NeverAsks(Deliverer):
    """Send what was claimed once without asking whether the claim still holds."""

    async def _deliver(self, due: DueCheckIn) -> None:
        async def begin() -> bool:
            await self._book.begin(due)
            return True

        await self._book.finish(due, await self._send(due, begin))


def poll_as_the_library_does(token: str, api_url: str) -> None:
    """Answer every message from python-telegram-bot's own `run_polling`, which confirms before it handles."""

    async def answer(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.effective_chat is not None
        await context.bot.send_message(update.effective_chat.id, "An answer")

    application = (
        ApplicationBuilder().token(token).base_url(f"{api_url}/bot").base_file_url(f"{api_url}/file/bot").build()
    )
    application.add_handler(MessageHandler(filters.ALL, answer))
    application.run_polling()


def keep_one_job_each(jobs_path: str, base_url: str, chats: Sequence[int], due_at: datetime) -> None:
    """Deliver by APScheduler with a stored job for each reminder. With no chats: go on with the jobs that are there."""
    jobs = BlockingScheduler(timezone="UTC")
    jobs.add_jobstore("sqlalchemy", url=f"sqlite:///{jobs_path}")
    for chat_id in chats:
        jobs.add_job(send_one, "date", run_date=due_at, args=[base_url, chat_id], id=str(chat_id))
    jobs.start()


def send_one(base_url: str, chat_id: int) -> None:
    """Send one reminder; a stored job names this function by its path."""
    body = urllib.parse.urlencode({"chat_id": chat_id, "text": "Any change?"}).encode()
    with urllib.request.urlopen(f"{base_url}/sendMessage", body) as answer:
        answer.read()
