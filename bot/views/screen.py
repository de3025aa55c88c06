"""Hold what the person is shown: text and buttons, before Telegram."""

from __future__ import annotations

from dataclasses import dataclass, replace

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

# Telegram's limit, in bytes of UTF-8. The library does not check it.
MAX_DATA_BYTES = 64

# Data of another version is from before an upgrade: it is explained, never guessed at.
VERSION = "1"


@dataclass(frozen=True)
class Button:
    """Hold a label and what pressing it means."""

    label: str
    data: str
    style: str | None = None


@dataclass(frozen=True)
class Screen:
    """Hold one message: Telegram HTML and rows of buttons."""

    text: str
    rows: tuple[tuple[Button, ...], ...] = ()
    # Health text that should not be forwarded or saved from the chat by a slip of the finger.
    protected: bool = False

    def keyboard(self) -> InlineKeyboardMarkup | None:
        """Return the buttons as Telegram takes them; None without buttons."""
        if not self.rows:
            return None
        return InlineKeyboardMarkup(
            [
                [InlineKeyboardButton(button.label, callback_data=button.data, style=button.style) for button in row]
                for row in self.rows
            ]
        )

    def without_buttons(self) -> Screen:
        """Return the same text with nothing to press."""
        return replace(self, rows=())


def pack(*parts: str | int) -> str:
    """Join the parts of a button's meaning. Raises ValueError beyond Telegram's 64 bytes or for a part with a colon."""
    data = ":".join((VERSION, *map(str, parts)))
    if len(data.encode()) > MAX_DATA_BYTES or data.count(":") > len(parts):
        raise ValueError(f"button data cannot be packed: {data!r}")
    return data


def unpack(data: str | None) -> tuple[str, ...] | None:
    """Return the parts of a button's meaning; None for data of another version, or of nobody."""
    version, *parts = (data or "").split(":")
    return tuple(parts) if version == VERSION and parts else None
