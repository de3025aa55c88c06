"""A bot that comes up again goes on where it was, and answers everything that came meanwhile."""

from __future__ import annotations

import pytest

from tests.faults.harness import RUNS, Scene, answers

NONE_OF_THESE = "None of these"

COMMANDS = ("/help", "/topics", "/privacy")

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

    said = {tuple(seen.text for seen in person.sees() if seen.from_bot) for person in people}
    # All of them got the same three in the same order.
    assert len(said) == 1
    assert len(set(said.pop())) == len(COMMANDS)
