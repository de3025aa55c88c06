"""Find the fonts of the picture and the page. They come with installed packages, under the Open Font License or freer.

FiraGO (pymupdf-fonts) writes Latin, Cyrillic, Greek, Arabic, Hebrew, Devanagari, Thai and Georgian. What it lacks is
looked for in DejaVu (matplotlib), then in Noto Sans CJK (notojp-matplotlib).
"""

from __future__ import annotations

import atexit
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import pymupdf_fonts  # type: ignore[import-untyped]  # data, without types
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # has no types

from content.markup import clean

# Stands for a character that no font can draw.
BOX = "□"

# Marks and emoji modifiers change the character before them; where no font has them, that one is legible alone.
_MODIFIERS = {"Mn", "Me", "Sk"}

_PICTURES = {"So"}


@dataclass(frozen=True, slots=True)
class Cover:
    """Say how to draw a text: fonts to fall back on, and the characters that none of them has."""

    fallbacks: tuple[Path, ...]
    missing: frozenset[str]

    def drawable(self, text: str) -> str:
        """Return a text on one line; a picture character that cannot be drawn is named, another one becomes a box."""
        return "".join(self._drawable(character) for character in clean(text))

    def _drawable(self, character: str) -> str:
        if character not in self.missing:
            return character
        category = unicodedata.category(character)
        if category in _PICTURES and (name := unicodedata.name(character, "")):
            # Emoji carry meaning ("fire", "thumbs up sign"), which a box would lose.
            return f"({name.lower()})"
        return "" if category in _MODIFIERS else BOX


def regular() -> Path:
    """Return the file of the text font."""
    return _unpacked("figo")


def bold() -> Path:
    """Return the file of the text font's bold face."""
    return _unpacked("figbo")


def cover(text: str) -> Cover:
    """Find fonts for all characters of a text. Fonts are only read as far as the text needs them."""
    missing = set(clean(text)) - _characters(regular())
    fallbacks: list[Path] = []
    for find in _FALLBACKS:
        if missing:
            path = find()
            drawn = missing & _characters(path)
            missing -= drawn
            if drawn:
                fallbacks.append(path)
    if missing and _dejavu() not in fallbacks:  # it has the box
        fallbacks.append(_dejavu())
    return Cover(tuple(fallbacks), frozenset(missing))


@cache
def _characters(path: Path) -> frozenset[str]:
    with TTFont(path, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


@cache
def _folder() -> Path:
    folder = TemporaryDirectory(prefix="calcibot-fonts-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


def _unpacked(code: str) -> Path:
    """Return a font of pymupdf-fonts, which are packed into modules, as the file that fpdf2 and matplotlib want."""
    path = _folder() / f"{code}.ttf"
    if not path.exists():  # the first use, or the system has swept its temporary files
        path.parent.mkdir(exist_ok=True)
        # Two threads may get here at once: each writes its own file, and either one is whole when it is named.
        with TemporaryDirectory(dir=path.parent) as own:
            Path(own, path.name).write_bytes(pymupdf_fonts.fontbuffers[code]())
            Path(own, path.name).replace(path)
    return path


def _installed(package: str, file: str) -> Path:
    """Return a file of a package without importing it: some of them load much more than a font."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed, so its font {file} is missing")
    return Path(spec.origin).parent / file


def _dejavu() -> Path:
    return _installed("matplotlib", "mpl-data/fonts/ttf/DejaVuSans.ttf")


def _cjk() -> Path:
    return _installed("notojp_matplotlib", "fonts/NotoSansCJKjp-Regular.otf")


_FALLBACKS: tuple[Callable[[], Path], ...] = (_dejavu, _cjk)
