"""Cut long Telegram HTML into messages."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from itertools import accumulate

from content.markup import Html

# Telegram takes 4,096 UTF-16 units after its entities are parsed; the rest is room for a "1 of 2" line.
MESSAGE_LIMIT = 4_000

_ZERO_WIDTH_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
# Best first: between paragraphs, lines, sentences, words.
_CUTS = tuple(re.compile(pattern) for pattern in (r"\n\s*\n\s*", r"\n\s*", r"(?<=[.!?…])\s+", r"\s+"))


@dataclass(frozen=True, slots=True)
class _Entity:
    start: int
    end: int
    opening: str
    closing: str


class _Reader(HTMLParser):
    """Collect the visible text and where each entity begins and ends in it, outer ones first."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._pieces: list[str] = []
        self._length = 0
        self._open: list[tuple[int, str, str]] = []
        self._found: list[tuple[int, _Entity]] = []
        self._order = 0

    def handle_data(self, data: str) -> None:
        self._pieces.append(data)
        self._length += len(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append((self._length, tag, self.get_starttag_text() or f"<{tag}>"))

    def handle_endtag(self, tag: str) -> None:
        if all(name != tag for _, name, _ in self._open):
            return
        while self._close() != tag:
            pass

    def _close(self) -> str:
        start, tag, opening = self._open.pop()
        # Depth sorts entities that begin together: the outer one opens first.
        self._found.append((len(self._open), _Entity(start, self._length, opening, f"</{tag}>")))
        return tag

    def read(self, html: str) -> tuple[str, list[_Entity]]:
        self.feed(html)
        self.close()
        while self._open:
            self._close()
        entities = [entity for _, entity in sorted(self._found, key=lambda found: (found[1].start, found[0]))]
        return "".join(self._pieces), entities


def split(html: str, limit: int = MESSAGE_LIMIT) -> list[Html]:
    """Return `html` as parts of at most `limit` UTF-16 units of visible text, each valid HTML, in order.

    Cuts fall between paragraphs, lines, sentences or words where one is in the second half of a part. An entity
    across a cut is closed and opened again. Blank text gives no part. Raises ValueError for a limit under 2.
    """
    if limit < 2:  # one emoji takes two units: a smaller part could never hold it
        raise ValueError("limit must be at least 2")
    text, entities = _Reader().read(html)
    # units[i] is the number of UTF-16 units before character i.
    units = [0, *accumulate(2 if ord(character) > 0xFFFF else 1 for character in text)]
    parts: list[Html] = []
    start = _skip_space(text, 0)
    while start < len(text):
        end = _cut(text, units, start, limit)
        visible_end = start + len(text[start:end].rstrip())
        parts.append(_render(text, entities, start, visible_end))
        start = _skip_space(text, end)
    return parts


def _skip_space(text: str, start: int) -> int:
    while start < len(text) and text[start].isspace():
        start += 1
    return start


def _cut(text: str, units: list[int], start: int, limit: int) -> int:
    """Return where the part that begins at `start` ends."""
    end = start
    while end < len(text) and units[end + 1] - units[start] <= limit:
        end += 1
    if end == len(text):
        return end
    # A gap may begin exactly at the end of what fits.
    window = text[start : end + 1]
    for pattern in _CUTS:
        cuts = [match.start() for match in pattern.finditer(window) if match.start() >= len(window) // 2]
        if cuts:
            return start + cuts[-1]
    return _between_characters(text, start, end)


def _between_characters(text: str, start: int, end: int) -> int:
    """Return the last place up to `end` that tears no emoji and no accented letter; `end` where all is one cluster."""
    for place in range(end, start, -1):
        before, after = text[place - 1], text[place]
        joined = (
            _ZERO_WIDTH_JOINER in (before, after)
            or unicodedata.combining(after)
            or unicodedata.category(after) in ("Mn", "Me")
            or ord(after) in _SKIN_TONES
            or (ord(before) in _FLAG_LETTERS and ord(after) in _FLAG_LETTERS)
        )
        if not joined:
            return place
    return end


def _render(text: str, entities: list[_Entity], start: int, end: int) -> Html:
    """Return `text[start:end]` as HTML with the entities that touch it."""
    out: list[str] = []
    stack: list[_Entity] = []
    place = start

    def advance(to: int) -> None:
        nonlocal place
        while stack and stack[-1].end <= to:
            closing = stack.pop()
            out.append(escape(text[place : closing.end], quote=False) + closing.closing)
            place = closing.end
        out.append(escape(text[place:to], quote=False))
        place = to

    for entity in entities:
        begin, finish = max(entity.start, start), min(entity.end, end)
        if begin >= finish:
            continue
        advance(begin)
        out.append(entity.opening)
        stack.append(_Entity(begin, finish, entity.opening, entity.closing))
    advance(end)
    return Html("".join(out))
