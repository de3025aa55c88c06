"""What people type about days and hours tells of no sign, however often "every week" stands in it."""

from __future__ import annotations

from pathlib import Path

from content.load import CONTENT
from content.model import Library
from content.reading.signs import read_signs
from tests.content.samples import lines

WHEN = Path(__file__).parent / "data" / "when.jsonl"
TIMES = CONTENT / "en" / "signs" / "times.txt"

# Some of them tell of a sign as well.
MOST = 0.03


def unseen() -> list[str]:
    """Return schedules that the model was not fitted to."""
    seen = set(TIMES.read_text(encoding="utf-8").splitlines())
    return [line["text"] for line in lines(WHEN) if line["text"] not in seen]


def test_a_schedule_is_seldom_taken_for_a_sign(library: Library) -> None:
    texts = unseen()
    read = {text: read_signs(text, library.signs) for text in texts}
    raised = [text for text in texts if read[text].flags]
    alarms = [text for text in texts if read[text].emergency]

    assert len(texts) > 500
    assert len(raised) <= MOST * len(texts), raised
    assert len(alarms) <= 2, alarms


def test_control_a_sign_beside_a_schedule_is_seen(library: Library) -> None:
    assert read_signs("every week on sunday at 11, and it hurts a lot now", library.signs).flags
