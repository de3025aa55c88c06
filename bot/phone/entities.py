"""Telegram's HTML, read as strictly as Telegram reads it: text and entities with UTF-16 offsets."""

import re
from dataclasses import dataclass
from typing import Any

from bot.phone.markup import normal_url
from bot.phone.refused import bad_request

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "span": "spoiler",
    "tg-spoiler": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_CHARACTER = re.compile(r"&(?:#[xX]([0-9a-fA-F]+)|#([0-9]+)|(lt|gt|amp|quot)(?![A-Za-z]));?")
_TAG_NAME = re.compile(r"[^\s>]*")
_ATTRIBUTE_NAME = re.compile(r"[^\s=>]*")
_BARE_VALUE = re.compile(r"[A-Za-z0-9.-]*")
_SPACE = re.compile(r"\s*")
_MENTION = re.compile(r"tg:(?://)?user\?id=(\d+)\Z")
_TIME_FORMAT = re.compile(r"(?:|r|w?[dD]?[tT]?)\Z")

Json = dict[str, Any]


@dataclass
class Open:
    """A start tag that waits for its end."""

    tag: str
    attributes: dict[str, str]
    start: int
    at: int


def utf16(text: str) -> int:
    """Return the length in UTF-16 code units, in which Telegram counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse_html(source: str) -> tuple[str, list[Json]]:
    """Return text and entities; raise Refused with Telegram's own complaint and byte offset."""
    if "<" not in source and "&" not in source:
        return source, []
    return _Parser(source).run()


def problem(what: str) -> Exception:
    """Make Telegram's 400 about entities."""
    return bad_request(f"can't parse entities: {what}")


def _decode(source: str) -> str:
    def character(match: re.Match[str]) -> str:
        hexadecimal, decimal, named = match.groups()
        if named:
            return _NAMED[named]
        code = int(hexadecimal, 16) if hexadecimal else int(decimal)
        if 0xD800 <= code <= 0xDFFF:
            raise problem(
                "Text contains invalid Unicode characters after decoding HTML entities,"
                " check for unmatched surrogate code units"
            )
        return chr(code) if 0 < code <= 0x10FFFF else match[0]

    return _CHARACTER.sub(character, source) if "&" in source else source


class _Parser:
    def __init__(self, source: str) -> None:
        self.source = source
        self.pos = 0
        self.parts: list[str] = []
        self.length = 0
        self.open: list[Open] = []
        self.entities: list[Json] = []

    def run(self) -> tuple[str, list[Json]]:
        while self.pos < len(self.source):
            tag = self.source.find("<", self.pos)
            text = _decode(self.source[self.pos : tag if tag >= 0 else None])
            self.parts.append(text)
            self.length += utf16(text)
            if tag < 0:
                break
            self.pos = tag
            if self.source.startswith("</", tag):
                self._end_tag()
            else:
                self._start_tag()
        if self.open:
            raise problem(f'Can\'t find end tag corresponding to start tag "{self.open[-1].tag}"')
        return "".join(self.parts), _tidy(self.entities)

    def _bytes(self, pos: int) -> int:
        return len(self.source[:pos].encode("utf-8", "surrogatepass"))

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.source, self.pos)
        found = match[0] if match else ""
        self.pos += len(found)
        return found

    def _peek(self) -> str:
        return self.source[self.pos : self.pos + 1]

    def _start_tag(self) -> None:
        begin = self.pos
        self.pos += 1
        tag = self._take(_TAG_NAME).lower()
        if not self._peek():
            raise problem(f"Unclosed start tag at byte offset {self._bytes(begin)}")
        if tag not in TAGS:
            raise problem(f'Unsupported start tag "{tag}" at byte offset {self._bytes(begin)}')
        attributes: dict[str, str] = {}
        while True:
            self._take(_SPACE)
            if self._peek() == ">":
                break
            self._attribute(tag, begin, attributes)
        self.pos += 1
        if tag == "span" and attributes.get("class") != "tg-spoiler":
            raise problem(f'Tag "span" must have class "tg-spoiler" at byte offset {self._bytes(begin)}')
        self.open.append(Open(tag, attributes, self.length, begin))

    def _attribute(self, tag: str, begin: int, attributes: dict[str, str]) -> None:
        name = self._take(_ATTRIBUTE_NAME).lower()
        if not name:
            # The end of the source reads as an empty name, too.
            what = f'Empty attribute name in the tag "{tag}"' if self._peek() else f'Unclosed start tag "{tag}"'
            raise problem(f"{what} at byte offset {self._bytes(begin)}")
        self._take(_SPACE)
        if self._peek() != "=":
            if tag == "blockquote" and name == "expandable":
                attributes[name] = ""
                return
            what = f'Expected equal sign in declaration of an attribute of the tag "{tag}"'
            raise problem(f"{what} at byte offset {self._bytes(begin)}")
        self.pos += 1
        self._take(_SPACE)
        quote = self._peek()
        if not quote:
            raise problem(f'Unclosed start tag "{tag}" at byte offset {self._bytes(begin)}')
        if quote in "'\"":
            end = self.source.find(quote, self.pos + 1)
            if end < 0:
                raise problem(f"Unclosed start tag at byte offset {self._bytes(begin)}")
            attributes[name] = _decode(self.source[self.pos + 1 : end])
            self.pos = end + 1
            return
        token = self.pos
        attributes[name] = self._take(_BARE_VALUE).lower()
        if not (self._peek().isspace() or self._peek() == ">"):
            raise problem(f"Unexpected end of name token at byte offset {self._bytes(token)}")

    def _end_tag(self) -> None:
        begin = self.pos
        if not self.open:
            raise problem(f"Unexpected end tag at byte offset {self._bytes(begin)}")
        self.pos += 2
        name = self._take(_TAG_NAME).lower()
        self._take(_SPACE)
        if self._peek() != ">":
            raise problem(f"Unclosed end tag at byte offset {self._bytes(begin)}")
        self.pos += 1
        tag = self.open.pop()
        if name and name != tag.tag:
            what = f'Unmatched end tag at byte offset {self._bytes(begin)}, expected "</{tag.tag}>", found "</{name}>"'
            raise problem(what)
        if self.length > tag.start:
            entity = self._entity(tag)
            if entity:
                self.entities.append(entity)

    def _entity(self, tag: Open) -> Json | None:
        entity: Json = {"type": TAGS[tag.tag], "offset": tag.start, "length": self.length - tag.start}
        if tag.tag == "a":
            text = "".join(self.parts).encode("utf-16-le", "surrogatepass")[2 * tag.start :].decode("utf-16-le")
            url = tag.attributes.get("href") or text
            mention = _MENTION.match(url)
            if mention:
                return entity | {"type": "text_mention", "user": {"id": int(mention[1])}}
            link = normal_url(url)
            return entity | {"url": link} if link else None
        if tag.tag == "code" and tag.attributes.get("class", "").startswith("language-"):
            return entity | {"language": tag.attributes["class"].removeprefix("language-")}
        if tag.tag == "blockquote" and "expandable" in tag.attributes:
            return entity | {"type": "expandable_blockquote"}
        if tag.tag == "tg-emoji":
            number = tag.attributes.get("emoji-id", "")
            if not number.isdecimal() or not 0 < int(number) < 2**63:
                raise problem("Invalid custom emoji identifier specified")
            return entity | {"custom_emoji_id": number}
        if tag.tag == "tg-time":
            unix, form = tag.attributes.get("unix", ""), tag.attributes.get("format", "")
            if not unix.isdecimal() or not _TIME_FORMAT.match(form):
                raise problem(f'Tag "tg-time" has an invalid time or format at byte offset {self._bytes(tag.at)}')
            return entity | {"unix_time": int(unix)} | ({"date_time_format": form} if form else {})
        return entity


def _tidy(entities: list[Json]) -> list[Json]:
    """Join a pre with the language of its only code, and drop a language that stands elsewhere."""
    spans = {(one["type"], one["offset"], one["length"]): one for one in entities}
    for one in entities:
        language = one.pop("language", None) if one["type"] == "code" else None
        pre = spans.get(("pre", one["offset"], one["length"]))
        if language and pre:
            pre["language"] = language
            one["type"] = ""
    kept = [one for one in entities if one["type"]]
    return sorted(kept, key=lambda one: (one["offset"], -one["length"]))
