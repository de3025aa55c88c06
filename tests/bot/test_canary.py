"""Health and metrics, as operators see them, hold nothing of anybody, whatever was said and tapped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.test_logs import leaks, run_with_canary

# People with names, a schedule, answers, notes, a red flag, an emergency, a checklist, corrections, stolen buttons.
HISTORY = "tests/bot/test_history_conversation.py"
DELETION = "tests/bot/test_history_deletion.py"
TRANSCRIPTS = (
    f"{HISTORY}::test_a_note_with_a_red_flag_gets_its_card_and_stands_in_the_report",
    f"{HISTORY}::test_a_note_is_replaced_removed_and_survives_a_correction",
    f"{HISTORY}::test_an_emergency_in_a_note_is_answered_first_and_not_noted",
    f"{DELETION}::test_whether_the_person_was_seen_can_be_corrected_noted_on_and_deleted",
    f"{DELETION}::test_nobody_opens_changes_or_deletes_an_entry_of_another_person",
)


@pytest.mark.case(107)
def test_no_conversation_leaves_a_word_a_name_or_a_number_in_health_or_metrics(tmp_path: Path) -> None:
    log, secrets = run_with_canary(tmp_path, *TRANSCRIPTS)
    shown = (tmp_path / "shown.txt").read_text(encoding="utf-8")

    assert any("canary" in secret for secret in secrets)
    for part in ('"status":"alive"', '"oldest_due_seconds"', 'calcibot_updates_total{kind="message",result="done"}'):
        assert shown.count(part) > 20
    assert leaks(shown, secrets) == []
    assert leaks(log, secrets) == []


@pytest.mark.case(107)
def test_control_a_metric_with_what_was_said_in_a_label_is_found(tmp_path: Path) -> None:
    one = f"{HISTORY}::test_a_note_is_typed_shown_and_stored_sealed"

    _, secrets = run_with_canary(tmp_path, one, CALCIBOT_CANARY_OPEN="1")

    found = leaks((tmp_path / "shown.txt").read_text(encoding="utf-8"), secrets)
    assert "Alice" in found
    assert any("canary" in secret for secret in found)
