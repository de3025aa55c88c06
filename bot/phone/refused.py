"""The phone's one way to say no to a bot."""

from typing import Any


class Refused(Exception):  # noqa: N818 - reads as what happened: the call was refused
    """A call that Telegram refuses: HTTP status, description and optional response parameters."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> dict[str, Any]:
        """Return the JSON object that Telegram answers with."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.parameters:
            body["parameters"] = self.parameters
        return body


def bad_request(what: str) -> Refused:
    """Make a 400; Telegram starts the words after the colon in lower case, except for its CODES."""
    head = what if what[:2].isupper() else what[:1].lower() + what[1:]
    return Refused(400, f"Bad Request: {head}")


def too_many(seconds: int) -> Refused:
    """Make a 429 that asks to wait this many seconds."""
    return Refused(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})
