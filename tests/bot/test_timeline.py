"""Test the timeline: a picture that one look understands, and its words for who cannot see it."""

from __future__ import annotations

import ast
from datetime import date, timedelta
from importlib import import_module
from io import BytesIO
from itertools import combinations
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import bot
from bot.views.lanes import MAX_TICKS, groups, ticks
from bot.views.record import ANSWERS, CHANGES, SIZES, Check, Entry, Visit
from bot.views.timeline_caption import MAX_UNITS, caption, units
from content.markup import plain
from content.model import LEVELS, Library
from content.phrases import Phrases
from tests.bot.records import LAST, SIGNS, diary, flood, record

SEEN = ("seen", "booked", "could-not", "decided-not")
EVERYTHING = record(
    entries=(
        *(Entry(LAST - timedelta(days=30 * n), "changed", ("size",), size) for n, size in enumerate(SIZES)),
        Entry(LAST - timedelta(days=3), "better"),
        Entry(LAST - timedelta(days=2), "same"),
        Entry(LAST, "changed", CHANGES, "pea", "A note.", SIGNS),
    ),
    checks=tuple(Check(LAST - timedelta(days=40 * n), level) for n, level in enumerate(LEVELS)),
    visits=tuple(Visit(LAST - timedelta(days=30 * n), seen) for n, seen in enumerate(SEEN)),
)


@pytest.fixture(scope="module")
def phrases(library: Library) -> Phrases:
    return library.phrases


@pytest.fixture(scope="module")
def timeline() -> ModuleType:
    """Return the module. What draws is loaded with it: not each worker of the tests comes to that."""
    return import_module("bot.views.timeline")


@pytest.mark.parametrize("number", [1, 3, 12, 60])
def test_telegram_takes_the_picture_as_a_photo(number: int, phrases: Phrases, timeline: ModuleType):
    shown = diary(number)

    png = timeline.timeline(shown, phrases)

    width, height = Image.open(BytesIO(png)).size
    assert width == 1080
    # Telegram refuses photos beyond these; a much higher one would be cut off on a phone.
    assert width + height <= 10_000
    assert 0.5 < height / width < 2
    assert len(png) < 500_000


def test_the_picture_of_everything_at_once_is_still_a_photo(phrases: Phrases, timeline: ModuleType):
    png = timeline.timeline(flood(), phrases)

    width, height = Image.open(BytesIO(png)).size
    assert height / width < 2


def test_the_same_record_gives_the_same_bytes(phrases: Phrases, timeline: ModuleType):
    assert timeline.timeline(diary(12), phrases) == timeline.timeline(diary(12), phrases)


def test_the_width_can_be_chosen(phrases: Phrases, timeline: ModuleType):
    narrow = timeline.timeline(diary(3), phrases, width_px=540)

    assert Image.open(BytesIO(narrow)).width == 540


def test_an_empty_record_is_refused(phrases: Phrases, timeline: ModuleType):
    empty = record(entries=())

    with pytest.raises(ValueError, match="empty"):
        timeline.timeline(empty, phrases)
    with pytest.raises(ValueError, match="empty"):
        caption(empty, phrases)


def test_no_text_leaves_the_picture_or_reaches_the_marks(phrases: Phrases, timeline: ModuleType):
    picture = timeline._Picture(EVERYTHING, phrases)
    picture.draw(timeline.WIDTH)
    lanes = {lane.label for group in groups(EVERYTHING, phrases) for lane in group.lanes}

    boxes = {text.get_text(): text.get_window_extent() for text in picture.axes.texts}

    assert lanes <= boxes.keys()
    assert all(box.x0 >= 0 and box.x1 <= timeline.WIDTH and box.y0 >= 0 for box in boxes.values())
    assert max(boxes[label].x1 for label in lanes) < timeline.LEFT - timeline.MARK / 2


def test_everything_a_record_can_hold_has_a_mark_and_a_word(phrases: Phrases, timeline: ModuleType):
    marks = {mark.kind for group in groups(EVERYTHING, phrases) for lane in group.lanes for mark in lane.marks}

    assert marks == timeline.SHAPES.keys()
    assert {*ANSWERS, *SIZES, *LEVELS, *SEEN} <= marks
    assert all(f"timeline.{kind}" in phrases for kind in marks if kind not in timeline.WITHOUT_KEY)


@pytest.mark.parametrize("together", [SIZES, LEVELS, SEEN])
def test_marks_of_one_lane_differ_without_their_colour(together: tuple[str, ...], timeline: ModuleType):
    looks = {kind: (shape, filled, size) for kind, (shape, _, filled, size) in timeline.SHAPES.items()}

    for one, other in combinations(together, 2):
        assert looks[one] != looks[other]


def test_text_and_marks_stand_out_from_what_is_below_them(timeline: ModuleType):
    for ink in (timeline.INK, timeline.QUIET):
        assert min(_contrast(ink, timeline.PAPER), _contrast(ink, timeline.BAND)) > 4.5
    for kind, (_, colour, _, _) in timeline.SHAPES.items():
        assert _contrast(colour, timeline.BAND) > 3, kind


def test_an_unknown_sign_of_a_newer_file_is_shown_as_another(phrases: Phrases, timeline: ModuleType):
    shown = record(entries=(Entry(LAST, "changed", flags=("from-the-future",)),))

    assert phrases.plain("timeline.sign_another") in plain(caption(shown, phrases))
    assert timeline.timeline(shown, phrases)


def test_the_caption_says_how_often_what_changed_signs_outcomes_and_visits(phrases: Phrases):
    shown = record(
        entries=(
            Entry(date(2026, 8, 3), "changed", ("size", "pain"), "pea", "Secret note.", ("chalky-discharge",)),
            Entry(date(2026, 9, 3), "same"),
            Entry(date(2026, 10, 3), "same"),
        ),
        checks=(Check(date(2026, 8, 4), "today"),),
        visits=(Visit(date(2026, 8, 5), "could-not", "Secret words."),),
    )

    said = plain(caption(shown, phrases))

    assert "3 Aug 2026 to 3 Oct 2026" in said
    assert "1 × something changed, 2 × nothing new" in said
    assert "3 Aug 2026: size (like a pea), pain" in said
    assert "Chalky matter: 3 Aug 2026" in said
    assert "4 Aug 2026: be seen today" in said
    assert "5 Aug 2026: could not be seen" in said
    assert "Secret" not in said


def test_the_caption_of_no_sign_rules_nothing_out(phrases: Phrases):
    assert "rules nothing out" in caption(record(), phrases)


@pytest.mark.parametrize("shown", [diary(1), diary(60), diary(400, every=1), EVERYTHING, flood()])
def test_the_caption_fits_below_a_photo(shown: object, phrases: Phrases):
    assert 0 < units(caption(shown, phrases)) <= MAX_UNITS  # type: ignore[arg-type]  # parametrize has no types


@given(days=st.lists(st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1)), min_size=1, max_size=30))
def test_the_axis_names_a_few_days_in_order_within_the_record(days: list[date], phrases: Phrases):
    shown = tuple(sorted(set(days)))

    named = [tick.day for tick in ticks(shown, phrases)]

    assert 1 <= len(named) <= MAX_TICKS
    assert named == sorted(set(named))
    assert shown[0] <= named[0]
    assert named[-1] <= shown[-1]


def test_matplotlib_is_loaded_by_the_picture_alone():
    root = Path(bot.__file__).parents[1]
    files = [file for room in ("content", "scheduler", "bot") for file in (root / room).rglob("*.py")]

    loading = [file.name for file in files if _imports_matplotlib(file)]

    assert loading == ["timeline.py"]


def _imports_matplotlib(file: Path) -> bool:
    names: list[str] = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
    return any(name.split(".")[0] == "matplotlib" for name in names)


def _contrast(one: str, other: str) -> float:
    """Return the contrast of two colours after WCAG 2."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
