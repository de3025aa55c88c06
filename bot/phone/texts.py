"""From what a bot or a person wrote to what a message holds: cleaned, measured, with entities."""

import re
from typing import Any

from bot.phone.entities import parse_html, utf16
from bot.phone.markup import normal_url, url_problem
from bot.phone.refused import bad_request

MAX_TEXT = 4096
MAX_CAPTION = 1024
ENTITY_TYPES = frozenset(
    {
        *("mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "text_link", "text_mention"),
        *("bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre", "custom_emoji", "date_time"),
        *("blockquote", "expandable_blockquote"),
    }
)
NEEDS = {"text_link": "url", "text_mention": "user", "custom_emoji": "custom_emoji_id", "date_time": "unix_time"}
# Control characters become spaces; carriage returns and direction overrides go.
_CLEAN = {code: " " for code in range(32) if code not in (9, 10)} | {13: None} | dict.fromkeys(range(0x2028, 0x202F))
_FOUND = re.compile(
    r"(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<url>\bhttps?://[^\s<>\"]+[^\s<>\".,;:!?)\]]"
    r"|\b(?:[a-z0-9-]+\.)+(?:com|org|net|gov|edu|info|uk|de|eu)\b(?:/[^\s<>\"]*[^\s<>\".,;:!?)\]])?)"
    r"|(?<![\w/@])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@\w{3,32})?)(?![\w/])"
    r"|(?<![\w@])(?P<mention>@[A-Za-z]\w{3,31})\b"
    r"|(?<![\w&#])(?P<hashtag>#\w*[^\W\d]\w*)",
    re.IGNORECASE,
)
_OPAQUE = frozenset({"code", "pre", "text_link", "text_mention", "custom_emoji", "date_time"})

Json = dict[str, Any]


def formatted(text: str, parse_mode: str | None, entities: list[Json] | None) -> tuple[str, list[Json]]:
    """Return the final text and its entities; raise Refused as Telegram does. Length is the caller's to judge."""
    text = cleaned(text)
    if parse_mode:
        if parse_mode.lower() != "html":
            # Markdown is real at Telegram; nothing here writes it, so it is refused rather than half understood.
            raise bad_request("unsupported parse_mode")
        text, found = parse_html(text)
    else:
        found = _given(text, entities or [])
    text, found = trimmed(text, found)
    return text, with_found(text, found)


def cleaned(text: str) -> str:
    """Return the text without the characters Telegram replaces or drops; raise Refused for broken Unicode."""
    if text.isascii() and text.isprintable():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    return text.translate(_CLEAN)


def trimmed(text: str, entities: list[Json]) -> tuple[str, list[Json]]:
    """Cut white space at both ends and shift the entities with it."""
    kept = text.lstrip()
    shift = utf16(text[: len(text) - len(kept)])
    kept = kept.rstrip()
    if kept == text:
        return text, entities
    end, moved = utf16(kept), []
    for one in entities:
        start = max(one["offset"] - shift, 0)
        stop = min(one["offset"] + one["length"] - shift, end)
        if stop > start:
            moved.append(one | {"offset": start, "length": stop - start})
    return kept, moved


def with_found(text: str, entities: list[Json]) -> list[Json]:
    """Add what Telegram finds by itself: commands, links, addresses, mentions and hashtags."""
    found = []
    closed = [(one["offset"], one["offset"] + one["length"]) for one in entities if one["type"] in _OPAQUE]
    for match in _FOUND.finditer(text):
        start, length = utf16(text[: match.start()]), utf16(match[0])
        if all(start >= end or start + length <= begin for begin, end in closed):
            found.append({"type": match.lastgroup, "offset": start, "length": length})
    if not found:
        return entities
    return sorted(entities + found, key=lambda one: (one["offset"], -one["length"]))


def _given(text: str, entities: list[Json]) -> list[Json]:
    """Check entities that came ready made."""
    end, kept = utf16(text), []
    for one in entities:
        start, stop = one["offset"], one["offset"] + one["length"]
        if one["type"] not in ENTITY_TYPES:
            raise bad_request("can't parse MessageEntity: Unsupported type specified")
        needed = NEEDS.get(one["type"])
        if needed and needed not in one:
            raise bad_request(f"can't parse MessageEntity: Can't find field \"{needed}\"")
        if start < 0 or one["length"] < 0:
            raise bad_request(f"receive an entity with incorrect offset {start}")
        if start > end:
            raise bad_request(f"entity begins after the end of the text at UTF-16 offset {start}")
        if stop > end:
            raise bad_request(
                f"entity beginning at UTF-16 offset {start} ends after the end of the text at UTF-16 offset {stop}"
            )
        if one["type"] == "text_link":
            problem = url_problem(one["url"])
            if problem:
                raise bad_request(f"entity URL '{one['url']}' is invalid: {problem}")
            one = one | {"url": normal_url(one["url"])}
        if one["length"]:
            kept.append(one)
    return sorted(kept, key=lambda one: (one["offset"], -one["length"]))


def message_text(params: Json) -> Json:
    """Return `text` and `entities` of a message from the parameters of a call; raise Refused."""
    if not params.get("text"):
        raise bad_request("message text is empty")
    text, entities = formatted(params["text"], params.get("parse_mode"), params.get("entities"))
    if not text:
        raise bad_request("text must be non-empty")
    if utf16(text) > MAX_TEXT:
        raise bad_request("message is too long")
    return {"text": text} | ({"entities": entities} if entities else {})


def message_caption(params: Json) -> Json:
    """Return `caption` and `caption_entities`, or nothing; raise Refused."""
    text, entities = formatted(params.get("caption", ""), params.get("parse_mode"), params.get("caption_entities"))
    if utf16(text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    if not text:
        return {}
    return {"caption": text} | ({"caption_entities": entities} if entities else {})
