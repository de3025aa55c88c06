"""What a person can do from hello to goodbye, as transcripts. The program is rebuilt at each turn."""

from __future__ import annotations

import pytest

from tests.beginnings import held_once
from tests.chat import Chats, Talker

# One white pixel.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080000000037"
    "6ef9240000000a49444154789c63f80f0001010100"
    "1bb6ee560000000049454e44ae426082"
)


async def test_a_newcomer_is_greeted_and_shown_three_ways_in(alice: Talker) -> None:
    await alice.says("/start")

    assert "not a doctor" in alice.reads()
    assert alice.buttons() == ["Go through the checklist", "Set up a check-in", "All topics"]


async def test_a_question_is_answered_word_for_word_with_sources_and_related_topics(
    alice: Talker, chats: Chats
) -> None:
    await alice.says("what are these hard white bumps?")

    topic = chats.library.topics["what-are-they"]
    assert topic.title in alice.reads()
    assert "Sources: the source article, DermNet." in alice.reads()
    assert chats.library.topics[topic.related[0]].title in alice.buttons()
    await alice.taps(chats.library.topics[topic.related[0]].title)
    assert chats.library.topics[topic.related[0]].title in alice.reads()


async def test_a_question_about_something_else_is_refused_honestly(alice: Talker, chats: Chats) -> None:
    await alice.says("what's the weather")

    refusals = [chats.library.phrases.plain(f"refuse.{kind}") for kind in ("off-topic", "chitchat")]
    assert alice.reads() in refusals
    assert alice.buttons() == ["All topics"]


async def test_several_signs_in_one_message_are_each_named_on_a_line(alice: Talker) -> None:
    await alice.says("it hurts, it doubled in a week and chalky stuff comes out, what are these bumps?")

    named = "• fast growth\n• pain, redness, swelling or a sore\n• chalky matter coming out"
    assert alice.reads().startswith(f"You mention:\n\n{named}\n\nThose are signs")


async def test_the_checklist_by_tapping_ends_in_an_outcome_with_its_reasons(alice: Talker) -> None:
    await alice.says("/check")
    await alice.taps("None of these")
    for _ in range(20):
        if "Question" not in alice.reads():
            break
        await alice.taps("Yes" if "Question 2 of" in alice.reads() else "No")

    assert "Because you said" in alice.reads()
    assert "What to watch for" in alice.reads()


async def test_the_checklist_by_typing_ends_in_the_same_outcome(alice: Talker, bob: Talker) -> None:
    for talker, none, no in ((alice, "none of these", "no"), (bob, None, None)):
        await talker.says("/check")
        await (talker.says(none) if none else talker.taps("None of these"))
        for _ in range(20):
            if "Question" not in talker.reads():
                break
            await (talker.says(no) if no else talker.taps("No"))

    assert alice.reads() == bob.reads()
    assert "Question" not in alice.reads()


async def test_a_question_in_the_middle_is_answered_and_the_checklist_goes_on(alice: Talker) -> None:
    await alice.says("/check")
    await alice.taps("None of these")

    await alice.says("is it contagious?")

    answer, question = alice.answers()[-2:]
    assert "catch" in answer.text.lower()
    assert "Question 1 of" in question.text


async def test_an_old_button_only_shows_the_current_question(alice: Talker) -> None:
    await alice.says("/check")
    await alice.taps("None of these")
    first = alice.answers()[-1]
    await alice.taps("No")

    await alice.taps_on(first, "Yes")

    assert "Question 2 of" in alice.reads()
    assert alice.phone.toasts[-1].text.startswith("This button is from an older message")


async def test_an_emergency_is_answered_first_and_the_line_comes_again(alice: Talker) -> None:
    await alice.says("/check")
    await alice.says("my dad can't breathe and his lips are blue")

    assert alice.reads().startswith("This could be an emergency.")
    await alice.says("is it contagious?")
    assert any("call your local emergency number now" in seen.text for seen in alice.answers()[-3:])
    await alice.taps("I'm getting help")
    await alice.says("is it contagious?")
    assert "emergency number now" not in alice.answers()[-2].text


@held_once
async def set_up_monthly(talker: Talker) -> None:
    await talker.says("/checkin")
    await talker.taps("Every month")
    await talker.says("7pm")
    await talker.says("Berlin")
    await talker.taps("Berlin, Germany: 11:00")
    await talker.taps("Confirm")
    await talker.taps("Yes, keep my answers")


async def test_a_monthly_check_in_is_set_up_arrives_is_answered_and_stands_in_the_history(alice: Talker) -> None:
    await set_up_monthly(alice)
    assert "Tuesday, 22 December 2026, 19:00" in alice.reads()

    await alice.waits(days=30, hours=7)
    assert "still" not in alice.reads()
    await alice.waits(hours=2)
    assert alice.reads().startswith("Time for your check-in.")
    await alice.taps("Nothing new")
    assert "Noted: nothing new." in alice.reads()
    assert "Friday, 22 January 2027, 19:00" in alice.reads()

    await alice.says("/history")
    assert "22 December 2026: nothing new" in alice.reads()


async def test_a_change_is_told_in_a_few_taps_and_compared_with_last_time(alice: Talker) -> None:
    await set_up_monthly(alice)
    await alice.waits(days=30, hours=9)
    await alice.taps("Nothing new")
    await alice.waits(days=31)

    assert "Last time (22 December 2026): nothing new." in alice.reads()
    await alice.taps("Something changed")
    await alice.taps("Size")
    await alice.taps("Done")
    await alice.taps("Like a pea")
    await alice.says("it grew after the holidays")

    assert "Noted: something changed: size (like a pea)." in alice.answers()[-1].text or (
        "Noted: something changed: size (like a pea)." in alice.answers()[-2].text
    )


async def test_everything_can_be_deleted_and_a_stranger_sees_nothing_of_it(alice: Talker, bob: Talker) -> None:
    await set_up_monthly(alice)
    await bob.says("/history")
    assert "nothing kept" in bob.reads()

    await alice.says("/delete")
    await alice.taps("Yes, delete everything")
    assert "Deleted." in alice.reads()
    await alice.waits(days=60)

    assert "Deleted." in alice.reads()
    await alice.says("/delete")
    await alice.taps("Yes, delete everything")
    assert "nothing to delete" in alice.reads()


async def test_consent_refused_keeps_nothing(alice: Talker) -> None:
    await alice.says("/checkin")
    await alice.says("every 2 weeks on tuesday at 7pm")
    await alice.says("Berlin")
    await alice.taps("Berlin, Germany: 11:00")
    await alice.taps("Confirm")
    await alice.taps("No")

    assert "I keep no answers" in alice.reads()
    await alice.waits(days=30)
    assert "I keep no answers" in alice.reads()


async def test_a_check_in_comes_later_when_asked_to_and_the_rhythm_stays(alice: Talker) -> None:
    await set_up_monthly(alice)
    await alice.waits(days=30, hours=9)
    await alice.taps("Ask me later")
    await alice.taps("In 1 hour")
    assert "I will ask again" in alice.reads()

    await alice.waits(hours=1, minutes=1)
    assert alice.reads().startswith("Time for your check-in.")
    await alice.taps("Nothing new")

    assert "22 January 2027, 19:00" in alice.reads()


@pytest.mark.parametrize(
    "text", ["/help", "/topics", "/reminders", "/settings", "/privacy", "/mydata", "/stop", "/cancel", "/nonsense"]
)
async def test_every_command_answers(alice: Talker, text: str) -> None:
    await alice.says(text)

    assert alice.reads()


async def test_everything_that_is_not_text_is_answered_kindly(alice: Talker) -> None:
    alice.phone.writes("/start")
    alice.phone.sends_photo(PNG)
    alice.phone.sends_voice()
    alice.phone.sends_sticker("👍")
    alice.phone.sends_location(52.5, 13.4)
    alice.phone.sends_contact("+49", "Bob")
    await alice.chats.turn()

    texts = [seen.text for seen in alice.answers()]
    assert len(texts) == 6
    assert any("I can't look at photos" in text for text in texts)


@pytest.mark.case(109)
async def test_in_a_group_only_one_sentence_is_said(alice: Talker, bob: Talker) -> None:
    group = alice.chats.phone.group(alice.chats.token, "Family", [alice.phone, bob.phone])
    alice.phone.writes("/check", chat=group.id)
    await alice.chats.turn()

    assert [seen.text for seen in group.sees() if seen.from_bot] == [
        "I only talk in private, because health is private. Please write to me there: open my profile and tap Message."
    ]
