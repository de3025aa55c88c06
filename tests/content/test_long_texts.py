from __future__ import annotations

import random

import pytest

from content.reading.sign_rules import SignRules
from content.reading.signs import Signs, read_signs
from content.sign_examples import read_sign_examples
from tests.conftest import EVERYTHING
from tests.content.samples import takes_less

LONGEST = 4096
# With 20 calm messages round each.
MESSAGES = 60 if EVERYTHING else 20
EMERGENCIES = ("I can't breathe.", "My husband is having a stroke.", "I want to kill myself.")
SIGNS = {
    "pain-inflammation-ulceration": "The bump on my cheek is red, hot and oozing pus.",
    "rapid-growth": "The lump has doubled in size in a week.",
    "chalky-discharge": "White chalky stuff came out of the bump.",
}
CALM = (
    "I read about these bumps on a forum.",
    "My doctor says that they are made of calcium.",
    "I would like to know whether a cream helps.",
    "They have looked the same for ten years.",
    "We moved house in the spring and I met my new doctor.",
    "What do people use to cover them up at work?",
    "The weather is fine and the garden is full of beans.",
)


def rules() -> SignRules:
    # Here, since other tests of a worker may need none of it.
    from tests.library import LIBRARY

    return LIBRARY.signs


def read(text: str) -> Signs:
    return read_signs(text, rules())


def put_in_story(sentence: str, share: float, length: int = LONGEST) -> str:
    """Return a calm story of `length` characters with the sentence after this share of it."""
    chance, told = random.Random(3), list[str]()
    while sum(map(len, told)) + len(told) + len(sentence) < length - 60:
        told.append(chance.choice(CALM))
    told.insert(round(share * len(told)), sentence)
    return " ".join(told)


@pytest.mark.parametrize("length", [300, 600, 1500, LONGEST])
@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("sentence", EMERGENCIES)
def test_an_emergency_is_found_wherever_it_stands_in_a_story(sentence: str, share: float, length: int) -> None:
    story = put_in_story(sentence, share, length)

    assert read(story).emergency


@pytest.mark.parametrize("length", [300, 600, 1500, LONGEST])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("flag", SIGNS)
def test_a_sign_is_found_wherever_it_stands_in_a_story(flag: str, share: float, length: int) -> None:
    story = put_in_story(SIGNS[flag], share, length)

    assert flag in read(story).flags


@pytest.mark.parametrize("length", [300, 600, 1500, LONGEST])
def test_a_story_without_a_sign_raises_no_alarm(length: int) -> None:
    story = put_in_story("", 1.0, length)

    found = read(story)

    assert not found.emergency
    assert found.flags == ()


def test_an_emergency_after_a_story_in_small_letters_is_found() -> None:
    story = put_in_story("i cant breathe", 1.0).lower().removesuffix(".")

    assert read(story).emergency


def test_emergencies_and_signs_are_found_between_messages_of_all_kinds() -> None:
    chance = random.Random(4)
    messages = [one for one in read_sign_examples() if one.text[-1] in ".!?"]
    calm = [one.text for one in messages if one.flags == frozenset()]
    emergencies = chance.sample([one for one in messages if one.emergency], MESSAGES)
    signs = chance.sample([one for one in messages if one.flags], MESSAGES)

    def among_calm_ones(text: str) -> Signs:
        told = chance.sample(calm, 20)
        told.insert(chance.randrange(len(told) + 1), text)
        return read(" ".join(told)[:LONGEST])

    alarms = [among_calm_ones(one.text).emergency for one in emergencies]
    found = [flag in among_calm_ones(one.text).flags for one in signs for flag in one.flags]

    assert sum(alarms) >= 0.97 * len(alarms)
    assert sum(found) >= 0.93 * len(found)


@pytest.mark.parametrize("piece", ["no ", "not ", "but ", "1 2 3 ", "it is not not growing ", "😀bump", "a"])
def test_a_text_that_repeats_itself_is_read_in_a_moment(piece: str) -> None:
    text = (piece * LONGEST)[:LONGEST]
    read(text)

    assert takes_less(0.25, lambda: read(text))


def test_an_emergency_at_the_end_of_one_long_sentence_is_found() -> None:
    assert read("the weather is fine and the garden is full of beans i cant breathe").emergency
