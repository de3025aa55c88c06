"""Logs, health and metrics, as operators see them, hold nothing of anybody, whatever was said and tapped."""

from __future__ import annotations

import inspect
import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.phone.server import Phone
from content.model import Library
from tests.bot import test_conversations as conversations
from tests.bot import test_history_conversation as history
from tests.bot import test_history_deletion as deletion
from tests.bot.histories import answer_once
from tests.canary import overhearing
from tests.chat import Chats, Talker
from tests.clock import StillClock
from tests.conftest import EVERYTHING
from tests.store import Shelf

Transcript = Callable[..., Awaitable[None]]

COMMANDS = ("/help", "/topics", "/reminders", "/settings", "/privacy", "/mydata", "/stop", "/cancel", "/nonsense")


async def every_command(alice: Talker) -> None:
    for command in COMMANDS:
        await alice.says(command)


# People with names, a schedule, answers, notes, a red flag, an emergency, a checklist, corrections, stolen buttons.
TRANSCRIPTS: tuple[Transcript, ...] = (
    conversations.test_a_question_in_the_middle_is_answered_and_the_checklist_goes_on,
    conversations.test_an_emergency_is_answered_first_and_the_line_comes_again,
    conversations.test_consent_refused_keeps_nothing,
    conversations.test_everything_that_is_not_text_is_answered_kindly,
    conversations.test_in_a_group_only_one_sentence_is_said,
    every_command,
    history.test_a_note_with_a_red_flag_gets_its_card_and_stands_in_the_report,
    history.test_a_note_is_replaced_removed_and_survives_a_correction,
    deletion.test_nobody_opens_changes_or_deletes_an_entry_of_another_person,
)
MORE = (
    *(
        transcript
        for name, transcript in vars(conversations).items()
        if name.startswith("test_") and transcript is not conversations.test_every_command_answers
    ),
    history.test_an_emergency_in_a_note_is_answered_first_and_not_noted,
    deletion.test_whether_the_person_was_seen_can_be_corrected_noted_on_and_deleted,
)

Hold = Callable[[Transcript], Awaitable[None]]


@pytest.fixture
def hold(empty_database: Path, library: Library, tmp_path: Path) -> Hold:
    """Return what holds a conversation as its own test does, on databases that are opened here."""
    shelf = Shelf(tmp_path)
    file = tmp_path / "empty.db"

    async def hold(transcript: Transcript) -> None:
        shutil.copy(empty_database, file)
        clock = StillClock()
        async with Phone(clock) as phone:
            chats = Chats(phone, f"sqlite:///{file}", library, clock, open_database=shelf.lend)
            alice, bob = chats.person("Alice"), chats.person("Bob")
            known = {"chats": chats, "alice": alice, "bob": bob, "told": alice}
            wanted = inspect.signature(transcript).parameters
            try:
                if "told" in wanted:
                    await answer_once(alice)
                await transcript(**{name: known[name] for name in wanted})
            finally:
                await chats.close()

    return hold


def leaks(log: str, secrets: set[str]) -> list[str]:
    """Return those secrets that stand in the log. A short answer ("no", "7pm") proves nothing.

    A number counts where it does not stand inside a longer one.
    """
    told = [secret for secret in secrets if len(secret) > 6 or secret in {"Alice", "Bob"}]
    log = log.lower()
    return [
        secret
        for secret in told
        if (re.search(rf"(?<!\d){secret}(?!\d)", log) if secret.isdecimal() else secret.lower() in log)
    ]


@pytest.mark.case(107)
async def test_no_conversation_leaves_a_word_a_name_a_number_or_the_token_in_the_log_health_or_metrics(
    hold: Hold,
) -> None:
    with overhearing() as heard:
        for transcript in dict.fromkeys(TRANSCRIPTS + MORE if EVERYTHING else TRANSCRIPTS):
            await hold(transcript)
    log, shown = heard.log.getvalue(), heard.shown.getvalue()

    assert len(heard.secrets) > 20
    assert any("canary" in secret for secret in heard.secrets)
    assert len(log.splitlines()) > 100
    for part in ('"status":"alive"', '"oldest_due_seconds"', 'calcibot_updates_total{kind="message",result="done"}'):
        assert shown.count(part) > 20
    assert leaks(log, heard.secrets) == []
    assert leaks(shown, heard.secrets) == []
    assert "calcium" not in log


@pytest.mark.case(107)
async def test_control_without_the_filter_and_with_what_was_said_in_a_label_the_same_run_tells_much(hold: Hold) -> None:
    with overhearing(is_open=True) as heard:
        await hold(history.test_a_note_is_typed_shown_and_stored_sealed)
    log, shown = heard.log.getvalue(), heard.shown.getvalue()

    assert any(":AAAA" in secret for secret in leaks(log, heard.secrets))
    for told in (log, shown):
        assert "Alice" in leaks(told, heard.secrets)
    assert any("canary" in secret for secret in leaks(shown, heard.secrets))
