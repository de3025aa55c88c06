"""Make the page for the doctor, and the picture of the timeline: shown first, sent when wanted, never kept."""

from __future__ import annotations

from datetime import timedelta

import structlog
from telegram import Update
from telegram.constants import ChatAction, ParseMode

from bot.context import Context
from bot.draw import CannotDraw, Kind, draw
from bot.records import record_of
from bot.talk import change, send, toast
from bot.views.record import Record
from bot.views.report_preview import preview
from bot.views.screen import Button, Screen, pack
from bot.views.timeline_caption import caption
from scheduler.db import history, people

log = structlog.get_logger(__name__)

# Days back, by the name on the button.
PERIODS: dict[str, int | None] = {"3": 92, "6": 183, "12": 366, "all": None}


async def ask(update: Update, context: Context) -> None:
    """Ask for which time the page shall be."""
    phrases = context.library.phrases
    buttons = tuple(Button(phrases.plain(f"report.period_{key}"), pack("f", "preview", key)) for key in PERIODS)
    await send(update, context, Screen(phrases.say("report.ask_period"), (buttons[:2], buttons[2:])))


async def pressed(update: Update, context: Context, parts: tuple[str, ...]) -> None:
    """Show what the page will hold, send it, or send the picture."""
    await toast(update)
    action, key, *_ = (*parts, "all", "all")
    record = await _record(update, context, key if key in PERIODS else "all")
    phrases = context.library.phrases
    if record is None:
        await change(update, context, Screen(phrases.say("report.none")))
    elif action == "preview":
        row = (Button(phrases.plain("report.send"), pack("f", "send", key), "success"),)
        shown = preview(record, phrases)
        await change(update, context, Screen(shown.text, (row,), protected=True))
    elif action == "send":
        await _send(update, context, record, "report")
    elif action == "picture":
        await _send(update, context, record, "timeline")


async def _record(update: Update, context: Context, key: str) -> Record | None:
    assert update.effective_chat is not None
    days = PERIODS[key]
    first_day = context.now().date() - timedelta(days=days) if days is not None else None
    async with context.database.read() as session:
        person = await people.find(session, update.effective_chat.id)
        rows = await history.entries(session, person) if person else []
    return record_of(context.library, rows, first_day, context.library.phrases.plain(f"report.period_{key}"))


async def _send(update: Update, context: Context, record: Record, kind: Kind) -> None:
    """Draw the page or the picture, which takes a while, and send it."""
    assert update.effective_chat is not None
    bot, chat_id, phrases = context.bot, update.effective_chat.id, context.library.phrases
    today, is_page = context.now().date(), kind == "report"
    await bot.send_chat_action(chat_id, ChatAction.UPLOAD_DOCUMENT if is_page else ChatAction.UPLOAD_PHOTO)
    try:
        drawn = await draw(kind, record, today)
    except CannotDraw:
        log.error("a picture or page could not be made")  # noqa: TRY400  # its message would tell nothing more
        await send(update, context, Screen(phrases.say("report.failed")))
        return
    if is_page:
        name = phrases.plain("report.file_name", day=today.isoformat())
        await bot.send_document(chat_id, drawn, filename=name, caption=phrases.plain("report.caption"))
    else:
        text = caption(record, phrases)
        await bot.send_photo(chat_id, drawn, caption=text, parse_mode=ParseMode.HTML, protect_content=True)
