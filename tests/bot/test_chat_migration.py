"""A group that becomes a supergroup gets another id. Only private chats are served, and those never migrate: nothing
about a group is kept that could move, and nothing is sent after it. A private chat said to have moved is gone."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from scheduler.db.engine import Database
from scheduler.db.models import Base
from tests.bot.test_check_in_conversation import set_up
from tests.chat import Chats, Talker

OLD, NEW = -4_000_123, -1_001_234_567_890

GROUP = {"id": OLD, "type": "group", "title": "Family"}
SUPERGROUP = {"id": NEW, "type": "supergroup", "title": "Family"}
FROM = {"id": 77, "is_bot": False, "first_name": "Bob"}
MOVED_TO = {"message_id": 5, "date": 1, "chat": GROUP, "from": FROM, "migrate_to_chat_id": NEW}
MOVED_FROM = {"message_id": 1, "date": 1, "chat": SUPERGROUP, "from": FROM, "migrate_from_chat_id": OLD}


async def rows(chats: Chats) -> int:
    """Return how many rows there are about people, in all tables."""
    database = Database(chats.database_url, chats.vault)
    tables = [table for table in Base.metadata.sorted_tables if table.name == "people" or "person_id" in table.c]
    async with database.read() as session:
        counts = [await session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
    await database.close()
    return sum(counts)


@pytest.mark.case(37)
@pytest.mark.parametrize("news", [(MOVED_TO, MOVED_FROM), (MOVED_FROM, MOVED_TO)], ids=["to first", "from first"])
async def test_a_group_that_moves_is_left_alone_in_either_order(
    alice: Talker, chats: Chats, news: tuple[dict[str, object], ...]
) -> None:
    await alice.says("/start")
    before, calls = await rows(chats), len(chats.phone.calls(chats.token))

    for message in news:
        chats.phone.inject(chats.token, {"message": message})
    await chats.turn()

    assert chats.phone.pending(chats.token) == 0
    sent = [call.method for call in chats.phone.calls(chats.token)[calls:] if call.method.startswith(("send", "edit"))]
    assert sent == []
    assert await rows(chats) == before


@pytest.mark.case(37)
async def test_a_private_chat_said_to_have_moved_is_gone_and_nothing_goes_to_the_new_one(
    alice: Talker, chats: Chats
) -> None:
    await set_up(alice)
    chats.phone.fail(
        chats.token,
        "sendMessage",
        status=400,
        description="Bad Request: group chat was upgraded to a supergroup chat",
        migrate_to_chat_id=NEW,
    )

    await alice.waits(days=30, hours=9)
    await alice.waits(days=31)

    assert not any(seen.text.startswith("Time for") for seen in alice.answers())
    to = [call.parameters.get("chat_id") for call in chats.phone.calls(chats.token) if call.method == "sendMessage"]
    assert str(NEW) not in map(str, to)
