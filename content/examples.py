"""Read the example messages of a language: what people type for each topic, and for what the bot refuses."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path

from content.model import TOPIC_IDS
from content.reading.index import NONE

CONTENT = Path(__file__).parent

REFUSALS: tuple[str, ...] = (
    "calcium-elsewhere",
    "off-topic",
    "other-health",
    "diagnosis",
    "dose",
    "procedure-steps",
    "rules",
    "chitchat",
    "gibberish",
    "language",
)
# What an example can stand for, in the fixed order of the index: every topic, then every kind of refusal.
LABELS: tuple[str, ...] = (*TOPIC_IDS, *(NONE + kind for kind in REFUSALS))

_HEADER = "## "


@dataclass(frozen=True, slots=True)
class Example:
    """Hold one message as typed, what it stands for, and the voice (the file) that it is written in."""

    text: str
    label: str
    voice: str


def read_examples(language: str = "en", root: Path = CONTENT) -> tuple[Example, ...]:
    """Return the examples of every voice. Raises ValueError that names file and line of the first fault."""
    examples: list[Example] = []
    for path in phrasing_files(language, root):
        label = ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            text = line.strip()
            if text.startswith(_HEADER):
                label = text.removeprefix(_HEADER).strip()
                if label not in LABELS:
                    raise ValueError(f"{path.name}, line {number}: {label!r} is no topic and no kind of refusal")
            elif text and not label:
                raise ValueError(f"{path.name}, line {number}: stands before the first header")
            elif text:
                examples.append(Example(text, label, path.stem))
    if not examples:
        raise ValueError(f"{root / language / 'phrasings'} has no examples")
    return tuple(examples)


def phrasing_files(language: str, root: Path) -> list[Path]:
    """Return the files of examples, one a voice, in a fixed order."""
    return sorted((root / language / "phrasings").glob("*.txt"))


def read_own_texts(language: str = "en", root: Path = CONTENT) -> list[str]:
    """Return title and body of every topic: their words are spelled as we want them."""
    texts = []
    for path in sorted((root / language / "topics").glob("*.md")):
        _, head, body = path.read_text(encoding="utf-8").split("+++\n", 2)
        texts.append(f"{tomllib.loads(head)['title']}\n{body}")
    return texts


def gate_file(language: str, root: Path) -> Path:
    """Return where the measured gate of a language is kept."""
    return root / language / "gate.json"


def hash_content(language: str = "en", root: Path = CONTENT) -> str:
    """Return the SHA-256 of all that the index is fitted from. Line ends count as one, whatever Git made of them."""
    digest = hashlib.sha256()
    files = [
        *phrasing_files(language, root),
        *sorted((root / language / "topics").glob("*.md")),
        gate_file(language, root),
    ]
    for path in filter(Path.is_file, files):
        text = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.name} {len(text)}\n".encode() + text)
    return digest.hexdigest()
