"""Logs, health and metrics, as operators see them, hold nothing of anybody, whatever was said and tapped."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# People with names, a schedule, answers, notes, a red flag, an emergency, a checklist, corrections, stolen buttons.
CONVERSATIONS = "tests/bot/test_conversations.py"
HISTORY = "tests/bot/test_history_conversation.py"
DELETION = "tests/bot/test_history_deletion.py"
TRANSCRIPTS = (
    CONVERSATIONS,
    f"{HISTORY}::test_a_note_with_a_red_flag_gets_its_card_and_stands_in_the_report",
    f"{HISTORY}::test_a_note_is_replaced_removed_and_survives_a_correction",
    f"{HISTORY}::test_an_emergency_in_a_note_is_answered_first_and_not_noted",
    f"{DELETION}::test_whether_the_person_was_seen_can_be_corrected_noted_on_and_deleted",
    f"{DELETION}::test_nobody_opens_changes_or_deletes_an_entry_of_another_person",
)
ONE = f"{HISTORY}::test_a_note_is_typed_shown_and_stored_sealed"


def run_with_canary(folder: Path, *tests: str, **environment: str) -> tuple[str, list[str]]:
    """Run tests of conversations with everything logged; return the log, and what must not be in it."""
    ended = subprocess.run(
        # No asserts of helpers are explained: rewriting them takes longer than some of the tests.
        [sys.executable, "-m", "pytest", "-n", "0", "--assert=plain", "-p", "tests.canary", "-k", "sqlite", *tests],
        cwd=ROOT,
        env=os.environ | {"CALCIBOT_CANARY": str(folder), **environment},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stdout[-4000:]
    return (
        (folder / "log.txt").read_text(encoding="utf-8"),
        json.loads((folder / "secrets.json").read_text(encoding="utf-8")),
    )


def leaks(log: str, secrets: list[str]) -> list[str]:
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
def test_no_conversation_leaves_a_word_a_name_a_number_or_the_token_in_the_log_health_or_metrics(
    tmp_path: Path,
) -> None:
    log, secrets = run_with_canary(tmp_path, *TRANSCRIPTS)
    shown = (tmp_path / "shown.txt").read_text(encoding="utf-8")

    assert len(secrets) > 20
    assert any("canary" in secret for secret in secrets)
    assert len(log.splitlines()) > 100
    for part in ('"status":"alive"', '"oldest_due_seconds"', 'calcibot_updates_total{kind="message",result="done"}'):
        assert shown.count(part) > 20
    assert leaks(log, secrets) == []
    assert leaks(shown, secrets) == []
    assert "calcium" not in log


@pytest.mark.case(107)
def test_control_without_the_filter_and_with_what_was_said_in_a_label_the_same_run_tells_much(tmp_path: Path) -> None:
    log, secrets = run_with_canary(tmp_path, ONE, CALCIBOT_CANARY_OPEN="1")
    shown = (tmp_path / "shown.txt").read_text(encoding="utf-8")

    assert any(":AAAA" in secret for secret in leaks(log, secrets))
    for told in (log, shown):
        assert "Alice" in leaks(told, secrets)
    assert any("canary" in secret for secret in leaks(shown, secrets))
