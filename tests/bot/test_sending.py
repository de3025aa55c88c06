"""A check-in's buttons travel as the library would write them."""

from __future__ import annotations

import json

import pytest
from telegram.request._requestparameter import RequestParameter

from bot.sending import buttons
from bot.views.screen import Button, Screen

ROWS = (
    (Button("Nothing – the same ✓", "1:c:same:p:20261123T0900"),),
    (Button("Look again", "1:c:look:p:20261123T0900", "success"), Button("Later", "1:c:later:p:20261123T0900")),
)


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1]])
def test_buttons_are_written_as_the_library_writes_them(rows: tuple[tuple[Button, ...], ...]) -> None:
    screen = Screen("How is it?", rows)

    written = buttons(screen)

    theirs = RequestParameter.from_input("reply_markup", screen.keyboard()).json_value
    assert written is not None
    assert json.loads(written["reply_markup"]) == json.loads(theirs or "")


def test_without_buttons_nothing_is_said_of_them() -> None:
    assert buttons(Screen("How is it?")) is None
