"""Updates: what people do, as the bot gets it by polling or by webhook."""

import asyncio
from datetime import timedelta

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, Update
from telegram.error import Conflict, Forbidden

from bot.phone.people import Person
from bot.phone.server import Phone
from tests.bot.phone.conftest import PNG, TOKEN, Caller, Clock

YES = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])


async def updates(bot: Bot, offset: int | None = None) -> tuple[Update, ...]:
    return await bot.get_updates(offset=offset)


async def test_an_update_comes_again_until_a_higher_offset_confirms_it(bot: Bot, phone: Phone, alice: Person) -> None:
    alice.writes("one")
    alice.writes("two")

    first, again = await updates(bot), await updates(bot)
    rest = await updates(bot, first[0].update_id + 1)

    assert [one.message.text for one in again] == ["one", "two"]
    assert [one.message.text for one in rest] == ["two"]
    assert rest[0].update_id == first[0].update_id + 1
    assert phone.pending(TOKEN) == 1


async def test_at_most_a_hundred_come_at_once_and_a_negative_offset_keeps_the_last(bot: Bot, alice: Person) -> None:
    for number in range(105):
        alice.writes(str(number))

    assert len(await updates(bot)) == 100
    assert len(await bot.get_updates(limit=3)) == 3
    assert [one.message.text for one in await updates(bot, -2)] == ["103", "104"]
    assert len(await updates(bot)) == 2


async def test_an_offset_far_beyond_the_queue_confirms_nothing(bot: Bot, alice: Person) -> None:
    alice.writes("one")

    assert len(await updates(bot, 2_000_000_000)) == 1


async def test_a_long_poll_wakes_at_once(bot: Bot, phone: Phone, alice: Person) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=30))
    await phone.until(TOKEN, lambda: phone.polling(TOKEN))

    alice.writes("hello")

    async with asyncio.timeout(1):
        (update,) = await waiting
    assert update.message.text == "hello"


async def test_a_long_poll_wakes_for_another_thread(bot: Bot, phone: Phone, alice: Person) -> None:
    waiting = asyncio.create_task(bot.get_updates(timeout=30))
    await phone.until(TOKEN, lambda: phone.polling(TOKEN))

    await asyncio.to_thread(alice.writes, "hello")

    async with asyncio.timeout(1):
        assert len(await waiting) == 1


async def test_a_second_poller_ends_the_first(bot: Bot, phone: Phone) -> None:
    async with Bot(TOKEN, base_url=phone.base_url) as replica:
        first = asyncio.create_task(bot.get_updates(timeout=30))
        await phone.until(TOKEN, lambda: phone.polling(TOKEN))
        second = asyncio.create_task(replica.get_updates(timeout=1))

        async with asyncio.timeout(0.8):
            with pytest.raises(Conflict, match="terminated by other getUpdates request"):
                await first
        assert await second == ()


async def test_only_the_kinds_asked_for_come_and_the_choice_stays(bot: Bot, alice: Person) -> None:
    await bot.get_updates(allowed_updates=["message"])
    alice.starts()
    alice.blocks()
    alice.unblocks()

    assert [one.message is not None for one in await updates(bot)] == [True]


async def test_old_updates_die_a_press_after_150_seconds(bot: Bot, alice: Person, clock: Clock) -> None:
    alice.starts()
    sent = await bot.send_message(alice.id, "x", reply_markup=YES)
    alice.presses(sent.message_id, "Yes")
    clock.moves(seconds=151)

    kinds = [one.callback_query is None for one in await updates(bot)]
    clock.moves(days=1)

    assert kinds == [True]
    assert await updates(bot) == ()


async def test_every_kind_of_message_arrives_whole(bot: Bot, alice: Person) -> None:
    alice.writes("/start check")
    alice.sends_photo(PNG, caption="look")
    alice.sends_voice(seconds=4)
    alice.sends_sticker("👍")
    alice.sends_document(b"x", "a.pdf")
    alice.sends_location(52.5, 13.4)
    alice.sends_contact("+49", "Bob")
    alice.forwards("news", from_name="Someone")
    alice.writes("it's this", reply_to=1)

    text, photo, voice, sticker, document, location, contact, forward, reply = (
        one.message for one in await updates(bot)
    )

    assert text.parse_entities(["bot_command"]).popitem()[1] == "/start"
    assert (text.from_user.first_name, text.from_user.language_code, text.chat.type) == ("Alice", "en", "private")
    assert (photo.caption, photo.photo[-1].width) == ("look", 1)
    assert voice.voice.duration == timedelta(seconds=4)
    assert sticker.sticker.emoji == "👍"
    assert document.document.file_name == "a.pdf"
    assert location.location.latitude == 52.5
    assert contact.contact.phone_number == "+49"
    assert forward.forward_origin.sender_user_name == "Someone"
    assert reply.reply_to_message.message_id == 1


async def test_edits_presses_and_blocks_arrive(bot: Bot, alice: Person, clock: Clock) -> None:
    own = alice.writes("helo")["message_id"]
    sent = await bot.send_message(alice.id, "x", reply_markup=YES)
    alice.edits(own, "hello")
    alice.presses(sent.message_id, "Yes")
    alice.blocks()
    alice.unblocks()

    _, edit, press, block, unblock = await updates(bot)

    assert (edit.edited_message.text, edit.edited_message.message_id) == ("hello", own)
    assert edit.edited_message.edit_date == clock()
    assert (press.callback_query.data, press.callback_query.message.message_id) == ("y", sent.message_id)
    assert block.my_chat_member.new_chat_member.status == "kicked"
    assert unblock.my_chat_member.new_chat_member.status == "member"


async def test_only_a_forged_press_needs_no_button(bot: Bot, alice: Person) -> None:
    alice.starts()
    sent = await bot.send_message(alice.id, "x", reply_markup=YES)

    with pytest.raises(LookupError):
        alice.presses(sent.message_id, "no")
    alice.presses(sent.message_id, "v0:old", forged=True)
    await sent.delete()
    alice.presses(sent.message_id, "v0:gone", forged=True)

    _, forged, gone = await updates(bot)
    assert (forged.callback_query.data, forged.callback_query.message.is_accessible) == ("v0:old", True)
    assert (gone.callback_query.data, gone.callback_query.message.is_accessible) == ("v0:gone", False)


async def test_nobody_acts_on_a_bot_they_blocked_until_they_start_it(alice: Person) -> None:
    alice.starts()
    alice.blocks()

    with pytest.raises(PermissionError):
        alice.writes("hello")
    alice.starts("again")

    assert not alice.blocked
    assert alice.last.text == "/start again"


async def test_in_a_group_the_bot_hears_commands_and_its_name_and_can_leave(
    bot: Bot, phone: Phone, alice: Person
) -> None:
    bob = phone.person(TOKEN, "Bob")
    group = phone.group(TOKEN, "Family", [alice, bob])
    bob.writes("just talk", chat=group.id)
    bob.writes("/start", chat=group.id)
    bob.writes(f"hi @{bot.username}", chat=group.id)

    added, joined, command, named = await updates(bot)
    await bot.send_message(group.id, "Write to me in private.")
    await bot.leave_chat(group.id)

    assert (added.my_chat_member.chat.type, joined.message.new_chat_members[0].id) == ("group", bot.id)
    assert (command.message.text, named.message.text) == ("/start", f"hi @{bot.username}")
    assert group.sees()[-1].text == "Write to me in private."
    assert group.bot_left
    with pytest.raises(Forbidden, match="bot was kicked from the group chat"):
        await bot.send_message(group.id, "x")


async def test_an_injected_update_comes_as_it_is(call: Caller, phone: Phone) -> None:
    number = phone.inject(TOKEN, {"poll": {"id": "1"}})

    _, body = await call("getUpdates")

    assert body["result"] == [{"update_id": number, "poll": {"id": "1"}}]
