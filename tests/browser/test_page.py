"""A newcomer talks to `calcibot chat` in a real browser, kills it, and goes on where it was."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.async_api import Page, expect


@contextmanager
def chat_running(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `calcibot chat` in `folder`, and give the process and the page's address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "chat"], cwd=folder, stdout=subprocess.PIPE, text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": ""},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if match := re.search(r"http://127\.0\.0\.1:\d+/\?key=\S+", line):
                yield process, match[0]
                break
        else:
            raise AssertionError("calcibot chat ended without an address")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


async def says(page: Page, text: str) -> None:
    box = page.get_by_role("textbox", name="Message")
    await box.fill(text)
    await box.press("Enter")


async def sees(page: Page, text: str) -> None:
    await expect(page.get_by_role("log")).to_contain_text(text)


async def taps(page: Page, label: str) -> None:
    await page.get_by_role("button", name=label, exact=True).last.click()


async def test_a_question_a_checklist_and_a_check_in_on_the_page(page: Page, tmp_path: Path) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    with chat_running(tmp_path) as (_, address):
        await page.goto(address)
        await expect(page.get_by_role("heading", name="Calcibot")).to_be_visible()
        await taps(page, "Start")
        await sees(page, "I am an information bot, not a doctor.")

        await says(page, "what are these hard white bumps?")
        await sees(page, "Sources: the source article, DermNet.")

        await says(page, "/check")
        await taps(page, "None of these")
        await sees(page, "Question 1 of")
        await taps(page, "Yes")
        await sees(page, "Question 2 of")

    with chat_running(tmp_path) as (process, address):
        # The first program was killed without a warning; the conversation stands where it was.
        await page.goto(address)
        await sees(page, "Question 2 of")
        await taps(page, "No")
        await sees(page, "Question 3 of")
        await says(page, "stop")
        await sees(page, "I have left the checklist.")

        await says(page, "/checkin")
        await taps(page, "Every month")
        await says(page, "7pm")
        await says(page, "Berlin")
        await page.get_by_role("button", name=re.compile("^Berlin, ")).last.click()
        await taps(page, "Confirm")
        await taps(page, "Yes, keep my answers")
        await sees(page, "/reminders changes, pauses or stops it.")

        await page.get_by_role("button", name=re.compile("clock", re.IGNORECASE)).first.click()
        await taps(page, "Next check-in")
        await sees(page, "Time for your check-in.")
        await page.keyboard.press("Escape")
        await taps(page, "Nothing new")
        await sees(page, "Noted: nothing new.")
        await says(page, "/history")
        await sees(page, "Your answers, newest first")

        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
    # The page cannot load anything while its server is dead.
    assert [fault for fault in faults if "Failed to load resource" not in fault] == []
