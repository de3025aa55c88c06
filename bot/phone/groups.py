"""Group chats: only what a bot that stays out of groups has to meet."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.phone.methods_send import bot_user, service_message
from bot.phone.people import Person, announce_member
from bot.phone.seen import Seen, seen
from bot.phone.world import Chat, World

FIRST_GROUP = -4_000_001


@dataclass(frozen=True)
class Group:
    """A group with people and the bot; they write with `person.writes(text, chat=group.id)`."""

    world: World
    id: int

    def sees(self) -> list[Seen]:
        """Return the group's messages as they stand now."""
        with self.world.lock:
            return [seen(self.world, message) for message in self.world.messages.get(self.id, {}).values()]

    @property
    def bot_left(self) -> bool:
        """Whether the bot has left the group."""
        return self.world.chats[self.id].bot_left


def make_group(world: World, title: str, members: Collection[Person]) -> Group:
    """Make a group; its first member adds the bot, which gets my_chat_member and a service message."""
    with world.change() as now:
        numbers = [person.id for person in members]
        chat = Chat(min([FIRST_GROUP, *world.chats]) - 1, "group", title=title, members=numbers, started=True)
        world.save_chat(chat)
        founder = world.people[numbers[0]]
        announce_member(world, chat, founder, "left", "member")
        joined = {"new_chat_members": [bot_user(world)]}
        world.enqueue("message", service_message(world, chat, founder, now, joined))
        return Group(world, chat.id)
