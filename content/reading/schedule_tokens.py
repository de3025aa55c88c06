"""Cut a schedule text into tokens with a kind: words by the word lists, figures by their shape."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from content.reading.schedule_words import ScheduleWords, Token

_SHAPES = re.compile(
    r"""
      (?P<iso>\d{4}-\d{1,2}-\d{1,2}(?!\d))
    | (?P<dmy>\d{1,2}(?P<sep>[./-])\d{1,2}(?P=sep)(?:\d{4}|\d{2})(?!\d))
    | (?P<dotted>\d{1,2}\.\d{1,2}\.(?!\d))
    | (?P<dm>\d{1,2}/\d{1,2}(?![\d/]))
    | (?P<clock>\d{1,2}[:.h]\d{2}(?!\d))
    | (?P<decimal>\d+[.,]\d+)
    | (?P<ordinal>\d{1,2}(?:st|nd|rd|th)\b)
    | (?P<word>\d?[^\W\d_]+(?:['.][^\W\d_]+)*)
    | (?P<number>\d+)
    | (?P<mark>\S)
    """,
    re.VERBOSE,
)
_LONGEST_NUMBER = 4


def tokenise(text: str, words: ScheduleWords) -> list[Token]:
    """Return the tokens of a normalised text without noise words. What nobody knows becomes an UNKNOWN token."""
    pieces = list(_pieces(text, words))
    tokens: list[Token] = []
    at = 0
    while at < len(pieces):
        token, at = _longest_phrase(pieces, at, words)
        if token.kind != "NOISE":
            tokens.append(token)
    return tokens


def _pieces(text: str, words: ScheduleWords) -> Iterator[str | Token]:
    for found in _SHAPES.finditer(text):
        shape, piece = str(found.lastgroup), found.group()
        if shape == "word" and piece[0].isdigit() and words.find(piece) is None:
            yield piece[0]
            yield from _pieces(piece[1:], words)
        elif shape == "word" and "." in piece and words.find(piece) is None:
            yield from (part for part in piece.split(".") if part)
        elif shape in {"word", "number"}:
            yield piece
        elif shape == "mark":
            if unicodedata.category(piece)[0] not in {"S", "M"} or words.find(piece):
                yield piece
        elif shape == "ordinal":
            yield Token("ORD", int(piece[:-2]))
        else:
            yield Token(shape.upper(), piece)


def _longest_phrase(pieces: list[str | Token], at: int, words: ScheduleWords) -> tuple[Token, int]:
    best: tuple[Token, int] | None = None
    phrase: list[str] = []
    for end in range(at, len(pieces)):
        piece = pieces[end]
        if isinstance(piece, Token) or len(phrase) >= words.longest:
            break
        joined = bool(phrase) and end + 1 < len(pieces) and words.find(piece) == Token("SPACE")
        if joined:  # "bi-weekly", "half-past": the hyphen is as good as a space
            continue
        phrase.append(piece)
        token = words.find(" ".join(phrase))
        if token is not None:
            best = token, end + 1
    if best is not None:
        return best
    piece = pieces[at]
    return (piece if isinstance(piece, Token) else _alone(piece, words)), at + 1


def _alone(piece: str, words: ScheduleWords) -> Token:
    if piece.isdecimal() and piece.isascii():
        if len(piece) > _LONGEST_NUMBER:
            return Token("UNKNOWN", piece)
        if len(piece) == _LONGEST_NUMBER:
            return Token("NUM4", piece)
        return Token("NUM", int(piece), plural=piece.startswith("0"))
    return words.guess(piece) or Token("UNKNOWN", piece)
