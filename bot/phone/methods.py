"""The methods about the bot itself, and the one table of every method the phone speaks."""

import re
from collections.abc import Callable
from typing import Any

from bot.phone import media, methods_edit, methods_send, webhooks
from bot.phone.methods_send import bot_user, chat_json, chat_of
from bot.phone.refused import bad_request
from bot.phone.world import World

MAX_COMMANDS = 100
# Longest name, description and short description, in characters.
TEXT_LIMITS = {"name": 64, "description": 512, "short_description": 120}
_COMMAND = re.compile(r"/?([a-z0-9_]{1,32})\Z")
_LANGUAGE = re.compile(r"([a-z]{2})?\Z")

Json = dict[str, Any]
Method = Callable[[World, Json], object]


def get_me(world: World, _: Json) -> Json:
    """Answer getMe."""
    no = ("can_read_all_group_messages", "supports_inline_queries", "can_connect_to_business", "has_main_web_app")
    return bot_user(world) | {"can_join_groups": True} | dict.fromkeys(no, False)


def get_chat(world: World, params: Json) -> Json:
    """Answer getChat."""
    chat = chat_of(world, params)
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    rest = {"accent_color_id": chat.id % 7, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, True)}
    return chat_json(world, chat) | rest


def leave_chat(world: World, params: Json) -> bool:
    """Answer leaveChat."""
    chat = chat_of(world, params)
    if chat.type == "private":
        raise bad_request("chat member status can't be changed in private chats")
    chat.bot_left = True
    world.save_chat(chat)
    return True


def _scope(params: Json) -> str:
    scope = params.get("scope") or {"type": "default"}
    language = params.get("language_code", "")
    if not _LANGUAGE.match(language):
        raise bad_request("LANGUAGE_CODE_INVALID")
    return ":".join(str(scope.get(key, "")) for key in ("type", "chat_id", "user_id")) + f":{language}"


def set_my_commands(world: World, params: Json) -> bool:
    """Answer setMyCommands."""
    commands = []
    if len(params["commands"]) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for one in params["commands"]:
        name = _COMMAND.match(one["command"])
        if name is None:
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(one["description"]) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
        commands.append({"command": name[1], "description": one["description"]})
    world.bot["commands"][_scope(params)] = commands
    world.save_bot()
    return True


def get_my_commands(world: World, params: Json) -> list[Json]:
    """Answer getMyCommands."""
    commands: list[Json] = world.bot["commands"].get(_scope(params), [])
    return commands


def delete_my_commands(world: World, params: Json) -> bool:
    """Answer deleteMyCommands."""
    world.bot["commands"].pop(_scope(params), None)
    world.save_bot()
    return True


def commands_for(world: World, person: Json) -> list[Json]:
    """Return the commands a person's menu shows in the private chat: the narrowest scope that has any."""
    number = person["id"]
    for scope in (f"chat:{number}:", "all_private_chats::", "default::"):
        for language in (person.get("language_code", ""), ""):
            commands: list[Json] = world.bot["commands"].get(f"{scope}:{language}", [])
            if commands:
                return commands
    return []


def _setter(field: str) -> Method:
    def set_text(world: World, params: Json) -> bool:
        text = params.get(field, "")
        if len(text) > TEXT_LIMITS[field]:
            raise bad_request(f"bot {field.replace('_', ' ')} is too long")
        world.bot["texts"].setdefault(field, {})[params.get("language_code", "")] = text
        world.save_bot()
        return True

    return set_text


def _getter(field: str) -> Method:
    def get_text(world: World, params: Json) -> Json:
        texts = world.bot["texts"].get(field, {})
        text = texts.get(params.get("language_code", "")) or texts.get("", "")
        return {field: text or (bot_user(world)["first_name"] if field == "name" else "")}

    return get_text


def set_chat_menu_button(world: World, params: Json) -> bool:
    """Answer setChatMenuButton."""
    world.bot["menus"][str(params.get("chat_id", ""))] = params.get("menu_button", {"type": "default"})
    world.save_bot()
    return True


def get_chat_menu_button(world: World, params: Json) -> Json:
    """Answer getChatMenuButton."""
    menus = world.bot["menus"]
    button: Json = menus.get(str(params.get("chat_id", "")), menus.get("", {"type": "default"}))
    return {"type": "commands"} if button["type"] == "default" else button


def log_out(world: World, _: Json) -> bool:
    """Answer logOut: from now on every call gets 401, as on a server the bot has left."""
    world.bot["logged_out"] = True
    world.save_bot()
    return True


def close(_: World, __: Json) -> bool:
    """Answer close."""
    return True


# getUpdates is not here: it waits, and lives in polling.py.
TABLE: dict[str, Method] = {
    "getMe": get_me,
    "setWebhook": webhooks.set_webhook,
    "deleteWebhook": webhooks.delete_webhook,
    "getWebhookInfo": webhooks.get_webhook_info,
    "sendMessage": methods_send.send_message,
    "sendPhoto": methods_send.send_photo,
    "sendDocument": methods_send.send_document,
    "sendChatAction": methods_send.send_chat_action,
    "editMessageText": methods_edit.edit_message_text,
    "editMessageCaption": methods_edit.edit_message_caption,
    "editMessageMedia": methods_edit.edit_message_media,
    "editMessageReplyMarkup": methods_edit.edit_message_reply_markup,
    "deleteMessage": methods_edit.delete_message,
    "setMessageReaction": methods_edit.set_message_reaction,
    "answerCallbackQuery": methods_edit.answer_callback_query,
    "getFile": media.get_file,
    "getChat": get_chat,
    "leaveChat": leave_chat,
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": _setter("name"),
    "getMyName": _getter("name"),
    "setMyDescription": _setter("description"),
    "getMyDescription": _getter("description"),
    "setMyShortDescription": _setter("short_description"),
    "getMyShortDescription": _getter("short_description"),
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
    "logOut": log_out,
    "close": close,
}
