"""Answer every kind of message that is not text, and show again what was being asked."""

from __future__ import annotations

from telegram import Message, Update

from bot.context import Context
from bot.handlers import emergencies, messages, plans, settings
from bot.talk import send
from bot.views.screen import Screen


async def not_text(update: Update, context: Context) -> None:
    """Answer a sticker, picture, voice message, place or anything else kindly; nothing of it is looked at or kept."""
    message = update.effective_message
    if message is None:
        return
    if message.location is not None:
        for take in (plans.take_location, settings.take_place):
            if await take(update, context):
                return
    await _answer(update, context, f"media.{_kind(message)}")


async def edited(update: Update, context: Context) -> None:
    """Say that an edit changes no answer. The emergency screen has read it already."""
    await _answer(update, context, "media.edited")


async def _answer(update: Update, context: Context, phrase: str) -> None:
    stands = await messages.standing(update, context)
    if stands.in_emergency:
        await emergencies.repeat(update, context)
    await send(update, context, Screen(context.library.phrases.say(phrase)))
    if stands.asking is not None:
        await messages.show_again(update, context, stands.asking)


def _kind(message: Message) -> str:
    if message.photo or message.video or message.video_note or message.document or message.animation:
        return "photo"
    if message.voice or message.audio:
        return "voice"
    if message.sticker or message.dice:
        return "sticker"
    if message.location or message.venue:
        return "location"
    return "other"
