"""What people type about when to be asked becomes the right plan, or a question. Never a silent guess."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from content.reading.schedule import Ask, Schedule, ScheduleWords, as_sample, read_schedule
from tests.content.samples import DATA, EVAL, lines, same_schedule, takes_less, words_file

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)  # a Sunday
WORDS = ScheduleWords.from_toml(words_file("words.toml"))


def read(text: str, zone: str = "Europe/London", now: datetime = NOW) -> Schedule | Ask:
    return read_schedule(text, now, ZoneInfo(zone), WORDS)


@pytest.mark.parametrize(
    ("path", "floor"),
    [(DATA / "when.jsonl", 0.99), (DATA / "when_wrapped.jsonl", 0.99), (EVAL / "when.jsonl", 0.97)],
    ids=["own", "wrapped", "samples"],
)
def test_sample_texts_are_read_as_expected(path: Path, floor: float) -> None:
    if not path.exists():
        pytest.skip(f"no {path.name} here")
    samples = lines(path)

    answers = [
        (line, as_sample(read(line["text"], line["tz"], datetime.fromisoformat(line["now"])))) for line in samples
    ]

    wrong = [(line["text"], got, line["expect"]) for line, got in answers if not same_schedule(got, line["expect"])]
    silent = [miss for miss in wrong if miss[1] != "ask"]
    assert len(samples) - len(wrong) >= floor * len(samples), wrong
    assert len(silent) <= len(samples) // 200, silent


@pytest.mark.case(103)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every other tuesday 7pm", Schedule("weekly", 2, ("TU",), time=time(19))),
        ("every 2 weeks on tuesday at 7pm", Schedule("weekly", 2, ("TU",), time=time(19))),
        ("monday and thursday at 7pm", Schedule("weekly", 1, ("MO", "TH"), time=time(19))),
        ("every morning", Schedule("daily", time=time(9))),
        ("tonight at 8", Schedule("once", time=time(20), first=date(2026, 11, 22))),
        ("on Feb 29 at 9am", Schedule("once", time=time(9), first=date(2028, 2, 29))),
        ("every month on the 31st at 9am", Ask("month-end")),
        ("every sunday at noon until christmas", Ask("until")),
        ("25:00 every day", Ask("impossible-time")),
        ("11/12/2026 9am", Ask("ambiguous-date")),
        ("twice a day", Ask("too-often")),
        ("jeden dienstag um 9", Ask("unclear")),
        ("todos los lunes a las 8", Ask("unclear")),
        ("9" * 4096, Ask("too-long")),
        ("5 pm " * 800, Ask("too-long")),
    ],
)
def test_phrases_that_fool_parsers_are_read_right_or_asked(text: str, expected: Schedule | Ask) -> None:
    got = read(text)

    assert got == expected
    assert takes_less(0.01, lambda: read(text))


@pytest.mark.case(95)
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("now", "unclear"),
        ("in 0 minutes", "past"),
        ("in 0 days", "past"),
        ("today at 9am", "past"),
        ("yesterday at 5", "past"),
        ("20 november", "past"),
        ("on 5 january 2020", "past"),
        ("in 6 years", "too-far"),
        ("1 january 2040", "too-far"),
        ("1 january 9999", "too-far"),
        ("in 999 years", "too-far"),
        ("every 100 years", "too-far"),
        ("daily from 1 january 9999", "too-far"),
    ],
)
def test_moments_that_are_over_or_far_off_are_refused_plainly(text: str, why: str) -> None:
    got = read(text)

    assert got == Ask(why)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("tonight", "Europe/London", Schedule("once", time=time(21), first=date(2026, 11, 22))),
        ("tonight", "Pacific/Auckland", Ask("past")),
        ("tomorrow", "Pacific/Kiritimati", Schedule("once", first=date(2026, 11, 24))),
        ("in 2 hours", "Pacific/Auckland", Schedule("once", time=time(1), first=date(2026, 11, 23))),
        ("in 3 hours", "America/New_York", Schedule("once", time=time(8), first=date(2026, 11, 22))),
    ],
)
def test_days_are_reckoned_where_the_person_is(text: str, zone: str, expected: Schedule | Ask) -> None:
    got = read(text, zone)

    assert got == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("next friday", date(2026, 11, 27)),
        ("friday next week", date(2026, 12, 4)),
        ("next week at 9 on friday", date(2026, 12, 4)),
        ("friday week", date(2026, 12, 4)),
        ("next wednesday", date(2026, 12, 2)),
    ],
)
def test_next_and_next_week_differ_in_the_middle_of_a_week(text: str, expected: date) -> None:
    wednesday = datetime(2026, 11, 25, 10, tzinfo=UTC)

    got = read(text, now=wednesday)

    assert isinstance(got, Schedule)
    assert got.first == expected


def test_an_hour_from_now_is_an_hour_when_the_clocks_change() -> None:
    before_the_gap = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)

    got = read("in an hour", "Europe/Berlin", before_the_gap)

    assert got == Schedule("once", time=time(3, 30), first=date(2027, 3, 28))


@pytest.mark.parametrize("text", ["tursday", "every tursday at 5"])
def test_a_slip_that_could_be_two_days_is_asked(text: str) -> None:
    got = read(text)

    assert isinstance(got, Ask)


@pytest.mark.parametrize("text", ["fridays are fine", "2 reminders every monday", "5 mondays", "every 3 mo"])
def test_a_word_that_only_looks_like_a_time_never_becomes_one(text: str) -> None:
    got = read(text)

    assert isinstance(got, Ask) or got.time is None


def test_a_word_in_two_lists_is_an_error_that_names_it() -> None:
    mapping = words_file("words.toml")
    mapping["weekdays"]["MO"].append("tuesday")

    with pytest.raises(ValueError, match="'tuesday' stands in two lists"):
        ScheduleWords.from_toml(mapping)


_WRAPPED = [
    "{}",
    "{} for my nan",
    "my brother prefers {}",
    "Dad said {}",
    "tell my husband {}",
    "{} because I forget",
    "{}, my wife is up then",
    "as Mam is away, {}",
    "{}, so that grandad can look too",
    "my memory is bad, so {}",
    "{} is what her consultant asked for",
    "{} would be grand if you don't mind",
]


@pytest.mark.parametrize("wrapped", _WRAPPED)
def test_for_whom_who_says_so_and_why_change_nothing(wrapped: str) -> None:
    got = read(wrapped.format("every other monday at 8"))

    assert got == Schedule("weekly", 2, ("MO",), time=time(8))


@pytest.mark.parametrize("wrapped", _WRAPPED)
@pytest.mark.parametrize(
    "changed",
    [
        "{} unless it rains",
        "if it grows, {}",
        "{} except in the holidays",
        "not {}",
        "{} or tuesday",
        "{}, weather permitting",
        "{} until easter",
        "{}, only in winter",
        "{} when I am at home",
        "{} but skip the first",
        "{} starting after the wedding",
        "{}, alternating with my wife",
        "{} as I please",
        "{} is too often",
        "I used to check {}",
        "do you do {}?",
        "she had it {}",
        "my tablets are {}",
        "the bins go out {}",
    ],
)
def test_what_could_change_a_schedule_is_never_dropped(wrapped: str, changed: str) -> None:
    got = read(wrapped.format(changed.format("every monday at 8")))

    assert isinstance(got, Ask)


@pytest.mark.parametrize(
    "text",
    [
        "dad wants mondays, mum wants fridays",
        "my dad wants mondays, fridays suit my mum",
        "monday for me, thursday for my wife",
        "mondays are good for me, fridays are good for my wife",
        "remind my wife every monday and my son every friday",
    ],
)
def test_two_persons_with_a_wish_each_are_asked(text: str) -> None:
    got = read(text)

    assert isinstance(got, Ask)


@pytest.mark.parametrize(
    "text", ["every week, as my son is 7", "every week because mondays are busy", "daily, dad is 80"]
)
def test_a_reason_with_a_day_or_a_number_is_asked(text: str) -> None:
    got = read(text)

    assert isinstance(got, Ask)


def test_an_event_is_dropped_only_beside_a_clock_time() -> None:
    with_clock, without = read("every day at 8 before the school run"), read("every morning before the school run")

    assert with_clock == Schedule("daily", time=time(8))
    assert isinstance(without, Ask)


def test_a_long_text_is_read_only_as_far_as_its_schedule_is_short() -> None:
    reason = "because my eyes are bad and my son has promised that he will help me with the photos of it"

    one_reason = read(f"every sunday evening for my mother in law and her sister, {reason}")
    many_times = read("every sunday evening " * 10)

    assert one_reason == Schedule("weekly", 1, ("SU",), time=time(19))
    assert many_times == Ask("too-long")


_VOCABULARY = sorted(WORDS._lexicon) + [str(number) for number in range(62)] + ["7.30pm", "18:00", "25/12", "3rd"]
_WRAPPING = sorted({phrase for phrases in WORDS.wrapping.values() for phrase in phrases})
_PHRASES = st.lists(st.sampled_from(_VOCABULARY) | st.sampled_from(_WRAPPING), max_size=12).map(" ".join)
_MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  strategy bounds
_ZONES = st.sampled_from(
    ["Europe/London", "Pacific/Auckland", "America/Havana", "Asia/Kathmandu", "Pacific/Kiritimati"]
)


@given(st.one_of(st.text(max_size=200), _PHRASES), _MOMENTS, _ZONES)
@example("\ud800\x00‮🙂" * 30, NOW, "Europe/London")
@example("31st", datetime(2027, 1, 31, 9, tzinfo=UTC), "Europe/London")
def test_any_text_is_read_or_asked_quickly_and_never_in_the_past(text: str, now: datetime, zone: str) -> None:
    got = read(text, zone, now)

    assert takes_less(0.05, lambda: read(text, zone, now))
    if isinstance(got, Schedule) and got.first is not None:
        local = now.astimezone(ZoneInfo(zone))
        assert got.first >= local.date()
        if got.time is not None:
            assert datetime.combine(got.first, got.time, tzinfo=ZoneInfo(zone)).timestamp() > now.timestamp()
    if isinstance(got, Schedule):
        assert got.interval >= 1
        assert got.freq != "once" or got.first is not None
        assert got.monthday is None or 1 <= got.monthday <= 28
