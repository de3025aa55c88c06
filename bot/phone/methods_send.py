"""The methods that put something new into a chat."""

from datetime import datetime
from typing import Any

from bot.phone import media
from bot.phone.markup import checked
from bot.phone.refused import Refused, bad_request
from bot.phone.texts import message_caption, message_text
from bot.phone.world import Chat, World

CHAT_ACTIONS = frozenset(
    {
        *("typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice", "upload_document"),
        *("choose_sticker", "find_location", "record_video_note", "upload_video_note"),
    }
)
# Things of Telegram that this phone does not have; a call that names them is refused as there.
ABSENT = {
    "business_connection_id": "business connection not found",
    "message_thread_id": "message thread not found",
    "direct_messages_topic_id": "DIRECT_MESSAGES_TOPIC_NOT_FOUND",
    "message_effect_id": "EFFECT_ID_INVALID",
    "suggested_post_parameters": "suggested posts can be sent only to channel direct messages",
}

Json = dict[str, Any]


def chat_of(world: World, params: Json) -> Chat:
    """Return the chat a call names; raise Refused when the bot has never met it."""
    if params["chat_id"] == "":
        raise bad_request("chat_id is empty")
    chat = world.chats.get(params["chat_id"]) if isinstance(params["chat_id"], int) else None
    if chat is None or (chat.type == "private" and not chat.started):
        raise bad_request("chat not found")
    if chat.bot_left:
        raise Refused(403, f"Forbidden: bot was kicked from the {chat.type} chat")
    return chat


def open_chat(world: World, params: Json) -> Chat:
    """Return a chat the bot may write to; raise Refused."""
    chat = chat_of(world, params)
    if chat.blocked:
        raise Refused(403, "Forbidden: bot was blocked by the user")
    for name, refusal in ABSENT.items():
        if params.get(name):
            raise bad_request(refusal)
    if params.get("allow_paid_broadcast"):
        raise bad_request("FLOODSKIP_NOT_ALLOWED")
    return chat


def bot_user(world: World) -> Json:
    """Return the bot as a User."""
    names = world.bot["texts"].get("name", {})
    return {
        "id": world.bot_id,
        "is_bot": True,
        "first_name": names.get("") or "Bot",
        "username": f"phone{world.bot_id}_bot",
    }


def chat_json(world: World, chat: Chat) -> Json:
    """Return a chat as a Chat of the Bot API."""
    if chat.type != "private":
        return {"id": chat.id, "title": chat.title, "type": chat.type}
    person = world.people[chat.id]
    names: Json = {key: person[key] for key in ("first_name", "last_name", "username") if key in person}
    return {"id": chat.id, **names, "type": "private"}


def send_message(world: World, params: Json) -> Json:
    """Answer sendMessage."""
    text = message_text(params)
    preview = params.get("link_preview_options")
    return _send(world, params, text | ({"link_preview_options": preview} if preview else {}))


def send_photo(world: World, params: Json) -> Json:
    """Answer sendPhoto."""
    return _send_file(world, params, "photo")


def send_document(world: World, params: Json) -> Json:
    """Answer sendDocument."""
    return _send_file(world, params, "document")


def _send_file(world: World, params: Json, kind: str) -> Json:
    caption = message_caption(params)
    open_chat(world, params)
    flags = {key: True for key in ("show_caption_above_media", "has_spoiler") if params.get(key)}
    if "has_spoiler" in flags:
        flags["has_media_spoiler"] = flags.pop("has_spoiler")
    return _send(world, params, media.part(media.given(world, params, kind, kind)) | caption | flags)


def _send(world: World, params: Json, content: Json) -> Json:
    chat = open_chat(world, params)
    markup = checked(params.get("reply_markup"))
    replied = _replied(world, chat, params.get("reply_parameters"))
    now = world.clock()
    message: Json = {
        "message_id": world.next_id(chat),
        "from": bot_user(world),
        "chat": chat_json(world, chat),
        "date": int(now.timestamp()),
        **({"reply_to_message": replied} if replied else {}),
        **content,
    }
    if markup and "inline_keyboard" in markup:
        message["reply_markup"] = markup
    elif markup:
        chat.keyboard = markup if "keyboard" in markup else None
    if params.get("protect_content"):
        message["has_protected_content"] = True
    chat.typing = None
    world.save_chat(chat)
    return world.save_message(message)


def _replied(world: World, chat: Chat, reply: Json | None) -> Json | None:
    if reply is None:
        return None
    target = world.message(reply.get("chat_id", chat.id), reply["message_id"])
    if target is None:
        if reply.get("allow_sending_without_reply"):
            return None
        raise bad_request("message to be replied not found")
    return {key: value for key, value in target.items() if key != "reply_to_message"}


def send_chat_action(world: World, params: Json) -> bool:
    """Answer sendChatAction."""
    if params["action"] not in CHAT_ACTIONS:
        raise bad_request("wrong parameter action in request")
    chat = open_chat(world, params)
    chat.typing = {"action": params["action"], "at": world.clock().isoformat()}
    world.save_chat(chat)
    return True


def service_message(world: World, chat: Chat, sender: Json, now: datetime, content: Json) -> Json:
    """Put a message of someone else into a chat and return it."""
    message = {
        "message_id": world.next_id(chat),
        "from": sender,
        "chat": chat_json(world, chat),
        "date": int(now.timestamp()),
        **content,
    }
    world.save_chat(chat)
    return world.save_message(message)
