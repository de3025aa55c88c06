"""A browser of a phone's size that uses the page as a person does, and takes its picture."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.async_api import Locator, Page, expect

WIDTH, HEIGHT = 390, 844
# Device pixels a CSS pixel, as on a phone.
SCALE = 2
COLOURS = 64
HEAVIEST = 150_000
# A lower window is laid out for a phone on its side.
LOWEST = 480

# Everything that was asked for has come: no button turns, nobody types, every picture is there.
SETTLED = """() => !document.querySelector('.key[aria-busy], .busy')
    && [...document.images].every((image) => image.complete)"""
# How tall a window shows the chat from this message on, and no more.
FITTING = """(first) => {
    const scroll = document.getElementById('scroll');
    const around = window.innerHeight - scroll.clientHeight;
    const end = document.getElementById('log').getBoundingClientRect().bottom;
    return Math.ceil(around + end - first.getBoundingClientRect().top + 22);
}"""


class Camera:
    """One page, and the folder that its pictures go to."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder

    async def says(self, text: str) -> None:
        """Type a text and send it."""
        box = self.page.get_by_role("textbox", name="Message")
        await box.fill(text)
        await box.press("Enter")

    async def taps(self, label: str, *, exact: bool = True) -> None:
        """Tap the newest button with this label."""
        await self.page.locator(".keys").get_by_role("button", name=label, exact=exact).last.click()

    async def sees(self, text: str) -> None:
        """Wait until the newest message holds this text."""
        await expect(self.newest).to_contain_text(text)

    async def has(self, label: str) -> bool:
        """Say whether the newest message has a button with this label."""
        await self.page.wait_for_function(SETTLED)
        return await self.newest.get_by_role("button", name=label, exact=True).count() > 0

    async def next_check_in(self) -> None:
        """Move the clock to when the bot comes back by itself."""
        await self.page.get_by_role("button", name="Clock and calls").click()
        await self.page.get_by_role("button", name="Next check-in").click()
        await expect(self.page.get_by_text("Moved to")).to_be_visible()
        await self.page.get_by_role("button", name="Close").click()

    @property
    def newest(self) -> Locator:
        """The newest message."""
        return self.page.locator(".message").last

    async def shoots(self, name: str, *, since: str = "", height: int = 0, dark: bool = False) -> None:
        """Write `name`.png: the end of the chat, from the newest message that holds `since`, or `height` px of it."""
        await self.page.wait_for_function(SETTLED)
        await self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        await self.page.mouse.move(0, 0)
        await self.page.evaluate("document.activeElement.blur()")
        if since:
            wanted = await self.page.locator(".message", has_text=since).last.evaluate(FITTING)
            height = max(wanted, LOWEST)
        await self.page.set_viewport_size({"width": WIDTH, "height": height or HEIGHT})
        await self.page.evaluate("document.getElementById('scroll').scrollTop = 1e6")
        await self._writes(name)
        await self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})

    async def shoots_the_desk(self, name: str, width: int, height: int) -> None:
        """Write `name`.png: the page in a wide window, with all that stands beside the phone."""
        await self.page.set_viewport_size({"width": width, "height": height})
        await self._writes(name)
        await self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})

    async def _writes(self, name: str) -> None:
        shot = await self.page.screenshot(animations="disabled")
        # Few colours, and no noise between them: a picture of text stays sharp and small.
        picture = Image.open(io.BytesIO(shot)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        path = self.folder / f"{name}.png"
        picture.save(path, optimize=True)
        assert path.stat().st_size < HEAVIEST, f"{path.name} is too heavy: {path.stat().st_size} bytes"
