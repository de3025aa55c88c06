"""Know what is in hand: which updates were given, which are done, and up to where Telegram may forget."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from bot.raw import RawUpdate, chat_of

# Telegram gives no more at once, counted from the first that is not confirmed.
MOST: Final = 100


class Hand:
    """Keep the updates from the first undone one on, in the order in which they came, and each chat's line of them.

    `offset` is what getUpdates is to be asked for, since Telegram forgets all below it: the first update that is not
    done, or the one after the last. None before anything is done. It is no highest number: after a quiet week
    Telegram counts anew.
    """

    def __init__(self) -> None:
        """Begin with empty hands."""
        self.offset: int | None = None
        self._is_done: dict[int, bool] = {}
        self._chats: dict[int, deque[RawUpdate]] = {}

    def __bool__(self) -> bool:
        """Return whether anything in it waits to be done."""
        return bool(self._chats)

    @property
    def is_full(self) -> bool:
        """Return whether Telegram has nothing to give that is not known, until the offset moves."""
        return len(self._is_done) >= MOST

    def new_in(self, raws: Sequence[RawUpdate]) -> list[RawUpdate]:
        """Return those that are not known, each once."""
        return list({raw["update_id"]: raw for raw in raws if raw["update_id"] not in self._is_done}.values())

    def firsts_of(self, raws: Sequence[RawUpdate]) -> list[RawUpdate]:
        """Return, of updates to be taken, those that would be the first of their chat."""
        firsts: dict[int, RawUpdate] = {}
        for raw in raws:
            if (chat := chat_of(raw)) not in self._chats:
                firsts.setdefault(chat, raw)
        return list(firsts.values())

    def take(self, raws: Sequence[RawUpdate]) -> list[int]:
        """Take what is new into the lines of the chats, and return the chats that had none."""
        begun: list[int] = []
        for raw in self.new_in(raws):
            chat = chat_of(raw)
            if chat not in self._chats:
                begun.append(chat)
            self._chats.setdefault(chat, deque()).append(raw)
            self._is_done[raw["update_id"]] = False
        return begun

    def line(self, chat: int) -> Sequence[RawUpdate]:
        """Return what is to be done in this chat, in this order."""
        return tuple(self._chats.get(chat, ()))

    def done(self, chat: int) -> None:
        """Note that the first of this chat's line is done."""
        line = self._chats[chat]
        self._is_done[line.popleft()["update_id"]] = True
        if not line:
            del self._chats[chat]
        for number, is_done in list(self._is_done.items()):
            if not is_done:
                self.offset = number
                return
            del self._is_done[number]
            self.offset = number + 1
