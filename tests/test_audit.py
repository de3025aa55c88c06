"""What `make check` says of known vulnerabilities."""

from __future__ import annotations

from tests.audit import verdict

CLEAN = {"name": "aiohttp", "version": "3.14.5", "vulns": []}
UNKNOWN = {"name": "tzdata", "skip_reason": "not found"}


def test_a_known_vulnerability_fails_the_check_and_is_named() -> None:
    hit = {"id": "CVE-2026-1", "fix_versions": ["3.14.6"]}

    code, text = verdict([CLEAN | {"vulns": [hit]}, UNKNOWN])

    assert code == 1
    assert "aiohttp 3.14.5: CVE-2026-1, fixed in 3.14.6" in text


def test_what_could_not_be_looked_up_is_no_all_clear() -> None:
    assert verdict([UNKNOWN, UNKNOWN]) == (0, "pip-audit: skipped, none of 2 packages could be looked up")
    assert verdict([CLEAN, UNKNOWN]) == (0, "pip-audit: no known vulnerability in 1 packages; not looked up: tzdata")
