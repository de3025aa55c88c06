"""Notice that a person blocked the bot, or came back."""

from __future__ import annotations

from telegram import ChatMember, Update

from bot.context import Context
from bot.talk import send
from bot.views.screen import Button, Screen, pack
from scheduler.db import people, plans


async def changed(update: Update, context: Context) -> None:
    """Suspend everything for somebody who blocked the bot; ask somebody who came back whether it shall go on."""
    news, chat = update.my_chat_member, update.effective_chat
    if news is None or chat is None:
        return
    is_member = news.new_chat_member.status not in {ChatMember.BANNED, ChatMember.LEFT}
    offer = False
    async with context.database.write() as session:
        person = await people.find(session, chat.id, lock=True)
        # Telegram may give the news in another order than things happened.
        if person is None or (person.member_changed_at and person.member_changed_at > news.date):
            return
        person.member_changed_at = news.date
        if not is_member:
            await plans.suspend(session, person, context.now(), "blocked")
        elif person.suspended_at is not None:
            offer = bool(await plans.active(session, person))
            if not offer:
                person.suspended_at = person.suspended_why = None
    if offer:
        phrases = context.library.phrases
        rows = (
            (Button(phrases.plain("checkin.resume_yes"), pack("m", "yes")),),
            (Button(phrases.plain("checkin.resume_no"), pack("m", "no")),),
        )
        await send(update, context, Screen(phrases.say("checkin.blocked_back"), rows))
