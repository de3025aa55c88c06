"""The checker sees each kind of breach: else the fault tests would prove nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from sqlalchemy import update

from bot.views.check_ins import data
from scheduler.db.models import CheckIn, Person
from tests.faults.checker import judge
from tests.faults.crowd import Due, gather
from tests.faults.harness import TOKEN, Scene, eventually

HOUR = timedelta(hours=1)


@pytest.fixture
async def delivered(small_scene: Scene) -> Due:
    """Return a check-in that came as it should."""
    (due,) = await gather(small_scene, 1)
    bot = await small_scene.start()
    await small_scene.until(lambda: small_scene.count("sendMessage") == 1)
    await eventually(lambda: _is_kept(small_scene, due), "the mark")
    await bot.kill()
    return due


async def _is_kept(scene: Scene, due: Due) -> bool:
    return not (await judge(scene, [due])).broken


async def test_a_copy_that_nothing_explains_is_seen(small_scene: Scene, delivered: Due) -> None:
    await _send_copy(small_scene, delivered)

    verdict = await judge(small_scene, [delivered])

    assert set(verdict.broken) == {"unexplained"}
    assert len(verdict.doubled) == 1


async def test_a_third_copy_is_seen_even_with_unknown_outcomes(small_scene: Scene, delivered: Due) -> None:
    await _change(small_scene, update(CheckIn).values(unknowns=2))
    await _send_copy(small_scene, delivered)
    assert await _is_kept(small_scene, delivered)

    await _send_copy(small_scene, delivered)

    assert set((await judge(small_scene, [delivered])).broken) == {"too_often"}


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (update(CheckIn).values(state="sending"), "unfinished"),
        (update(CheckIn).values(expires_at=datetime.now(UTC) - HOUR), "untimely"),
        (update(Person).values(suspended_at=datetime.now(UTC) - HOUR), "unwanted"),
    ],
)
async def test_a_breach_in_the_tables_is_seen(small_scene: Scene, delivered: Due, change: Any, broken: str) -> None:
    await _change(small_scene, change)

    assert set((await judge(small_scene, [delivered])).broken) == {broken}


async def test_a_message_to_somebody_who_had_themselves_deleted_is_seen(small_scene: Scene, delivered: Due) -> None:
    verdict = await judge(small_scene, [delivered], {delivered.chat_id: delivered.due_at - HOUR})

    assert set(verdict.broken) == {"unwanted"}


async def test_a_check_in_that_never_came_is_seen(small_scene: Scene, delivered: Due) -> None:
    other = Due("nobody", delivered.nominal, 1, delivered.due_at)

    assert set((await judge(small_scene, [delivered, other])).broken) == {"lost", "unfinished"}


async def _change(scene: Scene, statement: Any) -> None:
    async with scene.database.write() as session:
        await session.execute(statement)


async def _send_copy(scene: Scene, due: Due) -> None:
    button = {"text": "No change", "callback_data": data("same", due.plan, due.nominal)}
    message = {"chat_id": due.chat_id, "text": "Any change?", "reply_markup": {"inline_keyboard": [[button]]}}
    async with aiohttp.ClientSession() as client:
        fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in message.items()}
        async with client.post(f"{scene.phone.base_url}{TOKEN}/sendMessage", data=fields) as answer:
            assert answer.status == 200
