"""Let a test of something later begin where a conversation left off: it is held once in a process, and copied."""

from __future__ import annotations

import functools
import hashlib
import pickle
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from bot.phone.switchboard import Call
from bot.phone.world import World
from tests.chat import Chats, Talker

# All that a phone knows of one bot.
KNOWN = ("people", "chats", "messages", "revisions", "revision", "updates", "callbacks", "files", "bot", "_bytes")


@dataclass(frozen=True)
class Left:
    """Hold what a conversation left behind: in the database, on the phone, with the calls made there, and the time."""

    token: str
    database: bytes
    phone: bytes
    calls: list[Call]
    now: datetime


_left: dict[object, Left] = {}


def held_once(
    conversation: Callable[..., Awaitable[None]],
) -> Callable[..., Awaitable[None]]:
    """Hold this conversation only where it was not yet held from the very same beginning; else copy what it left."""

    @functools.wraps(conversation)
    async def begin(talker: Talker, *arguments: Any, **more: Any) -> None:
        beginning = _beginning(talker.chats)
        if beginning is None:
            await conversation(talker, *arguments, **more)
            return
        key = (conversation, talker.phone.id, arguments, tuple(more.items()), beginning)
        if key in _left:
            _copy(_left[key], talker.chats)
        else:
            await conversation(talker, *arguments, **more)
            _left[key] = _look(talker.chats)

    return begin


def _beginning(chats: Chats) -> object | None:
    """Return what tells one beginning from another; None where the conversation has to be held."""
    if not chats.may_copy or not chats.database_url.startswith("sqlite") or chats.database is not None:
        return None
    if chats.phone.calls(chats.token) or chats.token in chats.phone.board._faults:
        return None
    digest = hashlib.sha256(_path(chats).read_bytes()).digest()
    return digest, repr(_known(_world(chats))), chats.clock(), id(chats.library), tuple(chats.vault.names)


def _look(chats: Chats) -> Left:
    with closing(sqlite3.connect(_path(chats))) as connection:
        database = connection.serialize()
    phone = pickle.dumps(_known(_world(chats)))
    return Left(chats.token, database, phone, chats.phone.calls(chats.token), chats.clock())


def _copy(left: Left, chats: Chats) -> None:
    _path(chats).write_bytes(left.database)
    world = _world(chats)
    vars(world).update(pickle.loads(left.phone))
    # What was said names the bot.
    board = chats.phone.board
    board.worlds[left.token] = board.worlds.pop(chats.token)
    world.token = chats.token = left.token
    for call in left.calls:
        board.record(left.token, call)
        board.next_number(left.token)
    chats.clock.move_to(left.now)


def _known(world: World) -> dict[str, object]:
    return {name: getattr(world, name) for name in KNOWN}


def _world(chats: Chats) -> World:
    return chats.phone.board.world(chats.token)


def _path(chats: Chats) -> Path:
    return Path(make_url(chats.database_url).database or "")
