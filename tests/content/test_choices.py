"""A typed text is a tap only when it holds nothing but the words of that choice."""

from __future__ import annotations

import pytest

from content.model import Library
from content.reading.choices import Choices, Options

GROUPS = ("change", "size", "note", "snooze", "visit", "plan", "consent", "manage", "checklist")


def options(choices: Choices, group: str) -> Options:
    found: Options = getattr(choices, group)
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_every_phrase_is_read_as_its_own_choice_alone(library: Library, group: str) -> None:
    group_options = options(library.choices, group)

    read = {
        (name, phrase): library.choices.read_exactly(phrase, group_options)
        for name, phrases in group_options.items()
        for phrase in phrases
    }

    assert {key: found for key, found in read.items() if found != key[0]} == {}


@pytest.mark.parametrize(
    ("text", "group", "names"),
    [
        ("Size and pain!", "change", ("size", "pain")),
        ("pain, pain and size", "change", ("size", "pain")),
        ("bigger than a pea", "size", ("bigger",)),
        ("it's like a pea now", "size", ("pea",)),
        ("Tomorrow please", "snooze", ("tomorrow",)),
        ("yes, I was seen", "visit", ("seen",)),
        ("I’ve moved", "manage", ("moved",)),
        ("No.", "consent", ("no",)),
    ],
)
def test_choices_are_read_with_small_words_around_them(
    library: Library, text: str, group: str, names: tuple[str, ...]
) -> None:
    assert library.choices.read(text, options(library.choices, group)) == names


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("no pain", "change"),
        ("a pea is a vegetable", "size"),
        ("is it painful to remove?", "change"),
        ("yes but only if nobody reads it", "consent"),
        ("pause and think about the cause", "manage"),
        ("", "note"),
        ("?!", "note"),
        ("yes " * 900, "consent"),
    ],
)
def test_a_text_that_says_anything_else_is_no_choice(library: Library, text: str, group: str) -> None:
    assert library.choices.read(text, options(library.choices, group)) == ()


def test_two_choices_are_not_one(library: Library) -> None:
    assert library.choices.read_one("sand or pea", library.choices.size) is None
    assert library.choices.read_one("sand pea", library.choices.size) is None


@pytest.mark.parametrize("text", ["in an hour", "I couldn't", "I decided not to go.", "no"])
def test_what_a_button_says_is_no_emergency(library: Library, text: str) -> None:
    assert library.choices.is_plain_reply(text)


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to go on", "I couldn't breathe", "no pulse", "pain", "it opened", "I can't go on",
        "an hour of chest pain", "", "9" * 4096,
    ],
)  # fmt: skip
def test_what_may_be_an_emergency_is_left_to_the_emergency_screen(library: Library, text: str) -> None:
    assert not library.choices.is_plain_reply(text)
