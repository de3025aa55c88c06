"""Show past answers and saved checklists, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.views import when
from bot.views.check_ins import key, said
from bot.views.record import short_day
from bot.views.screen import Button, Screen, pack
from content.markup import Html
from content.model import Library
from scheduler.cadence import Nominal
from scheduler.db.history import Told, moment
from scheduler.db.models import CheckIn, Run

PAGE_SIZE = 6
ENTRIES_IN_A_ROW = 3

# Of a longer note the list shows the beginning; the entry shows it whole.
NOTE_IN_LIST = 120

# In place of a time, in the data of a checklist's buttons.
CHECKLIST = "run"

# A plan or checklist, and a nominal time or "": as `history.find` takes it.
Name = tuple[str, str]


def page(library: Library, rows: Sequence[Told], names: Mapping[int, str], number: int) -> Screen:
    """Show one page of all entries, with a button for each, and a way to the newer and the older ones.

    `names` are the plans' public ids by row number.
    """
    phrases = library.phrases
    if not rows:
        return Screen(phrases.say("history.none"))
    pages = -(-len(rows) // PAGE_SIZE)
    number = min(number, pages)
    first = (number - 1) * PAGE_SIZE
    lines: list[str] = [phrases.say("history.title", page=number, pages=pages)]
    opens: list[Button] = []
    for n, row in enumerate(rows[first : first + PAGE_SIZE], first + 1):
        lines.append(phrases.say("history.item", n=n, entry=line(library, row, NOTE_IN_LIST)))
        label = phrases.plain("history.open", n=n, day=short_day(phrases, day_of(row), year=False))
        opens.append(Button(label, data("open", *name_of(row, names))))
    lines.append(phrases.say("history.hint"))
    turns = []
    if number > 1:
        turns.append(Button(phrases.plain("button.newer"), pack("h", number - 1)))
    if number < pages:
        turns.append(Button(phrases.plain("button.older"), pack("h", number + 1)))
    more = (
        Button(phrases.plain("history.picture"), pack("f", "picture", "all")),
        Button(phrases.plain("history.page"), pack("f", "preview", "all")),
    )
    table = [tuple(opens[at : at + ENTRIES_IN_A_ROW]) for at in range(0, len(opens), ENTRIES_IN_A_ROW)]
    return Screen("\n\n".join(lines), (*table, *([tuple(turns)] if turns else []), more), protected=True)


def page_of(rows: Sequence[Told], entry: Told) -> int:
    """Return the page that an entry stands on, or stood on before it was deleted."""
    return sum(moment(row) > moment(entry) for row in rows) // PAGE_SIZE + 1


def line(library: Library, entry: Told, note_length: int | None = None) -> Html:
    """Return an entry as text: its day, what was said, the note, cut after so many characters."""
    phrases, day = library.phrases, when.day(library.phrases, day_of(entry))
    if isinstance(entry, Run):
        text = phrases.say("history.run", when=day, outcome=phrases.plain(f"outcome.{entry.outcome}"))
    else:
        text = phrases.say("history.check_in", when=day, answer=said(phrases, entry.answer or "", entry.details))
    if note := note_of(entry):
        cut = note if note_length is None or len(note) <= note_length else f"{note[:note_length].rstrip()}…"
        return Html(f"{text}\n{phrases.say('history.note', note=cut)}")
    return text


def day_of(entry: Told) -> date:
    """Return the day of an entry: the local one of a check-in, the UTC one of a checklist."""
    return Nominal.parse(entry.nominal).day if isinstance(entry, CheckIn) else entry.started_at.date()


def note_of(entry: Told) -> str:
    """Return the note; nothing where there is none."""
    return (entry.note if isinstance(entry, Run) else (entry.details or {}).get("note")) or ""


def name_of(entry: Told, names: Mapping[int, str]) -> Name:
    """Return what names an entry."""
    return (names[entry.plan_id], entry.nominal) if isinstance(entry, CheckIn) else (entry.public_id, "")


def data(action: str, public_id: str, nominal: str, *rest: str) -> str:
    """Return button data that names this entry."""
    return pack("h", action, public_id, key(nominal) or CHECKLIST, *rest)


def step(library: Library, name: Name, text: str, rows: Sequence[tuple[Button, ...]], back: str = "open") -> Screen:
    """Show one step of correcting an entry, with the way back to the one before."""
    way_back = (Button(library.phrases.plain("button.back"), data(back, *name)),)
    return Screen(text, (*rows, way_back), protected=True)
