"""One bot's world: its people, chats, messages and updates. Every token has its own."""

import hashlib
import threading
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.phone.bell import Bell
from bot.phone.clock import Clock
from bot.phone.rules import UPDATE_KINDS
from bot.phone.shelf import Shelf

FIRST_UPDATE = 700_000_001
FIRST_CALLBACK = 4_300_000_000_000_000_001
# Telegram does not send these unless a bot asks for them by name.
UNASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
# An undelivered press lives 150 s on the Bot API server, everything else a day (tdlib/telegram-bot-api, Client.cpp).
PRESS_LIFE = timedelta(seconds=150)
UPDATE_LIFE = timedelta(days=1)
KEPT_TOASTS = 50

Json = dict[str, Any]


@dataclass
class Chat:
    """A private chat (its id is the person's) or a group."""

    id: int
    type: str
    title: str = ""
    members: list[int] = field(default_factory=list)
    started: bool = False
    blocked: bool = False
    bot_left: bool = False
    last_id: int = 0
    keyboard: Json | None = None
    toasts: list[Json] = field(default_factory=list)
    typing: Json | None = None
    reactions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Waiting:
    """An update that the bot has not confirmed."""

    update_id: int
    kind: str
    body: Json
    since: str

    def api(self) -> Json:
        """Return the update as Telegram sends it."""
        return {"update_id": self.update_id, self.kind: self.body}

    def dead(self, now: datetime) -> bool:
        """Say whether Telegram would have dropped it by `now`."""
        life = PRESS_LIFE if self.kind == "callback_query" else UPDATE_LIFE
        return now - datetime.fromisoformat(self.since) > life


class World:
    """Everything one bot's Telegram remembers. Change it only inside `with world.change():`."""

    def __init__(self, token: str, clock: Clock, shelf: Shelf | None) -> None:
        self.token = token
        self.clock = clock
        self.bell = Bell()
        self.lock = threading.RLock()
        self.people: dict[int, Json] = {}
        self.chats: dict[int, Chat] = {}
        self.messages: dict[int, dict[int, Json]] = {}
        # The revision of each message at its last change, so that the page asks only for what is new.
        self.revisions: dict[int, dict[int, int]] = {}
        self.revision = 0
        self.updates: deque[Waiting] = deque()
        self.callbacks: dict[str, Json] = {}
        self.files: dict[str, Json] = {}
        self.bot: Json = {
            "next_update": FIRST_UPDATE,
            "next_callback": FIRST_CALLBACK,
            "allowed": [],
            "commands": {},
            "texts": {},
            "menus": {},
            "webhook": None,
            "logged_out": False,
        }
        self._shelf = shelf
        self._bytes: dict[str, bytes] = {}
        self._pending: dict[tuple[str, str], Any] = {}
        self._depth = 0
        if shelf is not None:
            self._load(shelf)

    def _load(self, shelf: Shelf) -> None:
        for kind, key, value in shelf.read(self.token):
            if kind == "bot":
                self.bot |= value
            elif kind == "person":
                self.people[int(key)] = value
            elif kind == "chat":
                self.chats[int(key)] = Chat(**value)
            elif kind == "message":
                self.messages.setdefault(value["chat"]["id"], {})[value["message_id"]] = value
            elif kind == "update":
                self.updates.append(Waiting(**value))
            elif kind == "callback":
                self.callbacks[key] = value
            elif kind == "file":
                self.files[key] = value
        self.updates = deque(sorted(self.updates, key=lambda update: update.update_id))
        self.messages = {chat: dict(sorted(known.items())) for chat, known in self.messages.items()}

    @contextmanager
    def change(self) -> Iterator[datetime]:
        """Hold the world, yield the time, write what was saved as one transaction, and wake who waits."""
        with self.lock:
            self._depth += 1
            try:
                yield self.clock()
            finally:
                self._depth -= 1
                if self._depth == 0:
                    if self._shelf is not None and self._pending:
                        self._shelf.write(self.token, self._pending, self._bytes)
                        self._bytes.clear()
                        self._pending = {}
                    self.bell.ring()

    def _save(self, kind: str, key: str, value: object) -> None:
        if self._shelf is not None:
            self._pending[kind, key] = value

    def save_bot(self) -> None:
        """Keep commands, texts, the webhook and the counters."""
        self._save("bot", "", self.bot)

    def save_chat(self, chat: Chat) -> None:
        """Keep a chat, without its messages."""
        self.chats[chat.id] = chat
        if self._shelf is not None:
            self._save("chat", str(chat.id), asdict(chat))

    def save_person(self, person: Json) -> None:
        """Keep a person: a User object of the Bot API."""
        self.people[person["id"]] = person
        self._save("person", str(person["id"]), person)

    def save_message(self, message: Json) -> Json:
        """Keep a new or changed message under its chat and id; messages are replaced, never changed in place."""
        chat, number = message["chat"]["id"], message["message_id"]
        self.messages.setdefault(chat, {})[number] = message
        self._touch(chat, number)
        self._save("message", f"{chat}:{number}", message)
        return message

    def drop_message(self, chat: int, number: int) -> None:
        """Forget a message."""
        del self.messages[chat][number]
        self._touch(chat, number)
        self._save("message", f"{chat}:{number}", None)

    def _touch(self, chat: int, number: int) -> None:
        self.revision += 1
        self.revisions.setdefault(chat, {})[number] = self.revision

    def message(self, chat: int, number: int | None) -> Json | None:
        """Return a message as it is now, or None."""
        return None if number is None else self.messages.get(chat, {}).get(number)

    def next_id(self, chat: Chat) -> int:
        """Return the next message id of a chat; the caller saves the chat."""
        chat.last_id += 1
        return chat.last_id

    def save_file(self, key: str, meta: Json, data: bytes) -> None:
        """Keep a file's description and bytes."""
        self.files[key] = meta
        self._bytes[key] = data
        self._save("file", key, meta)

    def file_data(self, key: str) -> bytes:
        """Return a kept file's bytes."""
        with self.lock:
            if self._shelf is not None and key not in self._bytes:
                return self._shelf.data(self.token, key)
            return self._bytes[key]

    def enqueue(self, kind: str, body: Json) -> int | None:
        """Queue an update for the bot and return its id; None when the bot did not ask for this kind."""
        allowed: Collection[str] = self.bot["allowed"] or UPDATE_KINDS - UNASKED
        if kind not in allowed:
            return None
        number: int = self.bot["next_update"]
        self.bot["next_update"] = number + 1
        update = Waiting(number, kind, body, self.clock().isoformat())
        self.updates.append(update)
        self.save_bot()
        self._save("update", str(number), asdict(update) if self._shelf is not None else None)
        return number

    def confirm(self, numbers: Collection[int]) -> None:
        """Forget updates that the bot has confirmed or that died of age."""
        if numbers:
            self.updates = deque(update for update in self.updates if update.update_id not in numbers)
            for number in numbers:
                self._save("update", str(number), None)

    def save_callback(self, key: str, press: Json | None) -> None:
        """Keep a press of a button, or forget it."""
        if press is None:
            self.callbacks.pop(key, None)
        else:
            self.callbacks[key] = press
        self._save("callback", key, press)

    @property
    def bot_id(self) -> int:
        """The number before the colon of the token."""
        return int(self.token.partition(":")[0])

    def secret(self, *parts: object) -> str:
        """Return a stable unguessable-looking id of this world, for files and chat instances."""
        seed = "\0".join(map(str, (self.token, *parts)))
        return hashlib.sha256(seed.encode()).hexdigest()
