"""Keyboards: the limits that stand in Telegram's words and not in its types."""

import re
from typing import Any

from bot.phone.refused import bad_request

MAX_BUTTONS = 100
MAX_DATA_BYTES = 64
MAX_COPIED = 256
ACTIONS = frozenset(
    {
        *("url", "callback_data", "web_app", "login_url", "copy_text", "callback_game", "pay"),
        *("switch_inline_query", "switch_inline_query_current_chat", "switch_inline_query_chosen_chat"),
    }
)
STYLES = frozenset({"danger", "success", "primary"})
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):(//)?", re.IGNORECASE)
_HOST = re.compile(
    r"(?:[^/?#@\s]*@)?([\w-]+(?:\.[\w-]+)+|\[[0-9a-f:]+\]|localhost)(?::\d+)?(?=[/?#]|\Z)", re.IGNORECASE
)

Json = dict[str, Any]


def checked(markup: Json | None) -> Json | None:
    """Return a reply markup that Telegram would take; an empty inline keyboard is none. Raises Refused."""
    if markup is None:
        return None
    rows = markup.get("inline_keyboard")
    if rows is not None:
        rows = [row for row in rows if row]
        if sum(map(len, rows)) > MAX_BUTTONS:
            raise bad_request("REPLY_MARKUP_TOO_LONG")
        for row in rows:
            for button in row:
                _check_inline(button)
        return {"inline_keyboard": rows} if rows else None
    for row in markup.get("keyboard", ()):
        for button in row:
            if not button["text"]:
                raise bad_request("KEYBOARD_BUTTON_INVALID")
    return markup


def _check_inline(button: Json) -> None:
    if not button["text"].strip():
        raise bad_request("REPLY_MARKUP_INVALID")
    if "style" in button and button["style"] not in STYLES:
        raise bad_request("can't parse inline keyboard button: Invalid button style specified")
    # An empty string is no action to Telegram, except for the inline queries.
    actions = [name for name in ACTIONS & button.keys() if button[name] != "" or name.startswith("switch")]
    if not actions:
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise bad_request("can't parse inline keyboard button: Only one action may be specified")
    data = button.get("callback_data", "")
    if len(data.encode()) > MAX_DATA_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")
    if button.get("url"):
        problem = url_problem(button["url"])
        if problem:
            raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: {problem}")
    if "web_app" in button and not button["web_app"]["url"].startswith("https://"):
        url = button["web_app"]["url"]
        raise bad_request(f"inline keyboard button Web App URL '{url}' is invalid: Only HTTPS links are allowed")
    if "copy_text" in button and not 1 <= len(button["copy_text"]["text"]) <= MAX_COPIED:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")
    if {"callback_game", "pay", "login_url"} & set(actions):
        raise bad_request("BUTTON_TYPE_INVALID")


def url_problem(url: str) -> str | None:
    """Say what Telegram finds wrong with a link, or None."""
    if not url:
        return "URL host is empty"
    scheme = _SCHEME.match(url)
    rest = url
    if scheme and (scheme[2] or scheme[1].lower() == "tg"):
        if scheme[1].lower() in {"tg", "ton"}:
            return None
        if scheme[1].lower() not in {"http", "https"}:
            return "Unsupported URL protocol"
        rest = url[scheme.end() :]
    return None if _HOST.match(rest) else "Wrong HTTP URL"


def normal_url(url: str) -> str | None:
    """Return a link as Telegram stores it (http:// and a path added), or None when it is not one."""
    if url_problem(url):
        return None
    if not re.match(r"(https?|tg|ton):", url, re.IGNORECASE):
        url = f"http://{url}"
    scheme, _, rest = url.partition("://")
    if scheme.lower() in {"http", "https"} and not re.search(r"[/?#]", rest):
        url += "/"
    return url
