"""What a person sees in a chat: one frozen value per message."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bot.phone.world import World

Json = dict[str, Any]


@dataclass(frozen=True)
class Button:
    """An inline button."""

    text: str
    data: str | None
    url: str | None


@dataclass(frozen=True)
class File:
    """A picture or document in a message."""

    kind: str
    name: str
    mime: str
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Seen:
    """A message as it stands now; `text` is the caption under a file, `raw` the Message of the Bot API."""

    message_id: int
    from_bot: bool
    date: datetime
    text: str
    entities: tuple[Json, ...]
    buttons: tuple[tuple[Button, ...], ...]
    file: File | None
    edited: bool
    protected: bool
    reaction: str | None
    raw: Json = field(repr=False)

    def button(self, text: str) -> Button:
        """Return the button with this text; LookupError when it is not there."""
        for one in (one for row in self.buttons for one in row):
            if one.text == text:
                return one
        raise LookupError(f"no button {text!r}")


@dataclass(frozen=True)
class Toast:
    """The answer to a pressed button."""

    message_id: int
    text: str
    show_alert: bool


def seen(world: World, message: Json) -> Seen:
    """Return a stored Message as a person sees it."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    text, entities = ("text", "entities") if "text" in message else ("caption", "caption_entities")
    chat = world.chats[message["chat"]["id"]]
    return Seen(
        message_id=message["message_id"],
        from_bot=message["from"]["id"] == world.bot_id,
        date=datetime.fromtimestamp(message["date"], UTC),
        text=message.get(text, ""),
        entities=tuple(message.get(entities, [])),
        buttons=tuple(
            tuple(Button(one["text"], one.get("callback_data"), one.get("url")) for one in row) for row in rows
        ),
        file=_file(world, message),
        edited="edit_date" in message,
        protected=message.get("has_protected_content", False),
        reaction=chat.reactions.get(str(message["message_id"])),
        raw=message,
    )


def _file(world: World, message: Json) -> File | None:
    held = message["photo"][-1] if "photo" in message else message.get("document")
    if held is None:
        return None
    file = world.files[held["file_id"]]
    return File(file["kind"], file["file_name"], file["mime_type"], world.file_data(held["file_id"]))
