"""How the page looks: at every width, in both themes, with whatever a bot may say."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page, expect
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, ReplyKeyboardMarkup

from bot.phone.people import Person

HERE = Path(__file__).parent
OVERFLOW = (HERE / "overflow.js").read_text()
CONTRAST = (HERE / "contrast.js").read_text()
WIDTHS = ((320, 568), (390, 844), (768, 1024), (1280, 800))
WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
# WCAG 2.2 AA: text, and what is needed to see a control.
TEXT, CONTROL = 4.5, 3.0


def keys(*rows: list[str]) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton(one, callback_data=one[:9]) for one in row] for row in rows])


def png(width: int, height: int) -> bytes:
    rows = b"".join(b"\0" + b"\x40\x90\x70" * width for _ in range(height))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.fixture
async def wall(open_page: Page, bot: Bot, alice: Person) -> Page:
    """A chat with something of everything, and long words in all of it."""
    await bot.set_my_commands([("check", "Go through the checklist"), ("a" * 32, WORD * 2)])
    rich = f"<b>Bold</b> <code>{WORD}</code> https://example.org/{'x' * 90} <tg-spoiler>hidden</tg-spoiler> /check"
    await bot.send_message(alice.id, f"{rich} <pre>{WORD}</pre><blockquote>{WORD}</blockquote>", parse_mode="HTML")
    await bot.send_message(
        alice.id,
        "Keys",
        reply_markup=keys(["Yes", "No", "Not sure"], ["Several words " * 3, WORD[:64]], list("12345678")),
    )
    await bot.send_photo(alice.id, png(600, 300), caption=WORD)
    await bot.send_document(alice.id, b"%PDF", filename=f"{WORD}.pdf", caption="Your page", protect_content=True)
    alice.writes(f"mine {WORD}")
    alice.sends_location(52.52, 13.405)
    alice.sends_voice()
    alice.sends_document(b"text", "a.txt", "text/plain")
    keyboard = ReplyKeyboardMarkup([["Yes", WORD], [KeyboardButton("Share my place", request_location=True)]])
    await bot.send_message(alice.id, "Choose", reply_markup=keyboard)
    await expect(open_page.locator("#keyboard")).to_be_visible()
    return open_page


async def test_nothing_overflows_at_any_width(wall: Page) -> None:
    spilled: dict[str, list[str]] = {}
    for width, height in WIDTHS:
        await wall.set_viewport_size({"width": width, "height": height})
        spilled[str(width)] = await wall.evaluate(OVERFLOW)
        await wall.click("#slash")
        spilled[f"{width}, commands"] = await wall.evaluate(OVERFLOW)
        await wall.keyboard.press("Escape")
        if await wall.locator("#open-tools").is_visible():
            await wall.click("#open-tools")
            spilled[f"{width}, drawer"] = await wall.evaluate(OVERFLOW)
            await wall.keyboard.press("Escape")

    assert {where: what for where, what in spilled.items() if what} == {}


async def test_at_four_times_the_size_there_is_still_room_to_read_and_to_write(wall: Page) -> None:
    await wall.set_viewport_size({"width": 320, "height": 256})

    scroll = await wall.locator("#scroll").bounding_box()
    box = await wall.locator("#box").bounding_box()

    assert scroll is not None
    assert box is not None
    assert scroll["height"] >= 60
    assert box["y"] + box["height"] <= 256


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_every_text_and_control_stands_out_from_its_ground(wall: Page, theme: Literal["light", "dark"]) -> None:
    await wall.emulate_media(color_scheme=theme)
    await wall.set_viewport_size({"width": 1280, "height": 800})
    await wall.locator("summary").first.click()
    await wall.click("#slash")

    ratios = dict(await wall.evaluate(CONTRAST))

    assert len(ratios) > 25
    faint = {
        name: ratio
        for name, ratio in ratios.items()
        if ratio < (TEXT if name.startswith(("text", "place")) else CONTROL)
    }
    assert faint == {}


async def test_a_menu_opens_inside_a_low_window(wall: Page) -> None:
    await wall.set_viewport_size({"width": 320, "height": 480})

    await wall.click("#attach")

    box = await wall.locator("#attachments").bounding_box()
    assert box is not None
    assert box["y"] >= 0
    assert box["y"] + box["height"] <= 480
