"""A phone with a file remembers everything, whatever happens to its process."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from bot.phone.clock import ShiftedClock
from bot.phone.server import Phone
from tests.bot.phone.conftest import PNG, TOKEN

CHILD = """
import asyncio, sys
from pathlib import Path
from bot.phone.server import Phone

async def main():
    phone = Phone(path=Path(sys.argv[1]))
    await phone.start()
    alice = phone.person(sys.argv[2], "Alice")
    alice.starts()
    alice.sends_photo(bytes.fromhex(sys.argv[3]))
    print(phone.url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_everything_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "phone.db"
    program = (sys.executable, "-c", CHILD, str(path), TOKEN, PNG.hex())
    child = await asyncio.create_subprocess_exec(*program, stdout=asyncio.subprocess.PIPE)
    assert child.stdout
    url = (await child.stdout.readline()).decode().strip()
    keys = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])
    async with Bot(TOKEN, base_url=f"{url}/bot") as bot:
        first, _ = await bot.get_updates()
        await bot.get_updates(offset=first.update_id + 1)
        alice_id = first.message.chat.id
        await bot.send_message(alice_id, "kept", reply_markup=keys)
        await bot.set_my_commands([("help", "Help")])
    child.kill()
    await child.wait()

    async with Phone(path=path) as phone:
        alice = phone.person(TOKEN, "Alice")
        async with Bot(TOKEN, base_url=phone.base_url) as bot:
            (second,) = await bot.get_updates()

            assert alice.id == alice_id
            assert [one.text for one in alice.sees()] == ["/start", "", "kept"]
            assert alice.sees()[1].file.data == PNG
            assert second.update_id == first.update_id + 1
            assert alice.commands[0]["command"] == "help"
            alice.presses(3, "Yes")
            assert (await bot.send_message(alice.id, "next")).message_id == 4


def test_a_moved_clock_goes_on_after_a_restart_and_never_back(tmp_path: Path) -> None:
    now = datetime(2027, 1, 1, tzinfo=UTC)
    clock = ShiftedClock(source=lambda: now)
    first = Phone(clock, path=tmp_path / "phone.db")
    clock.advance(timedelta(days=7))
    first.board.close()

    again = Phone(ShiftedClock(source=lambda: now), path=tmp_path / "phone.db")

    assert again.clock() == now + timedelta(days=7)
    with pytest.raises(ValueError, match="only moves forward"):
        clock.advance(timedelta(seconds=-1))
    again.board.close()
