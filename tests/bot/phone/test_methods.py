"""What each method does to the chat, through python-telegram-bot."""

import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeChat,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    MenuButtonCommands,
    ReplyKeyboardMarkup,
    ReplyParameters,
)
from telegram.error import BadRequest, Forbidden, InvalidToken

from bot.phone.people import Person
from bot.phone.server import Phone
from tests.bot.phone.conftest import OTHER, PNG, TOKEN, Caller, Clock

YES = InlineKeyboardMarkup([[InlineKeyboardButton("Yes", callback_data="y")]])


@pytest.fixture(autouse=True)
def _started(alice: Person) -> None:
    alice.starts()


async def test_a_message_shows_text_entities_and_buttons(bot: Bot, alice: Person, clock: Clock) -> None:
    sent = await bot.send_message(
        alice.id, "<b>Hi</b> there", parse_mode="HTML", reply_markup=YES, protect_content=True
    )

    seen = alice.last
    assert (seen.message_id, seen.text, seen.from_bot, seen.protected) == (sent.message_id, "Hi there", True, True)
    assert seen.entities == ({"type": "bold", "offset": 0, "length": 2},)
    assert seen.button("Yes").data == "y"
    assert sent.date == seen.date == clock()
    assert sent.text_html == "<b>Hi</b> there"


async def test_message_ids_rise_in_each_chat_on_its_own(bot: Bot, phone: Phone, alice: Person) -> None:
    bob = phone.person(TOKEN, "Bob")
    bob.starts()

    ids = [(await bot.send_message(one.id, "x")).message_id for one in (alice, alice, bob)]

    assert ids == [2, 3, 2]


async def test_bots_do_not_see_each_other(phone: Phone, alice: Person) -> None:
    async with Bot(OTHER, base_url=phone.base_url) as stranger:
        with pytest.raises(BadRequest, match="Chat not found"):
            await stranger.send_message(alice.id, "x")
        assert await stranger.get_updates() == ()


async def test_nobody_is_written_to_before_they_start_or_after_they_block(
    bot: Bot, phone: Phone, alice: Person
) -> None:
    bob = phone.person(TOKEN, "Bob")
    alice.blocks()

    with pytest.raises(BadRequest, match="Chat not found"):
        await bot.send_message(bob.id, "x")
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(alice.id, "x")
    alice.unblocks()
    assert (await bot.send_message(alice.id, "x")).text == "x"


async def test_an_edit_replaces_text_and_buttons(bot: Bot, alice: Person, clock: Clock) -> None:
    sent = await bot.send_message(alice.id, "<b>one</b>", parse_mode="HTML", reply_markup=YES)
    clock.moves(minutes=1)

    edited = await sent.edit_text("two")

    assert (alice.last.text, alice.last.buttons, alice.last.entities, alice.last.edited) == ("two", (), (), True)
    assert edited.edit_date == clock()


async def test_an_edit_that_changes_nothing_is_refused(bot: Bot, alice: Person) -> None:
    sent = await bot.send_message(alice.id, "<b>one</b>", parse_mode="HTML", reply_markup=YES)

    for again in (
        lambda: sent.edit_text("<b>one</b> ", parse_mode="HTML", reply_markup=YES),
        lambda: sent.edit_reply_markup(YES),
    ):
        with pytest.raises(BadRequest, match="Message is not modified: specified new message content and reply"):
            await again()
    assert (await sent.edit_text("one", reply_markup=YES)).entities == ()


async def test_buttons_alone_can_go_and_leave_no_edited_mark(bot: Bot, alice: Person) -> None:
    sent = await bot.send_message(alice.id, "one", reply_markup=YES)

    await sent.edit_reply_markup(None)

    assert (alice.last.buttons, alice.last.edited) == ((), False)


async def test_what_cannot_be_edited_or_deleted_is_refused(bot: Bot, alice: Person, clock: Clock) -> None:
    own = alice.writes("mine")["message_id"]
    photo = await bot.send_photo(alice.id, PNG)
    text = await bot.send_message(alice.id, "x")

    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", alice.id, 999)
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("x", alice.id, own)
    with pytest.raises(BadRequest, match="There is no text in the message to edit"):
        await photo.edit_text("x")
    with pytest.raises(BadRequest, match="There is no caption in the message to edit"):
        await text.edit_caption("x")
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(alice.id, 999)
    clock.moves(hours=49)
    with pytest.raises(BadRequest, match="Message can't be deleted for everyone"):
        await text.delete()


async def test_a_deleted_message_is_gone_and_its_number_is_not_used_again(bot: Bot, alice: Person) -> None:
    sent = await bot.send_message(alice.id, "x")

    assert await sent.delete()

    assert [one.text for one in alice.sees()] == ["/start"]
    assert (await bot.send_message(alice.id, "y")).message_id == sent.message_id + 1


async def test_a_press_is_answered_with_a_toast_once(bot: Bot, alice: Person) -> None:
    sent = await bot.send_message(alice.id, "x", reply_markup=YES)
    query = alice.presses(sent.message_id, "Yes")

    await bot.answer_callback_query(query, "Saved", show_alert=True)
    await bot.answer_callback_query(query, "Again")

    assert [(one.message_id, one.text, one.show_alert) for one in alice.toasts] == [(sent.message_id, "Saved", True)]


async def test_an_unknown_old_or_too_long_answer_is_refused(bot: Bot, alice: Person, clock: Clock) -> None:
    sent = await bot.send_message(alice.id, "x", reply_markup=YES)
    query = alice.presses(sent.message_id, "y")

    with pytest.raises(BadRequest, match="Message_too_long"):
        await bot.answer_callback_query(query, "x" * 201)
    with pytest.raises(BadRequest, match="Query is too old and response timeout expired or query id is invalid"):
        await bot.answer_callback_query("17")
    clock.moves(seconds=151)
    with pytest.raises(BadRequest, match="Query is too old"):
        await bot.answer_callback_query(query)


async def test_typing_shows_for_five_seconds_or_until_a_message(bot: Bot, alice: Person, clock: Clock) -> None:
    await bot.send_chat_action(alice.id, "typing")
    first = alice.typing
    clock.moves(seconds=6)
    later = alice.typing
    await bot.send_chat_action(alice.id, "typing")
    await bot.send_message(alice.id, "x")

    assert (first, later, alice.typing) == ("typing", None, None)
    with pytest.raises(BadRequest, match="Wrong parameter action in request"):
        await bot.send_chat_action(alice.id, "dancing")


async def test_the_narrowest_commands_make_the_menu(bot: Bot, phone: Phone, alice: Person) -> None:
    carla = phone.person(TOKEN, "Carla", language_code="de")
    await bot.set_my_commands([("help", "Help")])
    await bot.set_my_commands([("help", "Hilfe")], language_code="de")
    await bot.set_my_commands([BotCommand("check", "Check")], scope=BotCommandScopeChat(alice.id))

    assert [one["command"] for one in alice.commands] == ["check"]
    assert carla.commands == [{"command": "help", "description": "Hilfe"}]
    assert (await bot.get_my_commands())[0].description == "Help"
    await bot.delete_my_commands(scope=BotCommandScopeChat(alice.id))
    assert alice.commands[0]["description"] == "Help"


@pytest.mark.parametrize(("name", "what"), [("Help", "x"), ("he-lp", "x"), ("x" * 33, "x"), ("help", "")])
async def test_a_wrong_command_is_refused(call: Caller, name: str, what: str) -> None:
    refused = await call.refusal("setMyCommands", commands=[{"command": name, "description": what}])

    assert refused.startswith("Bad Request: BOT_COMMAND_")


async def test_the_bots_own_texts_are_kept_by_language(bot: Bot) -> None:
    await bot.set_my_description("Long")
    await bot.set_my_description("Lang", language_code="de")
    await bot.set_my_short_description("Short")
    await bot.set_my_name("Calcibot")

    assert (await bot.get_my_description()).description == "Long"
    assert (await bot.get_my_description("de")).description == "Lang"
    assert (await bot.get_my_description("fr")).description == "Long"
    assert (await bot.get_my_short_description()).short_description == "Short"
    assert (await bot.get_me()).first_name == "Calcibot"
    with pytest.raises(BadRequest, match="too long"):
        await bot.set_my_description("x" * 513)


async def test_the_rest_of_the_chat_methods(bot: Bot, alice: Person) -> None:
    sent = await bot.send_message(alice.id, "x", reply_markup=ReplyKeyboardMarkup([["A"]]))
    reply = await bot.send_message(alice.id, "y", reply_parameters=ReplyParameters(sent.message_id))
    await bot.set_message_reaction(alice.id, 1, "👍")
    await bot.set_chat_menu_button(alice.id, MenuButtonCommands())

    chat = await bot.get_chat(alice.id)

    assert (chat.first_name, chat.type) == ("Alice", "private")
    assert reply.reply_to_message
    assert reply.reply_to_message.message_id == sent.message_id
    assert alice.sees()[0].reaction == "👍"
    assert (await bot.get_chat_menu_button(alice.id)).type == "commands"
    assert alice.chat.keyboard == {"keyboard": [[{"text": "A"}]]} | (alice.chat.keyboard or {})


async def test_a_bot_that_logged_out_is_unauthorized(bot: Bot, alice: Person) -> None:
    await bot.log_out()

    with pytest.raises(InvalidToken):
        await bot.send_message(alice.id, "x")
