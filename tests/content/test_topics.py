"""What the topics may say and must say: the real ones, and made-up ones that each break one rule."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from content import wording
from content.load import CONTENT, load_library
from content.model import Topic
from content.phrases import Phrases
from content.prose import measure, split_sentences

GOOD = "The bump is small. It is hard and white. " * 8


def make_topic(body: str = GOOD, more: str = "", topic_id: str = "composition") -> Topic:
    return Topic(
        id=topic_id,
        title="Made up",
        body=body,
        more=more,
        facts=(),
        sources=(),
        related=(),
        reviewer="",
        reviewed=date(2026, 11, 22),
        next_review=date(2027, 11, 22),
    )


def complaints(topic: Topic, folder: Path = CONTENT / "en") -> list[str]:
    """What is wrong with this topic, without the sentences that other topics must hold."""
    file = f"en/topics/{topic.id}.md"
    return [problem.message for problem in wording.find_problems([topic], folder) if problem.file == file]


@pytest.fixture(scope="module")
def library():
    return load_library()


@pytest.fixture(scope="module")
def readable(library):
    """What a reader can see of each topic, on one line."""
    return {
        topic.id: wording.flatten(f"{topic.title}\n\n{topic.body}\n\n{topic.more}") for topic in library.topics.values()
    }


def test_a_good_text_has_no_complaint():
    assert complaints(make_topic(more=GOOD)) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (GOOD + "It is harmless.", "'harmless'"),
        (GOOD + "You probably have a calcium deposit.", "names what the reader has"),
        (GOOD + "That is just a calcium deposit.", "judges the reader's bump"),
        (GOOD + "There is nothing to worry about.", "reassures"),
        (GOOD + "You will be fine.", "reassures"),
        (GOOD + "There is no need to see a doctor.", "rules something out"),
        (GOOD + "It is not cancer.", "rules something out"),
        (GOOD + "This works for 40% of people.", "percentages"),
        (GOOD + "It helps two in three people.", "counts of people"),
        (GOOD + "Take 400 mg.", "no doses"),
        (GOOD + "Take it twice a day.", "no medicine schedule"),
        (GOOD + "Ask for Radiesse.", "no brands"),
        (GOOD + "Doctors use diltiazem.", "for authors only"),
        (GOOD + "You should stop taking vitamin D.", "the prescriber decides"),
        (GOOD + "Use a sterile needle.", "doing it at home"),
        (GOOD + "Send me a photo.", "photos are not looked at"),
        (GOOD + "It is often deadly.", "death rates"),
        (GOOD + "The patient has one lesion.", 'say "person"'),
        (GOOD + "It never grows.", "about illness"),
        (GOOD + "Don't squeeze it.", 'the "not" must be seen'),
        (GOOD + "It is the best treatment.", "praises a treatment"),
        ("Too short.", "has 2 words"),
        (GOOD * 3, "has 216 words"),
        (GOOD + "\n\n- a\n- b\n- c\n- d\n- e\n- f", "more than 5 points"),
        (GOOD + "\n\n![photo](https://example.org/a.png)", "cannot show: image"),
        (GOOD + "A skin sample (biopsy) shows it. Cutting it out (excision) helps.", "2 new terms"),
        (GOOD + "word " * 26 + ".", "a sentence over 25 words"),
        ("One plain word comes after one more plain word and so it goes on and on here. " * 5, "words a sentence"),
        ("Pathological calcification necessitates multidisciplinary evaluation. " * 12, "reads at grade"),
        (GOOD + "\n\nCall your local emergency number.", "without '(for example 112, 911 or 999)'"),
        (
            GOOD + "\n\nCall your local emergency number (for example 112, 911 or 999) immediately upon recognising"
            " deteriorating consciousness or respiratory difficulty.",
            "an emergency line at grade",
        ),
    ],
)
def test_a_text_that_breaks_a_rule_is_named_with_the_reason(body, message):
    found = complaints(make_topic(body))

    assert any(message in complaint for complaint in found)


def test_the_longer_text_is_held_to_the_same_rules():
    found = complaints(make_topic(more="This is harmless."))

    assert any("'harmless'" in complaint for complaint in found)


def test_a_topic_that_lost_a_sentence_that_must_stay_is_named():
    problems = wording.find_problems([make_topic(topic_id="removal")], CONTENT / "en")

    assert any("must hold the sentence 'Please do not try to get it out yourself.'" in p.message for p in problems)


@pytest.mark.parametrize("name", ["forbidden.toml", "keep.toml", "glossary.toml"])
def test_a_rule_file_that_is_missing_or_empty_is_named(tmp_path, name):
    folder = tmp_path / "en"
    folder.mkdir()
    for file in ("forbidden.toml", "keep.toml", "glossary.toml"):
        (folder / file).write_text((CONTENT / "en" / file).read_text(encoding="utf-8"), encoding="utf-8")
    (folder / name).write_text("", encoding="utf-8")

    empty = wording.find_problems([], folder)
    (folder / name).unlink()
    missing = wording.find_problems([], folder)

    assert any(problem.file == f"en/{name}" and problem.message == "Field required" for problem in empty)
    assert any(problem.file == f"en/{name}" and problem.message == "is missing" for problem in missing)


def test_a_phrase_that_telegram_cannot_show_is_named():
    problems = wording.find_unshown(Phrases({"a.b": "one\n\n---\n\ntwo"}), "en/phrases.toml")

    assert [str(problem) for problem in problems] == [
        "en/phrases.toml: a.b: holds Markdown that Telegram cannot show: hr"
    ]


def test_points_and_paragraphs_end_sentences_and_terms_in_brackets_do_not_count():
    assert split_sentences("One two. Three!\n\n- four\n- five six\n\n**Seven** eight (nine).") == (
        "One two.",
        "Three!",
        "four",
        "five six",
        "Seven eight (nine).",
    )
    with_term = measure("A skin sample (biopsy) helps.", {"biopsy": "skin sample"})
    without = measure("A skin sample helps.", {})
    assert with_term.grade == without.grade


def test_every_fact_of_the_source_article_stands_in_a_topic(library):
    cited = {code for topic in library.topics.values() for code in topic.facts}

    from_article = {code for code, fact in library.facts.items() if "the source article" in fact.sources}

    assert len(from_article) > 40
    assert from_article <= cited


def test_no_fact_for_authors_only_is_cited_or_restated(library):
    for_authors = {code for code, fact in library.facts.items() if fact.author_only}

    assert {"A23", "D4", "D10", "F6"} <= for_authors
    assert all(library.facts[code].says == "" for code in for_authors)
    assert all(for_authors.isdisjoint(topic.facts) for topic in library.topics.values())


def test_no_topic_holds_a_dose_a_share_or_a_figure_kept_for_authors(readable):
    numbers = {topic_id: re.findall(r"\d[\d,.]*", text) for topic_id, text in readable.items()}
    emergency, sun_cream, age, clock, k2 = {"112,", "911", "999"}, {"30"}, {"50"}, {"7"}, {"2"}
    allowed = {"sun-and-makeup": sun_cream, "reminders-help": clock, "vitamin-d-and-diet": k2, "children": {"18"}}
    allowed |= {"when-to-see-a-doctor": age, "is-it-cancer": age}

    for topic_id, found in numbers.items():
        unexpected = set(found) - emergency - allowed.get(topic_id, set())
        assert not unexpected, f"{topic_id} holds {unexpected}"


def test_the_bot_says_what_it_is_in_the_topic_about_itself(readable):
    about = readable["about-bot"]

    assert "information bot" in about
    assert "not a doctor" in about
    for command in ("/check ", "/checkin ", "/history ", "/report "):
        assert command in about


def test_every_line_on_treatment_says_how_thin_the_proof_is_that_a_mark_may_stay_and_that_it_may_come_back(library):
    for topic_id in ("treatment-options", "removal", "come-back"):
        body = wording.flatten(library.topics[topic_id].body)
        assert "proof is thin" in body
        assert re.search(r"\b(mark|scar)\b", body)
        assert "come back" in body


def test_topics_with_emergencies_name_the_numbers_first(library):
    for topic_id in ("red-flags", "calciphylaxis", "fillers-and-procedures"):
        first, *_ = library.topics[topic_id].body.split("\n\n")
        assert "(for example 112, 911 or 999)" in first


def test_no_topic_is_presented_as_reviewed_before_a_clinician_has_reviewed_it(library, readable):
    unreviewed = [topic.id for topic in library.topics.values() if not topic.reviewer]

    assert unreviewed == list(library.topics)
    assert not [topic_id for topic_id in unreviewed if re.search(r"clinically|reviewed by", readable[topic_id])]
