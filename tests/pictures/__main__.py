"""Play one conversation on the page, and write the pictures of README and docs: `make pictures`."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from bot import local
from bot.logs import set_up_logs
from bot.phone.clock import ShiftedClock
from bot.program import Program
from content.load import load_library
from scheduler.zones import use_pinned_tzdata
from tests.browser.chromium import CHROMIUM, FLAGS
from tests.clock import START
from tests.pictures.camera import HEIGHT, SCALE, WIDTH, Camera

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
# The page shows times of the browser's zone: that of the person in the story.
ZONE, LANGUAGE = "Europe/Berlin", "en-GB"
MOST_QUESTIONS = 20
STEP_HEIGHT = 520
# What is answered to each check-in in turn: nothing new, or a size.
SIZES = ("", "Like a lentil", "", "Like a pea")


async def conversation(camera: Camera) -> None:
    """Say hello, and ask a question."""
    await camera.page.get_by_role("button", name="Start", exact=True).click()
    await camera.sees("I am an information bot, not a doctor.")
    await camera.says("i hav these tiny hard white bumps on my cheek, what r they")
    await camera.sees("Sources:")
    await camera.shoots("conversation", since="i hav these")
    await camera.shoots("conversation-dark", since="i hav these", dark=True)


async def checklist(camera: Camera) -> None:
    """Go through the whole checklist, with a picture of each step."""
    await camera.says("/check")
    await camera.sees("Is any of this happening now?")
    await camera.shoots("checklist-00", since="Is any of this")
    await camera.taps("None of these")
    await camera.sees("Question 1 of")
    for number in range(1, MOST_QUESTIONS):
        await camera.shoots(f"checklist-{number:02}", height=STEP_HEIGHT)
        await camera.taps({1: "Yes", 4: "Not sure"}.get(number, "No"))
        await camera.page.wait_for_function(
            "(text) => !document.querySelector('.message:last-child').textContent.includes(text)",
            arg=f"Question {number} of",
        )
        if not await camera.has("Not sure"):
            break
    await camera.sees("Because you said:")
    await camera.shoots("checklist-outcome", since="Because you said:")
    await camera.taps("Save this")
    await camera.taps("Yes, keep my answers")


async def check_ins(camera: Camera) -> None:
    """Set up a check-in, say that a doctor was seen, and answer four check-ins."""
    await camera.says("/checkin")
    await camera.taps("Every month")
    await camera.says("7pm")
    await camera.sees("Where are you?")
    await camera.says("Berlin")
    await camera.taps("Berlin, Germany", exact=False)
    await camera.sees("The next two:")
    await camera.shoots("check-in-set-up", since="Where are you?")
    await camera.taps("Confirm")
    await camera.sees("I will ask you on")
    await camera.next_check_in()
    await camera.sees("Were you seen by a doctor?")
    await camera.taps("Yes, I was seen")
    for number, size in enumerate(SIZES):
        await camera.next_check_in()
        await camera.sees("Time for your check-in.")
        if number == len(SIZES) - 1:
            await camera.shoots("check-in", since="Time for your check-in.")
            await camera.shoots_the_desk("page", 1280, 860)
        await answer(camera, size)
    await camera.shoots("check-in-answered", since="size (like a pea)")


async def answer(camera: Camera, size: str) -> None:
    """Answer one check-in: nothing new, or another size."""
    if not size:
        await camera.taps("Nothing new")
        await camera.sees("Noted: nothing new.")
        return
    await camera.taps("Something changed")
    await camera.sees("What changed?")
    await camera.taps("Size")
    await camera.taps("Done")
    await camera.taps(size)
    await camera.sees("note")
    await camera.taps("No note")


async def history(camera: Camera) -> None:
    """Look back: the list, the timeline, the page for a doctor."""
    await camera.says("/history")
    await camera.sees("Your answers, newest first")
    await camera.shoots("history", since="Your answers, newest first")
    await camera.taps("Show it as a picture")
    await camera.sees("Your timeline")
    await camera.shoots("timeline", since="Your timeline")
    await camera.shoots("timeline-dark", since="Your timeline", dark=True)
    await camera.says("/report")
    await camera.sees("All")
    await camera.taps("All")
    await camera.sees("What your page will hold")
    await camera.taps("Send the page")
    await camera.sees("Your page for the doctor.")
    await camera.shoots("report", since="What your page will hold")


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[str]:
    """Run the whole bot on a clock that stands still until the page moves it, and give the page's address."""
    shown: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    programs: list[Program] = []
    clock = ShiftedClock(source=lambda: START)
    chat = asyncio.create_task(local.chat(load_library(), folder, 1000, shown.set_result, programs.append, clock))
    either: tuple[asyncio.Future[Any], ...] = (chat, shown)
    await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    if chat.done():
        chat.result()
    try:
        yield await shown
    finally:
        for program in programs:
            program.stop()
        await chat


async def main() -> None:
    """Write every picture anew."""
    if CHROMIUM is None:
        sys.exit("make pictures needs Chromium: chromium, chromium-browser or google-chrome")
    use_pinned_tzdata()
    set_up_logs("WARNING", "console")
    with tempfile.TemporaryDirectory() as folder:
        async with running(Path(folder)) as address, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = await browser.new_page(
                viewport={"width": WIDTH, "height": HEIGHT},
                device_scale_factor=SCALE,
                locale=LANGUAGE,
                timezone_id=ZONE,
                reduced_motion="reduce",
            )
            await page.clock.set_fixed_time(START)
            await page.goto(address)
            camera = Camera(page, FOLDER)
            for part in (conversation, checklist, check_ins, history):
                print(f"{part.__name__} ...", flush=True)  # noqa: T201
                await part(camera)
            await browser.close()


asyncio.run(main())
