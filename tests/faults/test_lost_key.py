"""A bot that lacks the key of its database says so and ends, and is not started again and again."""

from __future__ import annotations

import pytest

from scheduler.db import keys
from scheduler.db.crypto import Vault
from tests.clock import START
from tests.faults.harness import Scene
from tests.keys import OTHER_KEY

# As sysexits.h has it: the configuration is wrong, and starting again does not help.
EX_CONFIG = 78


@pytest.mark.case(111)
async def test_a_lost_key_is_one_sentence_and_an_exit_code_that_says_do_not_start_again(small_scene: Scene) -> None:
    async with small_scene.database.write() as session:
        await keys.check(session, Vault([OTHER_KEY]), START)

    bot = await small_scene.fork_command("encrypted with a key that is not here")

    assert await bot.ended() == EX_CONFIG
    assert "Traceback" not in bot.log()
    assert len(bot.log().splitlines()) == 1
