"""Sudden or worst-ever pain in the head is an emergency; the headaches and bumps beside it are not."""

from __future__ import annotations

import pytest

from content.model import Library
from content.reading.signs import read_signs


@pytest.mark.parametrize(
    "text",
    [
        "A sudden, terrible headache hit me ten minutes ago, the worst of my life.",
        "out of nowhere the worst pain in my head ever",
        "my head exploded with pain all of a sudden and my neck is stiff",
        "suddenly my head hurts like someone hit it with a hammer",
    ],
)
def test_sudden_or_worst_ever_pain_in_the_head_is_an_emergency(text: str, library: Library) -> None:
    assert read_signs(text, library.signs).emergency


@pytest.mark.parametrize(
    "text",
    [
        "my head hurts a bit after a long day",
        "this bump gives me a headache, I mean the worry",
        "suddenly found a bump on my head, it doesn't hurt",
        "sudden pain in the bump near my temple",
        "I get headaches when I read. Can the bumps cause them?",
        "the worst headache of my life was last year",
    ],
)
def test_other_pain_about_the_head_is_none(text: str, library: Library) -> None:
    assert not read_signs(text, library.signs).emergency
