"""The other side of a bot: people who write, press, send and block, and what they see."""

from datetime import datetime, timedelta
from typing import Any

from bot.phone import media
from bot.phone.methods import commands_for
from bot.phone.methods_send import bot_user, chat_json, service_message
from bot.phone.rules import Upload
from bot.phone.seen import Seen, Toast, seen
from bot.phone.texts import cleaned, trimmed, with_found
from bot.phone.world import PRESS_LIFE, Chat, World

# The apps show "typing" for five seconds.
TYPING = timedelta(seconds=5)

Json = dict[str, Any]


class Person:
    """One person on this bot's Telegram. Every act is an update for the bot; groups are named by `chat`."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.id = number

    @property
    def user(self) -> Json:
        """The person as a User of the Bot API."""
        return self.world.people[self.id]

    @property
    def chat(self) -> Chat:
        """The private chat with the bot."""
        return self.world.chats[self.id]

    # What the person does

    def writes(self, text: str, *, chat: int | None = None, reply_to: int | None = None) -> Json:
        """Send a text, as typed; return the Message."""
        text, _ = trimmed(cleaned(text), [])
        entities = with_found(text, [])
        return self.sends({"text": text} | ({"entities": entities} if entities else {}), chat=chat, reply_to=reply_to)

    def starts(self, payload: str = "") -> Json:
        """Press Start, or follow a deep link with a payload; unblocks the bot as the app does."""
        if self.chat.blocked:
            self.unblocks()
        return self.writes(f"/start {payload}".strip())

    def sends(self, content: Json, *, chat: int | None = None, reply_to: int | None = None) -> Json:
        """Send a message with any content in the Bot API's own fields; return the Message."""
        with self.world.change() as now:
            place = self._open(chat)
            target = self.world.message(place.id, reply_to)
            replied = {"reply_to_message": target} if target else {}
            message = service_message(self.world, place, self.user, now, replied | content)
            if place.type == "private" or _for_bot(self.world, message):
                self.world.enqueue("message", message)
            return message

    def sends_photo(self, data: bytes, caption: str = "") -> Json:
        """Send a picture (PNG, JPEG, GIF or WebP bytes)."""
        return self._sends_file("photo", Upload("photo.jpg", "image/jpeg", data), caption)

    def sends_document(self, data: bytes, name: str = "file.pdf", mime: str = "application/pdf") -> Json:
        """Send a file."""
        return self._sends_file("document", Upload(name, mime, data), "")

    def sends_voice(self, data: bytes = b"OggS", seconds: int = 3) -> Json:
        """Send a voice message."""
        return self._sends_file("voice", Upload("voice.ogg", "audio/ogg", data), "", duration=seconds)

    def sends_sticker(self, emoji: str = "👍") -> Json:
        """Send a sticker."""
        upload = Upload("sticker.webp", "image/webp", b"RIFF")
        return self._sends_file("sticker", upload, "", emoji=emoji, width=512, height=512)

    def _sends_file(self, kind: str, upload: Upload, caption: str, **more: object) -> Json:
        with self.world.change():
            self._open(None)
            file = media.keep(self.world, kind, upload, **more)
            return self.sends(media.part(file) | ({"caption": caption} if caption else {}))

    def sends_location(self, latitude: float, longitude: float) -> Json:
        """Share a place."""
        return self.sends({"location": {"latitude": latitude, "longitude": longitude}})

    def sends_contact(self, phone_number: str, first_name: str) -> Json:
        """Share a contact."""
        return self.sends({"contact": {"phone_number": phone_number, "first_name": first_name}})

    def forwards(self, text: str, from_name: str = "Someone") -> Json:
        """Forward a text of somebody who hides their account."""
        with self.world.change() as now:
            date = int(now.timestamp())
            origin = {"type": "hidden_user", "date": date, "sender_user_name": from_name}
            return self.sends({"forward_origin": origin, "text": text})

    def edits(self, message_id: int, text: str) -> Json:
        """Change an own text; return the new Message. Raises LookupError for a message that is not theirs."""
        with self.world.change() as now:
            chat = self._open(None)
            before = self.world.message(chat.id, message_id)
            if before is None or before["from"]["id"] != self.id or "text" not in before:
                raise LookupError("no text of this person has that id")
            entities = with_found(text, [])
            kept = {key: value for key, value in before.items() if key not in ("text", "entities")}
            changed = {"edit_date": int(now.timestamp()), "text": text} | ({"entities": entities} if entities else {})
            self.world.save_message(kept | changed)
            self.world.enqueue("edited_message", kept | changed)
            return kept | changed

    def presses(self, message_id: int, button: str, *, chat: int | None = None, forged: bool = False) -> str:
        """Press a button by its data or its text and return the query's id.

        `forged` sends `button` as data though no such button, or no such message, is there any more.
        Raises LookupError when there is no such button and it is not forged.
        """
        with self.world.change() as now:
            place = self._open(chat)
            message = self.world.message(place.id, message_id)
            data = button if forged else _data_of(message, button)
            key = str(self.world.bot["next_callback"])
            self.world.bot["next_callback"] += 1
            self._forget_old_presses()
            press = {"id": key, "chat": place.id, "person": self.id, "message_id": message_id, "answered": False}
            self.world.save_callback(key, press | {"at": now.isoformat()})
            gone = {"message_id": message_id, "chat": chat_json(self.world, place), "date": 0}
            query = {
                "id": key,
                "from": self.user,
                "message": message or gone,
                "chat_instance": str(int(self.world.secret("instance", place.id)[:15], 16)),
                "data": data,
            }
            self.world.enqueue("callback_query", query)
            self.world.save_bot()
            return key

    def _forget_old_presses(self) -> None:
        limit = (self.world.clock() - PRESS_LIFE).isoformat()
        for key in [key for key, press in self.world.callbacks.items() if press["at"] < limit]:
            self.world.save_callback(key, None)

    def blocks(self) -> None:
        """Block the bot."""
        self._blocks(blocked=True)

    def unblocks(self) -> None:
        """Unblock the bot."""
        self._blocks(blocked=False)

    def _blocks(self, *, blocked: bool) -> None:
        with self.world.change():
            chat = self.chat
            if chat.blocked == blocked:
                return
            chat.blocked = blocked
            self.world.save_chat(chat)
            before, after = ("member", "kicked") if blocked else ("kicked", "member")
            announce_member(self.world, chat, self.user, before, after)

    def clears(self) -> None:
        """Delete the whole chat on this side, for both; the bot is not told."""
        with self.world.change():
            for number in list(self.world.messages.get(self.id, ())):
                self.world.drop_message(self.id, number)

    # What the person sees

    def sees(self, chat: int | None = None) -> list[Seen]:
        """Return the chat as it stands now, oldest first."""
        with self.world.lock:
            place = self.id if chat is None else chat
            known = self.world.messages.get(place, {})
            return [seen(self.world, message) for message in known.values()]

    @property
    def last(self) -> Seen:
        """The newest message of the private chat; LookupError when there is none."""
        messages = self.sees()
        if not messages:
            raise LookupError("the chat is empty")
        return messages[-1]

    @property
    def toasts(self) -> list[Toast]:
        """Answers to this person's presses, oldest first; an empty text only ends the button's spinner."""
        chats = list(self.world.chats.values())
        toasts = [one for chat in chats for one in chat.toasts if one["person"] == self.id]
        return [Toast(one["message_id"], one["text"], one["show_alert"]) for one in toasts]

    @property
    def typing(self) -> str | None:
        """The action the bot shows in the private chat right now, like "typing"."""
        shown = self.chat.typing
        if shown is None or self.world.clock() - datetime.fromisoformat(shown["at"]) > TYPING:
            return None
        return str(shown["action"])

    @property
    def commands(self) -> list[Json]:
        """The commands in this person's menu."""
        return commands_for(self.world, self.user)

    @property
    def blocked(self) -> bool:
        """Whether the person has blocked the bot."""
        return self.chat.blocked

    def _open(self, number: int | None) -> Chat:
        chat = self.chat if number is None else self.world.chats[number]
        if chat.blocked:
            raise PermissionError("this person has blocked the bot")
        if chat.type == "private":
            chat.started = True
        elif self.id not in chat.members:
            raise PermissionError("this person is not in the group")
        return chat


def announce_member(world: World, chat: Chat, by: Json, before: str, after: str) -> None:
    """Tell the bot how its own place in a chat changed."""

    def member(status: str) -> Json:
        return {"user": bot_user(world), "status": status} | ({"until_date": 0} if status == "kicked" else {})

    change = {"chat": chat_json(world, chat), "from": by, "date": int(world.clock().timestamp())}
    members = {"old_chat_member": member(before), "new_chat_member": member(after)}
    world.enqueue("my_chat_member", change | members)


def _for_bot(world: World, message: Json) -> bool:
    """Say whether a bot in privacy mode gets this group message: commands, its name, replies to it."""
    text = message.get("text", "")
    replied = message.get("reply_to_message", {}).get("from", {}).get("id") == world.bot_id
    return replied or text.startswith("/") or f"@{bot_user(world)['username']}" in text


def _data_of(message: Json | None, button: str) -> str:
    rows = ((message or {}).get("reply_markup") or {}).get("inline_keyboard", [])
    for one in (one for row in rows for one in row if "callback_data" in one):
        if button in (one["callback_data"], one["text"]):
            return str(one["callback_data"])
    raise LookupError(f"no button {button!r} on that message")
