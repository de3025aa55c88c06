"""Test the page for the doctor: what stands on it, on how many sheets, in which scripts."""

from __future__ import annotations

import logging
from datetime import date
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from bot.views import fonts
from bot.views.record import Check, Entry, Record, Visit
from bot.views.report_preview import preview
from content.markup import plain
from content.model import Library
from content.phrases import Phrases
from tests.bot.records import LAST, diary, flood, record
from tests.conftest import EVERYTHING

TODAY = date(2026, 11, 22)
NOTES = {
    "Latin": "Größe wie ein Stück Kreide, przy nosie; đỏ và đau",
    "Cyrillic": "Стало больше, їжак",
    "Greek": "Μεγάλωσε λίγο",
    "Arabic": "ظهرت حبة جديدة قرب العين",
    "Persian and Urdu": "پوست گچی ٹھیک",
    "Hebrew": "זה כואב קצת",
    "Devanagari": "बच्चे को दर्द है",
    "Thai": "เจ็บเล็กน้อย",
    "Georgian": "ცოტა მტკივა",
    "Armenian": "Մի քիչ ցավում է",
    "Chinese": "这个硬块变大了，這個硬塊",
    "Japanese": "白いしこりがある",
    "Korean": "조금 아파요",
    "signs": "2 → 3 mm ≥ 1½ ✓ 😀 ♥",
}


def report(shown: Record, phrases: Phrases, today: date) -> bytes:
    """Return the page. What draws is loaded with the first one: not each worker of the tests comes to that."""
    from bot.views.report import report as draw

    return draw(shown, phrases, today)


@pytest.fixture(scope="module")
def phrases(library: Library) -> Phrases:
    return library.phrases


def read(pdf: bytes) -> str:
    """Return all text of a PDF, with single spaces."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def noted(note: str) -> Record:
    return record(entries=(Entry(LAST, "changed", ("pain",), note=note),))


@pytest.mark.parametrize(("number", "sheets"), [(12, 1), (60, 2), *([(1, 1), (3, 1)] if EVERYTHING else [])])
def test_a_year_of_months_is_one_sheet_and_a_year_of_weeks_two_at_most(phrases: Phrases, number: int, sheets: int):
    pdf = report(diary(number), phrases, TODAY)

    assert len(PdfReader(BytesIO(pdf)).pages) == sheets


def test_the_longest_texts_fit_on_two_sheets_and_what_does_not_is_counted(phrases: Phrases):
    pdf = report(flood(), phrases, TODAY)

    pages = PdfReader(BytesIO(pdf)).pages
    assert len(pages) == 2
    foot = phrases.plain("report.not_this").split()[0]
    for page in pages:
        heights = {text: y for text, y in _placed(page) if text}
        assert min(heights.values()) > 10
        assert sum(y < heights[next(text for text in heights if text.startswith(foot))] for y in heights.values()) <= 2
    shown = read(pdf).count("漢字漢字…") + read(pdf).count("WWW…")
    assert "older lines do not fit here" in read(pdf)
    assert shown < 60


def test_the_page_holds_all_that_a_doctor_asks_first(phrases: Phrases):
    told = record(
        entries=(
            Entry(date(2026, 8, 3), "changed", ("size", "pain"), "pea", "White crumbs.", ("chalky-discharge",)),
            Entry(date(2026, 9, 3), "same"),
        ),
        checks=(Check(date(2026, 8, 4), "today", ("it hurts", "there is an open sore"), "My sister helped."),),
        visits=(Visit(date(2026, 8, 20), "seen", "They took a sample."),),
        since=date(2026, 2, 1),
        place="left cheek",
    )

    text = read(report(told, phrases, TODAY))

    for expected in (
        "Made on 22 Nov 2026 with Calcibot",
        "3 months: 3 Aug 2026 to 3 Sep 2026",
        "First note 1 Feb 2026",
        "2 check-ins, 1 with a change",
        "3 Sep 2026: nothing new",
        "left cheek",
        "Chalky matter: 3 Aug 2026",
        "4 Aug 2026: be seen today",
        "it hurts; there is an open sore",
        "My note: My sister helped.",
        "20 Aug 2026: seen",
        "They took a sample.",
        "size (like a pea), pain",
        "White crumbs.",
        "My medicines and supplements",
        "not a diagnosis",
        "Texts: version 7. Page 1 of 1.",
    ):
        assert expected in text
    from bot.views.report import QUESTIONS

    assert all(phrases.plain(f"report.ask_{number}") in text for number in range(1, QUESTIONS + 1))
    assert f"report.ask_{QUESTIONS + 1}" not in phrases


def test_without_a_sign_or_a_visit_the_page_says_so_and_rules_nothing_out(phrases: Phrases):
    text = read(report(record(), phrases, TODAY))

    assert phrases.plain("report.signs_none") in text
    assert phrases.plain("report.visits_none") in text
    assert phrases.plain("report.changes_none") in text


def test_notes_are_drawn_in_every_script(phrases: Phrases):
    entries = tuple(Entry(LAST, "changed", ("pain",), note=note) for note in NOTES.values())

    text = read(report(record(entries=entries), phrases, TODAY))

    # Right-to-left lines and joined letters come out of a PDF in the order of drawing: the letters count.
    drawn = {script: set(note) - {" "} - set(text) - _joined(note) for script, note in NOTES.items()}
    assert {script: missing for script, missing in drawn.items() if missing} == {}
    assert fonts.BOX not in text
    assert not any(fonts.cover(note).missing for note in NOTES.values())


def test_right_to_left_notes_keep_to_the_right(phrases: Phrases):
    said = {"Latin": "ŧŧŧ ŧŧŧ", "Hebrew": NOTES["Hebrew"][:11]}
    entries = tuple(Entry(LAST, "changed", ("pain",), note=note) for note in said.values())

    [page] = PdfReader(BytesIO(report(record(entries=entries), phrases, TODAY))).pages
    drawn: list[tuple[str, float]] = []
    page.extract_text(visitor_text=lambda text, _cm, tm, _font, _size: drawn.append((text, tm[4])))
    starts = {
        name: max(x for text, x in drawn if set(note[:4]) - {" "} & set(text) and len(text.strip()) < 12)
        for name, note in said.items()
    }

    assert starts["Hebrew"] > starts["Latin"] + 50


def test_a_letter_without_a_font_is_a_box_an_emoji_is_named_and_neither_is_logged(
    phrases: Phrases, caplog: pytest.LogCaptureFixture
):
    note = "ሰላም 👍🏽 ok"

    with caplog.at_level(logging.DEBUG):
        text = read(report(noted(note), phrases, TODAY))

    assert f"{fonts.BOX * 3} (thumbs up sign) ok" in text
    assert not set(note) & set("ሰላም👍") & set(caplog.text)


def test_the_same_record_gives_the_same_bytes(phrases: Phrases):
    told = diary(4, notes=("Größe", NOTES["Arabic"]))

    assert report(told, phrases, TODAY) == report(told, phrases, TODAY)


def test_an_empty_record_is_refused(phrases: Phrases):
    empty = record(entries=())

    with pytest.raises(ValueError, match="empty"):
        report(empty, phrases, TODAY)
    with pytest.raises(ValueError, match="empty"):
        preview(empty, phrases)


@settings(max_examples=5 if EVERYTHING else 1, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(notes=st.lists(st.text(max_size=120), min_size=1, max_size=25), said=st.text(max_size=300))
def test_odd_notes_never_keep_the_page_from_being_made(phrases: Phrases, notes: list[str], said: str):
    entries = tuple(Entry(LAST, "changed", ("other",), note=note) for note in notes)
    told = record(entries=entries, visits=(Visit(LAST, "seen", said),), place=said)

    pdf = report(told, phrases, TODAY)

    assert 1 <= len(PdfReader(BytesIO(pdf)).pages) <= 2


def test_the_preview_names_what_the_page_will_hold(phrases: Phrases):
    told = diary(12, notes=("Secret <b>note</b>",))

    screen = preview(told, phrases)

    text = plain(screen.text)
    assert screen.protected
    assert "3 months (30 Aug 2026 to 15 Nov 2026)" in text
    assert "12 check-ins, 4 with a change" in text
    assert "Sore or inflamed (15 Nov 2026, 25 Oct 2026, 4 Oct 2026, and 1 earlier)" in text
    assert "2 × book a visit soon" in text
    assert "Secret" not in text


def test_the_longest_preview_fits_into_a_message(phrases: Phrases):
    assert len(plain(preview(flood(), phrases).text)) <= 4096


def _placed(page: object) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    page.extract_text(visitor_text=lambda text, _cm, tm, _font, _size: found.append((text.strip(), tm[5])))  # type: ignore[attr-defined]  # a page
    return found


def _joined(note: str) -> set[str]:
    """Return the letters that are drawn as one with their neighbours, which PDF readers cannot take apart again."""
    return {letter for letter in note if 0x0900 <= ord(letter) <= 0x097F or 0x0E00 <= ord(letter) <= 0x0E7F}
