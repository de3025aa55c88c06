"""What is kept can be seen, is deleted when asked, and stays deleted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from sqlalchemy import func, select

from bot.settings import Settings
from content.model import Library
from scheduler.db import people
from scheduler.db.engine import Database
from scheduler.db.models import Base, CheckIn
from scheduler.db.retention import CHOICES, Terms
from scheduler.db.runs import OPEN_FOR
from scheduler.db.updates import REMEMBERED
from scheduler.due import DueCheckIn
from tests.beginnings import held_once
from tests.chat import Chats, Talker
from tests.scheduler.builders import Post, deliver_all, make_plan, opened

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "my-data.schema.json").read_text(encoding="utf-8"))
POLICY = (DOCS / "privacy-policy.md").read_text(encoding="utf-8")

# Tables without anything about a person. A new one is either named here, or goes with its person.
IMPERSONAL = {"seen_updates", "used_keys", "leases", "moments"}

NOTE = "canary-0815 it itches <b>when warm</b>"


@held_once
async def live_a_little(talker: Talker) -> None:
    """Leave something behind in every table about a person."""
    await talker.says("/settings")
    await talker.says("/check")
    await talker.taps("None of these")
    for _ in range(20):
        if "Question" not in talker.reads():
            break
        await talker.taps("Yes" if "Question 2 of" in talker.reads() else "No")
    await talker.taps("Save this")
    await talker.taps("Yes, keep my answers")
    await talker.says("/checkin")
    await talker.taps("Every week")
    await talker.says("7pm")
    await talker.says("Berlin")
    await talker.taps(next(label for label in talker.buttons() if label.startswith("Berlin, Germany")))
    await talker.taps("Confirm")
    for _ in range(10):
        if "Something changed" in talker.buttons():
            break
        await talker.waits_for_what_is_due()
    await talker.taps("Something changed")
    await talker.says(NOTE)


async def rows_by_table(chats: Chats, chat_id: int | None = None) -> dict[str, int]:
    """Count the rows about one person, or all rows, in each table about people."""
    async with opened(chats.database_url) as database, database.read() as session:
        person = await people.find(session, chat_id) if chat_id else None
        counts = {}
        for table in Base.metadata.sorted_tables:
            if table.name in IMPERSONAL:
                continue
            query = select(func.count()).select_from(table)
            if chat_id is not None:
                key = table.c.id if table.name == "people" else table.c.person_id
                query = query.where(key == (person.id if person else -1))
            counts[table.name] = await session.scalar(query) or 0
        return counts


def test_no_table_about_a_person_can_be_forgotten_by_a_deletion() -> None:
    for table in Base.metadata.sorted_tables:
        if table.name in {*IMPERSONAL, "people"}:
            continue
        keys = list(table.c.person_id.foreign_keys)
        assert [(key.target_fullname, key.ondelete) for key in keys] == [("people.id", "CASCADE")], table.name
        assert not table.c.person_id.nullable, table.name
    assert {table.name for table in Base.metadata.sorted_tables} >= IMPERSONAL


@pytest.mark.case(112)
async def test_deleting_takes_every_row_of_one_person_and_none_of_another(alice: Talker, bob: Talker) -> None:
    await live_a_little(alice)
    await live_a_little(bob)
    before = await rows_by_table(alice.chats, alice.phone.id)
    of_bob = await rows_by_table(alice.chats, bob.phone.id)

    await alice.says("/delete")
    await alice.taps("Yes, delete everything")

    assert all(before.values()), f"the test leaves nothing behind in one of {before}"
    assert not any((await rows_by_table(alice.chats, alice.phone.id)).values())
    assert await rows_by_table(alice.chats, bob.phone.id) == of_bob
    assert "Deleted." in alice.reads()
    assert f"check-in plans ({before['plans']})" in alice.reads()
    assert "Telegram still holds the messages" in alice.reads()


async def test_one_tap_deletes_nothing(alice: Talker) -> None:
    await live_a_little(alice)
    before = await rows_by_table(alice.chats)

    await alice.says("/delete")
    assert await rows_by_table(alice.chats) == before
    await alice.taps("No, keep it")

    assert await rows_by_table(alice.chats) == before


@pytest.mark.case(112)
async def test_a_second_delete_is_harmless(alice: Talker) -> None:
    await live_a_little(alice)
    await alice.says("/delete")
    question = alice.answers()[-1]
    await alice.taps("Yes, delete everything")

    await alice.taps_on(question, "Yes, delete everything")

    assert "nothing to delete" in alice.reads()


@pytest.mark.case(112)
async def test_no_button_from_before_brings_a_deleted_person_back(alice: Talker) -> None:
    await live_a_little(alice)
    await alice.says("/check")
    await alice.says("/settings")
    await alice.says("/privacy")
    old = [seen for seen in alice.answers() if seen.buttons]
    await alice.says("/delete")
    await alice.taps("Yes, delete everything")

    pressed = 0
    for seen in old:
        for button in (button for row in seen.buttons for button in row):
            # Beginning something new is no late update: it is a wish.
            if button.text in {"Go through the checklist", "Set up a check-in"}:
                continue
            await alice.taps_on(seen, button.text)
            pressed += 1
            assert not any((await rows_by_table(alice.chats)).values()), button.text

    assert pressed > 20
    await alice.says("/settings")
    assert (await rows_by_table(alice.chats))["people"] == 1, "control: a new wish is heard"


async def test_a_deletion_wins_over_a_check_in_that_waits_to_be_sent(chats: Chats) -> None:
    async with opened(chats.database_url) as database:
        await make_plan(database, chats.clock())
        chats.clock.advance(days=1)

        async def delete(_due: DueCheckIn) -> None:
            async with database.write() as session:
                await people.forget(session, 7)

        post = Post(before=delete)
        await deliver_all(database, post, chats.clock)

        assert post.sent == []
        await _control(database, chats)


async def _control(database: Database, chats: Chats) -> None:
    """Without the deletion the same check-in is sent."""
    await make_plan(database, chats.clock())
    chats.clock.advance(days=7)
    post = Post()
    await deliver_all(database, post, chats.clock)
    assert len(post.sent) == 1


async def exported(talker: Talker) -> dict[str, Any]:
    await talker.says("/mydata")
    file = talker.answers()[-1].file
    assert file is not None
    data: dict[str, Any] = json.loads(file.data)
    return data


@pytest.mark.case(112)
async def test_my_data_is_complete_fits_the_schema_and_is_of_this_person_only(alice: Talker, bob: Talker) -> None:
    await live_a_little(alice)
    await live_a_little(bob)

    data = await exported(alice)

    Draft202012Validator(SCHEMA, format_checker=FormatChecker()).validate(data)
    counts = {name: len(rows) for name, rows in data.items() if isinstance(rows, list)}
    assert counts == await rows_by_table(alice.chats, alice.phone.id)
    assert data["people"][0]["chat_id"] == alice.phone.id
    assert NOTE in [row["details"]["note"] for row in data["check_ins"] if row["details"]]
    assert str(bob.phone.id) not in json.dumps(data)


def test_the_schema_names_every_column_and_the_page_every_field() -> None:
    page = (DOCS / "my-data.md").read_text(encoding="utf-8")
    for table in Base.metadata.sorted_tables:
        if table.name in IMPERSONAL:
            continue
        item = SCHEMA["properties"][table.name]["items"]
        assert set(item["properties"]) == set(item["required"]) == {column.name for column in table.c}, table.name
        section = page.split(f"## {table.name}\n")[1].split("\n## ")[0]
        assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(item["properties"]), table.name


async def test_a_person_chooses_a_shorter_time_and_sees_it(alice: Talker) -> None:
    await alice.says("/privacy")
    assert "for 24 months" in alice.reads()
    assert not alice.answers()[-1].buttons, "there is nothing to choose before there are answers"
    await live_a_little(alice)

    await alice.says("/privacy")
    await alice.taps("Keep my answers for 6 months")

    assert "6 months" in alice.reads()
    await alice.says("/privacy")
    assert "for 6 months" in alice.reads()
    async with opened(alice.chats.database_url) as database, database.read() as session:
        person = await people.find(session, alice.phone.id)
        assert person is not None
        assert person.keep_months == 6


async def test_a_forged_time_is_not_kept(alice: Talker) -> None:
    await live_a_little(alice)
    await alice.says("/privacy")
    shown = alice.answers()[-1]

    alice.phone.presses(shown.message_id, "1:d:keep:9999", forged=True)
    await alice.chats.turn()

    async with opened(alice.chats.database_url) as database, database.read() as session:
        person = await people.find(session, alice.phone.id)
        assert person is not None
        assert person.keep_months is None
        assert await session.scalar(select(func.count()).select_from(CheckIn))


def test_the_policy_says_the_numbers_that_the_program_keeps_to(library: Library) -> None:
    terms = Terms()
    promises = {
        "answers": f"{terms.answers_months} months",
        "blocked": f"{terms.blocked_days} days",
        "open checklist": f"{int(OPEN_FOR.total_seconds() // 3600)} hours",
        "update numbers": f"{REMEMBERED.days} days",
    }

    said = dict(re.findall(r"^\| ([\w ]+) \|.*\| \*\*(.+?)\*\* \|", POLICY, re.MULTILINE))

    assert {name: said.get(name) for name in promises} == promises
    settings = Settings()
    assert Terms(settings.keep_answers_months, settings.keep_blocked_days) == terms
    assert ", ".join(map(str, CHOICES[:-1])) + f" or {CHOICES[-1]} months" in POLICY
    assert f"up to {terms.answers_months} months" in library.phrases.markdown("consent.ask")
    assert promises["open checklist"] in library.phrases.markdown("privacy.text")


@pytest.mark.parametrize("months", [0, 25])
def test_a_setting_cannot_promise_less_than_people_were_told(months: int) -> None:
    with pytest.raises(ValueError, match="keep_answers_months"):
        Settings(keep_answers_months=months)
