"""Tell what an update is before it is parsed: its number, and the chat in whose order it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from bot.errors import MaybeSent

RawUpdate = Mapping[str, Any]


def is_update(raw: object) -> TypeGuard[RawUpdate]:
    """Return whether this is an object with a number of its own that a database can hold."""
    if not isinstance(raw, dict):
        return False
    number = raw.get("update_id")
    return type(number) is int and 0 <= number < 2**63


def updates_in(answer: object) -> list[RawUpdate]:
    """Return what can be handled. Raises MaybeSent where something was answered and nothing in it can."""
    found = [raw for raw in answer if is_update(raw)] if isinstance(answer, list) else []
    if answer and not found:
        raise MaybeSent("there are no updates in the answer")
    return found


def chat_of(raw: RawUpdate) -> int:
    """Return what must be handled in order: the chat, or the person behind a button."""
    for value in raw.values():
        if isinstance(value, Mapping):
            sender = value.get("from")
            chat = value.get("chat")
            found = chat if isinstance(chat, Mapping) else sender
            if isinstance(found, Mapping) and isinstance(found.get("id"), int):
                return int(found["id"])
    return int(raw["update_id"])
