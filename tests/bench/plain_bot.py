"""Be the least bot that python-telegram-bot allows: `python -m tests.bench.plain_bot`. Ours is held against it."""

from __future__ import annotations

import os

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.ext import ApplicationBuilder, CallbackQueryHandler, ContextTypes, MessageHandler, filters

KEYBOARD = InlineKeyboardMarkup([[InlineKeyboardButton("Press", callback_data="press")]])


async def answer(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Answer any message with a button."""
    assert update.effective_message is not None
    await update.effective_message.reply_text("An answer", reply_markup=KEYBOARD)


async def pressed(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Change the message that was pressed."""
    query = update.callback_query
    assert query is not None
    await query.answer()
    await query.edit_message_text(f"Pressed: {query.id}", reply_markup=KEYBOARD)


def main() -> None:
    """Poll until a signal comes."""
    url = os.environ["TELEGRAM_API_URL"]
    application = (
        ApplicationBuilder()
        .token(os.environ["TELEGRAM_BOT_TOKEN"])
        .base_url(f"{url}/bot")
        .base_file_url(f"{url}/file/bot")
        .build()
    )
    application.add_handler(MessageHandler(filters.ALL, answer))
    application.add_handler(CallbackQueryHandler(pressed))
    application.run_polling()


if __name__ == "__main__":
    main()
