"""A bot that comes up again goes on where it was, and answers everything that came meanwhile."""

from __future__ import annotations

import pytest

from bot.phone.people import Person
from tests.faults.harness import RUNS, Scene, answers

NONE_OF_THESE = "None of these"

# The first one asks the database and takes longer: side by side the others would overtake it.
COMMANDS = ("/reminders", "/help", "/privacy")

# Two batches and more; enough for many at night.
PEOPLE = 80 if RUNS == 1 else 1600


@pytest.mark.case(99)
async def test_a_checklist_goes_on_at_the_same_question_after_a_kill(scene: Scene) -> None:
    alice, bob = scene.person("Alice"), scene.person("Bob")
    first = await scene.start()
    for person in (alice, bob):
        person.writes("/check")
    await scene.until_done(2)
    for person in (alice, bob):
        person.presses(person.last.message_id, NONE_OF_THESE)
    await scene.until_done(4)
    bob.writes("no")
    await scene.until_done(5)

    await first.kill()
    await scene.start()
    alice.writes("no")
    await scene.until_done(6)

    assert "Question 2 of" in alice.last.text
    assert alice.last.text == bob.last.text


@pytest.mark.case(16)
async def test_everything_that_came_while_the_bot_was_down_is_answered_in_each_persons_order(
    small_scene: Scene,
) -> None:
    scene = small_scene
    people = [scene.person(f"Person {number}") for number in range(PEOPLE)]
    for command in COMMANDS:
        for person in people:
            person.writes(command)

    await scene.start()
    await scene.until_done(PEOPLE * len(COMMANDS))
    await scene.until(lambda: sum(map(answers, people)) == PEOPLE * len(COMMANDS))

    patient = scene.person("Somebody who waits for each answer")
    for command in COMMANDS:
        await _ask(scene, patient, command)
    assert {_said_to(person) for person in people} == {_said_to(patient)}
    assert len(set(_said_to(patient))) == len(COMMANDS)


async def _ask(scene: Scene, person: Person, command: str) -> None:
    before = answers(person)
    person.writes(command)
    await scene.until(lambda: answers(person) > before)


def _said_to(person: Person) -> tuple[str, ...]:
    return tuple(seen.text for seen in person.sees() if seen.from_bot)
