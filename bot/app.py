"""Build everything once: the one place where the parts meet."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from typing import Any

from telegram import BotCommand, Message, MessageEntity, Update
from telegram.ext import (
    ApplicationBuilder,
    ApplicationHandlerStop,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    TypeHandler,
    filters,
)
from telegram.request import BaseRequest

from bot.context import Context, House, HouseApplication
from bot.floods import FloodGate
from bot.handlers import (
    away,
    check_ins,
    checklist,
    emergencies,
    history,
    media,
    members,
    messages,
    outcomes,
    plans,
    privacy,
    questions,
    reminders,
    report,
    settings,
    start,
)
from bot.pacing import Pacing
from bot.talk import send, toast
from bot.views import emergency
from bot.views.screen import Screen, unpack
from content.model import Library

Handle = Callable[[Update, Context], Coroutine[Any, Any, None]]
Press = Callable[[Update, Context, tuple[str, ...]], Coroutine[Any, Any, None]]

# Commands, in the order of the menu; the words beside them are in phrases.toml.
COMMANDS: dict[str, Handle] = {
    "start": start.start,
    "check": checklist.start,
    "checkin": plans.start,
    "topics": questions.menu,
    "history": history.show,
    "report": report.ask,
    "reminders": reminders.show,
    "settings": settings.show,
    "privacy": privacy.privacy,
    "mydata": privacy.my_data,
    "delete": privacy.delete,
    "help": start.help_,
    "cancel": start.cancel,
    "stop": start.stop,
}

# The first part of a button's data says whose button it is.
BUTTONS: dict[str, Press] = {
    "t": questions.pressed,
    "k": checklist.pressed,
    "o": outcomes.pressed,
    "c": check_ins.pressed,
    "p": plans.pressed,
    "r": reminders.pressed,
    "s": settings.pressed,
    "h": history.pressed,
    "f": report.pressed,
    "d": privacy.pressed,
    "e": emergencies.pressed,
    "m": reminders.came_back,
    "a": away.pressed,
}


def new_id() -> str:
    """Return an id that nobody can guess: 96 random bits."""
    return secrets.token_urlsafe(12)


def build(
    token: str,
    house: House,
    request: BaseRequest,
    pacing: Pacing,
    api_url: str = "https://api.telegram.org",
) -> HouseApplication:
    """Return the application with every handler. It is not started, and opens nothing yet."""
    application = (
        ApplicationBuilder()
        .application_class(HouseApplication, kwargs={"house": house})
        .token(token)
        .base_url(f"{api_url}/bot")
        .base_file_url(f"{api_url}/file/bot")
        .request(request)
        .get_updates_request(request)
        .rate_limiter(pacing)
        .context_types(ContextTypes(context=Context))
        .updater(None)
        .job_queue(None)
        .build()
    )
    assert isinstance(application, HouseApplication)
    add_handlers(application)
    return application


def add_handlers(application: HouseApplication) -> None:
    """Register who answers what, in the order of asking."""
    private = filters.ChatType.PRIVATE
    application.add_handler(TypeHandler(Update, outside_private), group=-3)
    application.add_handler(MessageHandler(filters.TEXT | filters.CAPTION, emergency_first), group=-2)
    application.add_handler(TypeHandler(Update, FloodGate()), group=-1)
    application.add_handler(MessageHandler(filters.UpdateType.EDITED_MESSAGE & private, media.edited))
    for name, handle in COMMANDS.items():
        application.add_handler(CommandHandler(name, handle, filters=private))
    application.add_handler(MessageHandler(private & filters.COMMAND, start.unknown_command))
    application.add_handler(MessageHandler(private & filters.TEXT, messages.read))
    application.add_handler(MessageHandler(private, media.not_text))
    application.add_handler(CallbackQueryHandler(pressed))
    application.add_handler(ChatMemberHandler(members.changed, ChatMemberHandler.MY_CHAT_MEMBER))


async def outside_private(update: Update, context: Context) -> None:
    """Keep health out of groups and channels: whatever comes from there gets one sentence, or nothing."""
    chat = update.effective_chat
    if chat is not None and chat.type == chat.PRIVATE:
        return
    if update.callback_query is not None:
        context.house.metrics.pressed_oddly("group")
    if chat is not None and update.my_chat_member is None and _is_for_us(update, context):
        await start.in_group(update, context)
    raise ApplicationHandlerStop


def _is_for_us(update: Update, context: Context) -> bool:
    message = update.message
    if message is None:
        return update.callback_query is not None
    if message.reply_to_message is not None and message.reply_to_message.from_user is not None:
        return message.reply_to_message.from_user.id == context.bot.id
    return any(entity.type in {MessageEntity.BOT_COMMAND, MessageEntity.MENTION} for entity in message.entities)


async def emergency_first(update: Update, context: Context) -> None:
    """Answer an emergency before any command, question or open step is looked at."""
    message = update.effective_message
    text = (message.text or message.caption or "") if message else ""
    if emergencies.is_emergency(text, context):
        await emergencies.answer(update, context)
        raise ApplicationHandlerStop


async def pressed(update: Update, context: Context) -> None:
    """Hand a pressed button to its owner; one of another version, or of nobody, is explained."""
    parts = unpack(update.callback_query.data if update.callback_query else None)
    owner = BUTTONS.get(parts[0]) if parts else None
    _count_odd(update, context, is_known=owner is not None)
    if parts is None or owner is None:
        await toast(update)
        await start.old_button(update, context)
        return
    await owner(update, context, parts[1:])


def _count_odd(update: Update, context: Context, *, is_known: bool) -> None:
    """Count a press that no keyboard of ours offers there: a forged one, an old one, or the second of two at once."""
    query = update.callback_query
    if not is_known:
        context.house.metrics.pressed_oddly("unknown")
    elif query is not None and isinstance(query.message, Message):  # of a message long ago nothing is told
        keyboard = query.message.reply_markup
        offered = {button.callback_data for row in keyboard.inline_keyboard for button in row} if keyboard else set()
        if query.data not in offered:
            context.house.metrics.pressed_oddly("not there")


async def first_aid(application: HouseApplication, update: Update) -> None:
    """Send the emergency text, if that is what is needed, with nothing but Telegram: the database is down."""
    context = Context.from_update(update, application)
    message, chat = update.effective_message, update.effective_chat
    if chat is None or chat.type != chat.PRIVATE:
        return
    if update.callback_query is not None:
        parts = unpack(update.callback_query.data) or ("",)
        is_needed = parts[0] == "k" and checklist.is_emergency(context.library, parts[1:])
    else:
        text = (message.text or message.caption or "") if message else ""
        is_needed = emergencies.is_emergency(text, context)
    if is_needed:
        await send(update, context, emergency.full(context.library))


async def apologise(application: HouseApplication, update: Update) -> None:
    """Say that a message could not be handled."""
    context = Context.from_update(update, application)
    if update.effective_chat is not None and update.effective_chat.type == update.effective_chat.PRIVATE:
        await send(update, context, Screen(context.library.phrases.say("sorry.text")))


async def publish(application: HouseApplication, library: Library) -> None:
    """Publish the command menu and the description, which can be read when the bot is down."""
    plain: Any = library.phrases.plain
    bot = application.bot
    await bot.set_my_commands([BotCommand(name, plain(f"command.{name}")) for name in COMMANDS])
    await bot.set_my_description(plain("bot.description"))
    await bot.set_my_short_description(plain("bot.short"))
