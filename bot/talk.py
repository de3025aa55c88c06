"""Show a screen: as a new message, in place of the old one, or as a note over the chat."""

from __future__ import annotations

import structlog
from telegram import LinkPreviewOptions, Message, Update
from telegram.constants import ParseMode
from telegram.error import BadRequest, TelegramError

from bot.context import Context
from bot.errors import classify
from bot.views.screen import Screen
from content.markup import plain
from content.split import split

log = structlog.get_logger(__name__)

NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

# Telegram shows at most this much over the chat.
TOAST_LENGTH = 200


async def send(update: Update, context: Context, screen: Screen) -> Message:
    """Send a new message to the update's chat, in parts if it is long; the buttons are under the last part."""
    chat = update.effective_chat
    assert chat is not None  # every update that is handled has one
    *heads, last = split(screen.text)
    for part in heads:
        await _send_part(context, chat.id, Screen(part, protected=screen.protected))
    return await _send_part(context, chat.id, Screen(last, screen.rows, screen.protected))


async def _send_part(context: Context, chat_id: int, screen: Screen) -> Message:
    try:
        return await context.bot.send_message(
            chat_id,
            screen.text,
            parse_mode=ParseMode.HTML,
            reply_markup=screen.keyboard(),
            link_preview_options=NO_PREVIEW,
            protect_content=screen.protected,
        )
    except BadRequest as error:
        if classify(error).kind != "unparsable":
            raise
        log.error("our HTML was refused; sent as plain text")  # noqa: TRY400  # the message may quote what people wrote
        return await context.bot.send_message(chat_id, plain(screen.text), reply_markup=screen.keyboard())


async def change(update: Update, context: Context, screen: Screen) -> int:
    """Show the screen in place of the message whose button was pressed, or anew when that is gone.

    Returns the id of the message that shows it now.
    """
    pressed = update.callback_query.message if update.callback_query else None
    if not isinstance(pressed, Message):
        return (await send(update, context, screen)).message_id
    return await change_message(update, context, pressed.message_id, screen)


async def change_message(update: Update, context: Context, message_id: int, screen: Screen) -> int:
    """Show the screen in place of this message of the chat, or anew when that is gone. Returns as `change`."""
    assert update.effective_chat is not None
    try:
        await context.bot.edit_message_text(
            screen.text,
            chat_id=update.effective_chat.id,
            message_id=message_id,
            parse_mode=ParseMode.HTML,
            reply_markup=screen.keyboard(),
            link_preview_options=NO_PREVIEW,
        )
    except BadRequest as error:
        kind = classify(error).kind
        if kind == "sent":
            return message_id
        if kind != "stale":
            raise
        return (await send(update, context, screen)).message_id
    return message_id


async def take_buttons(update: Update, context: Context, message_id: int | None) -> None:
    """Take the buttons off an older message. Failing is harmless: its buttons explain themselves when pressed."""
    if message_id is None or update.effective_chat is None:
        return
    try:
        await context.bot.edit_message_reply_markup(chat_id=update.effective_chat.id, message_id=message_id)
    except TelegramError as error:
        log.debug("old buttons stay", error=type(error).__name__)


async def toast(update: Update, text: str = "") -> None:
    """End the spinner on a pressed button, with a short note. Too late is harmless: the press itself counts."""
    if update.callback_query is None:
        return
    try:
        await update.callback_query.answer(text[:TOAST_LENGTH] or None)
    except TelegramError as error:
        if classify(error).kind in {"gone", "fatal"}:
            raise
        log.debug("a press could not be answered", error=type(error).__name__)
