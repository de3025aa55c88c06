"""The methods that change what already stands in a chat, and answers to pressed buttons."""

from datetime import datetime, timedelta
from typing import Any

from bot.phone import media
from bot.phone.markup import checked
from bot.phone.methods_send import chat_of
from bot.phone.refused import bad_request
from bot.phone.texts import message_caption, message_text
from bot.phone.world import KEPT_TOASTS, PRESS_LIFE, Chat, World

DELETABLE = timedelta(hours=48)
MAX_TOAST = 200
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current content"
    " and reply markup of the message"
)
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
# What an edit replaces; everything else of a message stays.
CONTENT = frozenset(
    {
        *("text", "entities", "link_preview_options", "caption", "caption_entities", "photo", "document"),
        *("show_caption_above_media", "has_media_spoiler", "reply_markup"),
    }
)
CAPTION = frozenset({"caption", "caption_entities", "show_caption_above_media", "reply_markup"})

Json = dict[str, Any]


def edit_message_text(world: World, params: Json) -> Json:
    """Answer editMessageText."""
    message = _editable(world, params)
    if params.get("rich_message"):
        raise bad_request("rich messages are not supported here")
    text = message_text(params)
    if "text" not in message:
        raise bad_request("there is no text in the message to edit")
    preview = params.get("link_preview_options")
    return _edited(world, message, CONTENT, text | ({"link_preview_options": preview} if preview else {}), params)


def edit_message_caption(world: World, params: Json) -> Json:
    """Answer editMessageCaption."""
    message = _editable(world, params)
    if "text" in message:
        raise bad_request("there is no caption in the message to edit")
    above = {"show_caption_above_media": True} if params.get("show_caption_above_media") else {}
    return _edited(world, message, CAPTION, message_caption(params) | above, params)


def edit_message_media(world: World, params: Json) -> Json:
    """Answer editMessageMedia."""
    message = _editable(world, params)
    wanted = params["media"]
    if wanted["type"] not in ("photo", "document"):
        raise bad_request(f"{wanted['type']} is not supported here")
    file = media.given(world, params | {"media": wanted["media"]}, "media", wanted["type"])
    spoiler = {"has_media_spoiler": True} if wanted.get("has_spoiler") else {}
    return _edited(world, message, CONTENT, media.part(file) | message_caption(wanted) | spoiler, params)


def edit_message_reply_markup(world: World, params: Json) -> Json:
    """Answer editMessageReplyMarkup."""
    return _edited(world, _editable(world, params), frozenset({"reply_markup"}), {}, params)


def _editable(world: World, params: Json) -> Json:
    if params.get("inline_message_id"):
        raise bad_request("MESSAGE_ID_INVALID")
    if "chat_id" not in params:
        raise bad_request("chat_id is empty")
    if "message_id" not in params:
        raise bad_request("message identifier is not specified")
    chat = chat_of(world, params)
    message = world.message(chat.id, params["message_id"])
    if message is None:
        raise bad_request("message to edit not found")
    if message["from"]["id"] != world.bot_id:
        raise bad_request("message can't be edited")
    return message


def _edited(world: World, message: Json, replaced: frozenset[str], content: Json, params: Json) -> Json:
    markup = checked(params.get("reply_markup"))
    if markup:
        content["reply_markup"] = markup
    before = {key: value for key, value in message.items() if key in replaced}
    if before == content:
        raise bad_request(NOT_MODIFIED)
    kept = {key: value for key, value in message.items() if key not in replaced}
    # A change of buttons alone leaves no "edited" mark in the apps.
    marked = {} if replaced == {"reply_markup"} else {"edit_date": int(world.clock().timestamp())}
    return world.save_message(kept | content | marked)


def delete_message(world: World, params: Json) -> bool:
    """Answer deleteMessage."""
    chat = chat_of(world, params)
    message = world.message(chat.id, params["message_id"])
    if message is None:
        raise bad_request("message to delete not found")
    age = world.clock() - datetime.fromtimestamp(message["date"], world.clock().tzinfo)
    own = message["from"]["id"] == world.bot_id
    if age > DELETABLE or not (own or chat.type == "private"):
        raise bad_request("message can't be deleted for everyone")
    world.drop_message(chat.id, params["message_id"])
    return True


def set_message_reaction(world: World, params: Json) -> bool:
    """Answer setMessageReaction; the person sees it, the Bot API never shows it."""
    chat = chat_of(world, params)
    if world.message(chat.id, params["message_id"]) is None:
        raise bad_request("message to react not found")
    reactions = params.get("reaction", [])
    if len(reactions) > 1 or any(one["type"] != "emoji" for one in reactions):
        raise bad_request("REACTION_INVALID")
    chat.reactions.pop(str(params["message_id"]), None)
    if reactions:
        chat.reactions[str(params["message_id"])] = reactions[0]["emoji"]
    world.save_chat(chat)
    return True


def answer_callback_query(world: World, params: Json) -> bool:
    """Answer answerCallbackQuery: a toast or an alert on the person's screen."""
    key = params["callback_query_id"]
    press = world.callbacks.get(key)
    now = world.clock()
    if press is None or now - datetime.fromisoformat(press["at"]) > PRESS_LIFE:
        world.save_callback(key, None)
        raise bad_request(TOO_OLD)
    text = params.get("text", "")
    if len(text) > MAX_TOAST:
        raise bad_request("MESSAGE_TOO_LONG")
    if params.get("url"):
        raise bad_request("URL_INVALID")
    # The app waits for one answer; a second one is taken and shows nothing.
    if not press["answered"]:
        world.save_callback(key, press | {"answered": True})
        _toast(world, world.chats[press["chat"]], press, text, show_alert=params.get("show_alert", False), now=now)
    return True


def _toast(world: World, chat: Chat, press: Json, text: str, *, show_alert: bool, now: datetime) -> None:
    toast = {
        "id": press["id"],
        "person": press["person"],
        "message_id": press["message_id"],
        "text": text,
        "show_alert": show_alert,
        "at": now.isoformat(),
    }
    chat.toasts = [*chat.toasts, toast][-KEPT_TOASTS:]
    world.save_chat(chat)
