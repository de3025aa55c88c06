"""See what a posted update was answered."""

from __future__ import annotations

from tests.chat import Chats, Talker

# So long an answer is under way where a test holds it up, in seconds.
SLOW = 0.3


def answers(chats: Chats, person: Talker) -> list[str]:
    """Return what was sent to this person, in the order it was answered."""
    return [
        str(call.parameters["text"])
        for call in chats.phone.calls(chats.token, "sendMessage")
        if str(call.parameters["chat_id"]) == str(person.phone.id) and call.status == 200
    ]
