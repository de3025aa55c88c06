"""Zones: pinned data, safe keys, and suggestions for what people type, send or see on their clock."""

from __future__ import annotations

import subprocess
import sys
import zoneinfo
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.cities import cities, fold
from scheduler.zones import (
    MAX_SUGGESTIONS,
    UnknownZone,
    check_tzdata,
    find_zones,
    use_pinned_tzdata,
    zone,
    zone_at,
    zones_with_local_time,
)

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _pinned_tzdata() -> Iterator[None]:
    before = zoneinfo.TZPATH
    use_pinned_tzdata()
    yield
    zoneinfo.reset_tzpath(to=before)
    ZoneInfo.clear_cache()


def keys(text: str) -> list[str]:
    return [suggestion.key for suggestion in find_zones(text, NOW)]


@pytest.mark.case(87)
def test_the_pinned_package_wins_once_it_is_asked_to() -> None:
    release = use_pinned_tzdata()

    assert check_tzdata().pinned
    assert check_tzdata().version == release >= "2026f"
    assert datetime(2027, 4, 1, 9, tzinfo=zone("Africa/Casablanca")).utcoffset() == timedelta(0)


@pytest.mark.case(87)
def test_system_files_that_shadow_the_package_are_told(tmp_path: Path) -> None:
    (tmp_path / "Etc").mkdir()
    (tmp_path / "Etc" / "UTC").write_bytes(b"TZif")
    zoneinfo.reset_tzpath(to=[tmp_path])

    without_release = check_tzdata()
    (tmp_path / "tzdata.zi").write_text("# version 2025b\n# more\n")

    assert (without_release.pinned, without_release.version) == (False, "")
    assert (check_tzdata().pinned, check_tzdata().version) == (False, "2025b")


@pytest.mark.case(88)
@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        (" america/new york ", "America/New_York"),
        ("Europe/Kiev", "Europe/Kiev"),
        ("UTC", "UTC"),
        ("Etc/GMT+2", "Etc/GMT+2"),
        ("Japan", "Japan"),
    ],
)
def test_a_key_is_known_in_any_case_and_by_its_old_names(typed: str, key: str) -> None:
    assert zone(typed).key == key


@pytest.mark.case(88)
@pytest.mark.parametrize(
    "typed",
    [
        "",
        ".",
        "/",
        "Europe",
        "Europe/",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/Berlin\0",
        "a" * 5000,
        "EST",
        "W-SU",
        "Factory",
        "posix/Europe/Berlin",
        "right/UTC",
        "posixrules",
        "localtime",
        "zone.tab",
        "Mars/Olympus",
        "tzdata.zi",
    ],
)
def test_anything_else_is_an_unknown_zone(typed: str) -> None:
    with pytest.raises(UnknownZone) as caught:
        zone(typed)

    assert str(caught.value) == "This is not the name of a time zone."


def test_every_zone_of_a_city_is_known() -> None:
    for key in {city.zone for city in cities().all}:
        assert zone(key).key == key


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("London", "Europe/London"),
        ("berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("new_york", "America/New_York"),
        ("nyc", "America/New_York"),
        ("Bombay", "Asia/Kolkata"),
        ("São Paulo", "America/Sao_Paulo"),
        ("sao paolo", "America/Sao_Paulo"),
        ("berln", "Europe/Berlin"),
        ("lodon", "Europe/London"),
        ("germny", "Europe/Berlin"),
        ("san fran", "America/Los_Angeles"),
        ("St. Louis", "America/Chicago"),
        ("Лондон", "Europe/London"),
        ("東京", "Asia/Tokyo"),
        ("Nauru", "Pacific/Nauru"),
        ("troll", "Antarctica/Troll"),
        ("uk", "Europe/London"),
        ("the netherlands", "Europe/Amsterdam"),
        ("Portland, Oregon", "America/Los_Angeles"),
        ("Portland, ME", "America/New_York"),
        ("Paris, TX", "America/Chicago"),
        ("London Canada", "America/Toronto"),
        ("I live in New York", "America/New_York"),
        ("near Munich", "Europe/Berlin"),
        ("Berlin time", "Europe/Berlin"),
        ("EST", "America/New_York"),
        ("pacific time", "America/Los_Angeles"),
        ("europe/kiev", "Europe/Kiev"),
    ],
)
def test_a_place_is_found_as_people_type_it(typed: str, key: str) -> None:
    assert keys(typed)[0] == key


def test_a_name_with_several_meanings_offers_each_with_its_region_and_time() -> None:
    london, ontario, *_ = find_zones("london", NOW)

    assert (london.city, london.region, london.local.strftime("%H:%M")) == ("London", "United Kingdom", "10:00")
    assert (ontario.city, ontario.region, ontario.local.strftime("%H:%M")) == ("London", "Canada", "05:00")
    assert set(keys("ist")) >= {"Asia/Kolkata", "Asia/Jerusalem"}
    assert set(keys("georgia")) >= {"Asia/Tbilisi", "America/New_York"}


def test_a_country_offers_its_different_clocks_the_most_populous_first() -> None:
    found = find_zones("USA", NOW)

    assert [each.city for each in found[:3]] == ["New York City", "Chicago", "Los Angeles"]
    assert "America/Phoenix" in [each.key for each in found]
    assert len({each.key for each in found}) == len(found) == MAX_SUGGESTIONS
    assert keys("germany") == ["Europe/Berlin"]


@pytest.mark.parametrize("typed", ["", "   ", "?!", "xyzzyqq", "a" * 5000, "\ud800", "word " * 500, "\u202e\u200b"])
def test_what_is_no_place_suggests_nothing(typed: str) -> None:
    assert find_zones(typed, NOW) == ()


@given(st.text(max_size=60))
def test_any_text_gives_few_and_usable_suggestions(text: str) -> None:
    found = find_zones(text, NOW)

    assert len(found) <= MAX_SUGGESTIONS
    assert all(zone(each.key) and each.local == NOW for each in found)


@pytest.mark.parametrize(
    ("wall", "key"),
    [
        ("11:03", "Europe/Berlin"),
        ("09:56", "Europe/London"),
        ("05:00", "America/New_York"),
        ("15:30", "Asia/Kolkata"),
        ("15:44", "Asia/Kathmandu"),
        ("00:00", "Pacific/Honolulu"),
        ("23:45", "Pacific/Chatham"),
    ],
)
def test_the_time_on_a_clock_tells_the_zone(wall: str, key: str) -> None:
    found = [each.key for each in zones_with_local_time(NOW, time.fromisoformat(wall))]

    assert key in found


def test_zones_with_the_same_clock_all_year_are_one_suggestion() -> None:
    found = [each.key for each in zones_with_local_time(NOW, time(5, 0))]

    assert found[:2] == ["America/New_York", "America/Bogota"]
    assert "America/Toronto" not in found


def test_a_clock_that_no_zone_shows_suggests_nothing() -> None:
    assert zones_with_local_time(NOW + timedelta(minutes=7), time(10, 29)) == ()


def test_a_location_gives_the_zone_around_it() -> None:
    assert zone_at(52.5, 13.4) == "Europe/Berlin"
    assert zone_at(-36.85, 174.76) == "Pacific/Auckland"
    assert zone_at(0, -30) == "Etc/GMT+2"


@pytest.mark.parametrize(("latitude", "longitude"), [(91, 0), (0, 181), (float("nan"), 0), (0, float("inf"))])
def test_a_location_off_the_map_gives_none(latitude: float, longitude: float) -> None:
    assert zone_at(latitude, longitude) is None


def test_names_are_compared_without_accents_case_and_signs() -> None:
    assert fold("  São-Paulo ") == fold("sao paulo") == "sao paulo"
    assert fold("St. John's") == "st johns"
    assert fold("Łódź") == "lodz"


def test_many_threads_share_one_index() -> None:
    with ThreadPoolExecutor(8) as pool:
        built = list(pool.map(lambda _: cities(), range(8)))

    assert all(each is built[0] for each in built)


def test_city_data_is_not_loaded_until_somebody_asks() -> None:
    code = """if True:
        from datetime import UTC, datetime
        from scheduler import cities, zones
        zones.use_pinned_tzdata()
        zones.zone("Europe/Berlin")
        assert cities._cities.cache_info().currsize == 0
        before = int(open("/proc/self/statm").read().split()[1]) * 4096
        assert zones.find_zones("Berlin", datetime(2026, 11, 22, tzinfo=UTC))
        print((int(open("/proc/self/statm").read().split()[1]) * 4096 - before) // 2**20)
    """

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert int(found.stdout) <= 60
