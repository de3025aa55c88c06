"""An entry of the history is deleted at once, brought back for an hour, and then gone for good."""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import select

from bot.records import record_of
from content.model import Library
from scheduler.db import history
from scheduler.db.models import CheckIn, Person
from scheduler.db.retention import UNDO_FOR
from tests.bot.histories import (
    DAY,
    NOTE,
    answer_once,
    clean_up,
    exported,
    kept,
    open_entry,
    save_a_checklist,
)
from tests.bot.test_check_in_conversation import set_up
from tests.bot.test_privacy import POLICY
from tests.chat import Talker
from tests.scheduler.builders import opened


@pytest.fixture
async def told(alice: Talker) -> Talker:
    """Return Alice, who has answered one check-in."""
    await answer_once(alice)
    return alice


async def test_a_deleted_entry_is_nowhere(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Delete it")

    assert told.reads().startswith(f"The entry of {DAY} is deleted.")
    assert "number" not in told.reads()
    assert (await exported(told))["check_ins"] == []
    await told.says("/history")
    assert "nothing kept" in told.reads()
    await told.says("/report")
    await told.taps("All")
    assert "the page would be empty" in told.reads()
    await told.waits(days=31)
    assert "Last time" not in told.reads()
    assert "This is your first check-in." in told.reads()
    await told.taps("Nothing new")
    assert "Last time" not in told.reads()


async def test_control_the_same_entry_is_everywhere_when_it_is_not_deleted(told: Talker) -> None:
    assert len((await exported(told))["check_ins"]) == 1
    await told.says("/history")
    assert DAY in told.reads()
    await told.says("/report")
    await told.taps("All")
    assert "1 check-in" in told.reads()
    await told.waits(days=31)
    assert f"Last time ({DAY})" in told.reads()


async def test_undo_brings_everything_back(told: Talker) -> None:
    before = await exported(told)
    await open_entry(told)
    await told.taps("Delete it")
    told.chats.clock.advance(minutes=59)
    await clean_up(told)

    await told.taps("Undo")

    assert f"{DAY}: something changed: number" in told.reads()
    assert (await exported(told))["check_ins"] == before["check_ins"]


async def test_after_an_hour_nothing_brings_it_back_and_the_nightly_clean_up_takes_the_row(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Delete it")
    told.chats.clock.advance(hours=1)

    await told.taps("Undo")

    assert told.reads() == "There is no such entry any more."
    assert len(await kept(told)) == 1
    await clean_up(told)
    assert await kept(told) == []


async def test_doubled_taps_on_delete_and_undo_show_how_things_are(told: Talker) -> None:
    await open_entry(told)
    entry = told.answers()[-1]
    await told.taps("Delete it")
    deleted = told.answers()[-1]
    first = await kept(told)

    told.chats.clock.advance(minutes=30)
    await told.taps_on(entry, "Delete it")
    assert "is deleted" in told.reads()
    assert [row.deleted_at for row in await kept(told)] == [row.deleted_at for row in first], "the hour runs on"
    await told.taps_on(deleted, "Undo")
    await told.taps_on(deleted, "Undo")

    assert f"{DAY}: something changed: number" in told.reads()


async def test_old_buttons_of_a_deleted_entry_change_nothing(told: Talker) -> None:
    check_in = next(seen for seen in told.answers() if "Change my answer" in str(seen.buttons))
    await open_entry(told)
    entry = told.answers()[-1]
    await told.taps_on(entry, "Correct it")
    step = told.answers()[-1]
    await told.taps_on(entry, "Add a note")
    await told.taps_on(entry, "Delete it")

    for seen, label in ((step, "Nothing new"), (entry, "Correct it"), (entry, "Add a note")):
        await told.taps_on(seen, label)
        assert "is deleted" in told.reads(), label
    await told.says(NOTE)
    await told.taps_on(check_in, "Change my answer")

    assert "Nothing is open there any more." in [seen.text for seen in told.answers()]
    assert [row.answer for row in await kept(told) if isinstance(row, CheckIn)] == ["changed"]
    assert "canary" not in json.dumps(await exported(told))


async def test_a_saved_checklist_is_deleted_and_its_own_message_does_nothing_any_more(told: Talker) -> None:
    await save_a_checklist(told)
    outcome = next(seen for seen in reversed(told.answers()) if "Save this" in str(seen.buttons))
    await open_entry(told)
    assert told.buttons() == ["Correct it", "Add a note", "Take this to a doctor", "Delete it", "All answers"]
    await told.taps("Delete it")

    for button in ("Save this", "Take this to a doctor", "What to watch for"):
        said = len(told.answers())
        await told.taps_on(outcome, button)
        assert len(told.answers()) == said, "nothing of it is said again"

    data = await exported(told)
    assert data["runs"] == []
    assert len(data["check_ins"]) == 1, "the other entry stays"
    await told.says("/history")
    assert "checklist," not in told.reads()


async def test_a_deleted_checklist_is_gone_for_good_after_the_hour(told: Talker) -> None:
    await save_a_checklist(told)
    await open_entry(told)
    await told.taps("Delete it")
    assert len(await kept(told)) == 2, "for an hour it can come back"

    told.chats.clock.advance(hours=1)
    await clean_up(told)

    assert [type(row) for row in await kept(told)] == [CheckIn]


async def test_whether_the_person_was_seen_can_be_corrected_noted_on_and_deleted(alice: Talker) -> None:
    await alice.says("/check")
    await alice.taps("None of these")
    for _ in range(20):
        if "Question" not in alice.reads():
            break
        await alice.taps("Yes" if "Question 2 of" in alice.reads() else "No")
    await alice.taps("Save this")
    await alice.taps("Yes, keep my answers")
    for _ in range(60):
        if "I could not" in alice.buttons():
            break
        await alice.waits(hours=12)
    await alice.taps("I could not")

    await open_entry(alice)
    await alice.taps("Correct it")
    await alice.taps("Yes, I was seen")
    assert "you were seen" in alice.reads()
    await alice.taps("Add a note")
    await alice.says(NOTE)
    assert f"Note: {NOTE}" in alice.reads()
    await alice.taps("Correct it")
    await alice.says("I booked")
    assert "you have a date" in alice.reads()
    await alice.taps("Delete it")

    assert (await exported(alice))["check_ins"] == []
    assert len((await exported(alice))["runs"]) == 1


async def test_without_consent_an_entry_can_only_be_deleted(told: Talker) -> None:
    await open_entry(told)
    entry = told.answers()[-1]
    await told.taps("Add a note")
    await told.says("/stop")

    await told.taps_on(entry, "Add a note")
    now = next(seen for seen in told.answers() if seen.message_id == entry.message_id)
    assert "I keep nothing new here" in now.text
    assert [button.text for row in now.buttons for button in row] == ["Delete it", "All answers"]
    await told.says(NOTE)
    await told.taps_on(entry, "Correct it")
    assert "canary" not in json.dumps(await exported(told))
    await told.taps_on(entry, "Delete it")

    assert (await exported(told))["check_ins"] == []


@pytest.mark.case(108)
async def test_nobody_opens_changes_or_deletes_an_entry_of_another_person(told: Talker, bob: Talker) -> None:
    await open_entry(told)
    entry = told.answers()[-1]
    await told.taps("Correct it")
    stolen = {button.data for seen in (entry, told.answers()[-1]) for row in seen.buttons for button in row}
    before = await exported(told)
    await set_up(bob)
    here = bob.answers()[-1].message_id

    for payload in sorted(data for data in stolen if data):
        bob.phone.presses(here, payload, forged=True)
        await bob.chats.turn()
        assert bob.reads() in {
            "There is no such entry any more.",
            "There is nothing kept yet. /checkin sets up a check-in.",
        }

    assert len(stolen) > 5
    assert (await exported(told))["check_ins"] == before["check_ins"]


async def test_a_deleted_entry_is_not_drawn(told: Talker) -> None:
    await open_entry(told)
    await told.taps("Delete it")

    async with opened(told.chats.database_url) as database, database.read() as session:
        person = await session.scalar(select(Person))
        assert person is not None
        rows = await history.entries(session, person)

    assert record_of(told.chats.library, rows, None, "All") is None


def test_people_are_told_the_hour_that_the_program_keeps_to(library: Library) -> None:
    hours = int(UNDO_FOR.total_seconds() // 3600)

    assert hours == 1
    assert f"for {hours} hour." in library.phrases.markdown("history.deleted")
    assert re.search(rf"^\| deleted entry \|.*\| \*\*{hours} hour\*\* \|$", POLICY, re.MULTILINE)
