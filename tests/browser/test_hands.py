"""What hands do on the page: taps, keys, pictures, files, blocking, two people."""

from __future__ import annotations

from playwright.async_api import Page, expect
from telegram import Bot

from bot.phone.people import Person
from tests.browser.test_looks import keys, png

# Keeps the text of whatever is put into the log: that is what a screen reader says.
WATCH = """() => {
    window.put = [];
    const watcher = new MutationObserver((changes) => {
        for (const one of changes) window.put.push(...[...one.addedNodes].map((node) => node.textContent));
    });
    watcher.observe(document.getElementById("log"), { childList: true });
}"""


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.id || document.activeElement.textContent"))


async def presses(bot: Bot, page: Page, label: str) -> str:
    """Tap a button and return the query that the bot got."""
    await page.get_by_role("button", name=label, exact=True).click()
    updates = await bot.get_updates(timeout=5, allowed_updates=["callback_query"])
    queries = [update.callback_query for update in updates if update.callback_query]
    while not queries:
        updates = await bot.get_updates(timeout=5)
        queries = [update.callback_query for update in updates if update.callback_query]
    await bot.get_updates(offset=updates[-1].update_id + 1)
    return queries[-1].id


async def test_a_press_ends_in_a_toast_or_an_alert(open_page: Page, bot: Bot, alice: Person) -> None:
    await bot.send_message(alice.id, "x", reply_markup=keys(["Quiet", "Loud"]))

    await bot.answer_callback_query(await presses(bot, open_page, "Quiet"), "Saved")
    await expect(open_page.get_by_role("status").filter(has_text="Saved")).to_be_visible()
    await bot.answer_callback_query(await presses(bot, open_page, "Loud"), "Look here", show_alert=True)
    await expect(open_page.get_by_role("alertdialog", name="Look here")).to_be_visible()
    await open_page.keyboard.press("Escape")

    await expect(open_page.get_by_role("alertdialog")).to_be_hidden()
    assert await focused(open_page) == "Loud"
    await expect(open_page.locator("[aria-busy=true]")).to_have_count(0)


async def test_a_message_edited_in_place_keeps_the_focus(open_page: Page, bot: Bot, alice: Person) -> None:
    sent = await bot.send_message(alice.id, "Question 1", reply_markup=keys(["Yes", "No"]))
    await open_page.get_by_role("button", name="No", exact=True).focus()

    await sent.edit_text("Question 2", reply_markup=keys(["Yes", "No"]))
    await expect(open_page.get_by_role("log")).to_contain_text("Question 2")
    kept = await focused(open_page)
    await sent.edit_text("The end")
    await expect(open_page.get_by_role("log")).to_contain_text("The end")

    assert kept == "No"
    assert "The end" in await focused(open_page)


async def test_only_what_is_new_is_put_into_the_log(open_page: Page, bot: Bot, alice: Person) -> None:
    await bot.send_message(alice.id, "one")
    await expect(open_page.get_by_role("log")).to_contain_text("one")
    await open_page.evaluate(WATCH)

    await bot.send_message(alice.id, "two")
    await expect(open_page.get_by_role("log")).to_contain_text("two")

    log = open_page.get_by_role("log")
    await expect(log).to_have_attribute("aria-live", "polite")
    (put,) = await open_page.evaluate("window.put")
    assert put.startswith("Bot:two")


async def test_a_picture_opens_over_the_chat_and_closes_with_escape(open_page: Page, bot: Bot, alice: Person) -> None:
    await bot.send_photo(alice.id, png(600, 300), caption="Your timeline")

    await open_page.get_by_role("link", name="Your timeline").click()
    await expect(open_page.get_by_role("dialog", name="Your timeline")).to_be_visible()
    assert await focused(open_page) == "close-viewer"
    await open_page.keyboard.press("Escape")

    await expect(open_page.get_by_role("dialog")).to_be_hidden()
    await expect(open_page.get_by_role("link", name="Your timeline")).to_be_focused()


async def test_a_file_is_saved_under_its_name(open_page: Page, bot: Bot, alice: Person) -> None:
    await bot.send_document(alice.id, b"words", filename="my-data.json")

    async with open_page.expect_download() as download:
        await open_page.get_by_role("link", name="my-data.json").click()

    assert (await download.value).suggested_filename == "my-data.json"


async def test_a_place_and_a_photo_are_sent(open_page: Page, bot: Bot, alice: Person) -> None:
    await open_page.get_by_role("button", name="Attach").click()
    await open_page.get_by_role("button", name="Berlin").click()
    await open_page.get_by_role("button", name="Attach").click()
    async with open_page.expect_file_chooser() as chooser:
        await open_page.get_by_role("button", name="Photo").click()
    await (await chooser.value).set_files({"name": "a.png", "mimeType": "image/png", "buffer": png(20, 20)})
    await expect(open_page.get_by_role("link", name="Picture")).to_be_visible()

    place, photo = [update.to_dict()["message"] for update in await bot.get_updates()][-2:]

    assert place["location"]["latitude"] == 52.52
    assert photo["photo"]


async def test_every_overlay_closes_with_escape_and_gives_the_focus_back(open_page: Page, bot: Bot) -> None:
    await bot.set_my_commands([("help", "How I work")])
    await expect(open_page.locator("#slash")).to_be_visible()
    left = {}
    for opener, overlay in (
        ("open-menu", "menu"),
        ("attach", "attachments"),
        ("open-tools", "tools"),
        ("slash", "commands"),
    ):
        await open_page.locator(f"#{opener}").focus()
        await open_page.keyboard.press("Enter")
        await expect(open_page.locator(f"#{overlay}")).to_be_visible()
        await open_page.keyboard.press("Escape")
        await expect(open_page.locator(f"#{overlay}")).to_be_hidden()
        left[opener] = await focused(open_page)

    # The commands belong to the message box.
    assert left == {"open-menu": "open-menu", "attach": "attach", "open-tools": "open-tools", "slash": "box"}


async def test_blocking_and_unblocking(open_page: Page, alice: Person) -> None:
    await open_page.get_by_role("button", name="More").click()
    await open_page.get_by_role("button", name="Block bot").click()
    await expect(open_page.get_by_role("textbox", name="Message")).to_be_hidden()
    blocked = alice.blocked
    await open_page.get_by_role("button", name="Unblock").click()
    await expect(open_page.get_by_role("textbox", name="Message")).to_be_visible()

    assert (blocked, alice.blocked) == (True, False)


async def test_each_person_has_a_draft_and_a_reload_stays_with_the_person(open_page: Page) -> None:
    box = open_page.get_by_role("textbox", name="Message")
    await box.fill("half a thought")

    await open_page.get_by_role("tab", name="Bob").click()
    await open_page.get_by_role("button", name="Start", exact=True).click()
    await expect(box).to_have_value("")
    await open_page.get_by_role("tab", name="Alice").click()
    await expect(box).to_have_value("half a thought")
    await open_page.get_by_role("tab", name="Bob").click()
    await open_page.reload()

    await expect(open_page.get_by_role("tab", name="Bob")).to_have_attribute("aria-selected", "true")


async def test_an_address_of_nobody_shows_the_first_person(open_page: Page) -> None:
    await open_page.evaluate("location.hash = '#999'")
    await open_page.reload()

    await expect(open_page.get_by_role("tab", name="Alice")).to_have_attribute("aria-selected", "true")


async def test_what_comes_while_reading_above_is_counted(open_page: Page, bot: Bot, alice: Person) -> None:
    for number in range(20):
        await bot.send_message(alice.id, f"line {number}\n\n\n")
    await expect(open_page.get_by_role("log").get_by_text("line 19")).to_be_in_viewport()
    await open_page.locator("#scroll").evaluate("(scroll) => scroll.scrollTo(0, 0)")
    await expect(open_page.get_by_role("button", name="Go to the newest message")).to_be_visible()

    await bot.send_message(alice.id, "news")
    await open_page.get_by_role("button", name="Go to 1 new message").click()

    await expect(open_page.get_by_role("log").get_by_text("news")).to_be_in_viewport()


async def test_the_phones_time_is_on_the_phone(open_page: Page) -> None:
    await open_page.clock.set_fixed_time("2027-03-01T09:00:00Z")
    await open_page.get_by_role("button", name="Clock and calls").click()
    await open_page.get_by_role("button", name="+1 week").click()
    await expect(open_page.get_by_text("7 d")).to_be_visible()
    await open_page.keyboard.press("Escape")

    await expect(open_page.locator("#bot-status")).to_contain_text("Mar 8")
