"""Hold a year against what had to come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from scheduler.db.models import CheckIn, Plan
from tests.scheduler.year.cast import Character
from tests.scheduler.year.oracle import DAY, Course, after_night
from tests.scheduler.year.world import Letter, Year

LAST_STATES = {"sent", "sent_unconfirmed", "expired", "cancelled", "failed"}

# What waits for Telegram to be reached again is tried at growing intervals.
LATE_BY_OUTAGE = timedelta(minutes=2)


@dataclass
class Verdict:
    """Count the year, and name each breach by person and nominal time."""

    people: int
    due: int = 0
    sent: int = 0
    late: int = 0
    missed: int = 0
    nudges: int = 0
    refused: int = 0
    breaches: dict[str, list[str]] = field(default_factory=dict)

    def blame(self, breach: str, where: str) -> None:
        """Write down a breach."""
        self.breaches.setdefault(breach, []).append(where)

    def __str__(self) -> str:
        """Return the tally in one line."""
        lost, doubled = (len(self.breaches.get(breach, [])) for breach in ("lost", "doubled"))
        return (
            f"a year of {self.people} people: {self.due} due, {self.sent} sent, {self.late} of them late, "
            f"{self.missed} missed, {self.refused} refused by those who had blocked the bot, {self.nudges} nudges, "
            f"{lost} lost, {doubled} duplicated"
        )


async def judge(year: Year, cast: Sequence[Character], courses: Sequence[Course]) -> Verdict:
    """Compare what arrived, and what the tables say, with what had to come."""
    verdict = Verdict(len(cast))
    rows, plans = await year.all_rows()
    for row in rows:
        if row.state not in LAST_STATES:
            verdict.blame("unfinished", f"{row.plan_id} {row.nominal}: {row.state}")
    by_plan: dict[int, list[CheckIn]] = {}
    for row in rows:
        by_plan.setdefault(row.plan_id, []).append(row)
    for who, course in zip(cast, courses, strict=True):
        plan = plans[who.chat_id]
        _compare(verdict, who, course, year.letters[who.chat_id], plan)
        _compare_rows(verdict, who, course, by_plan.get(plan.id, []))
        verdict.due += len(course.letters) + len(course.refused) + course.missed
        verdict.missed += plan.missed
        verdict.refused += len(year.refused[who.chat_id])
    return verdict


def _compare(verdict: Verdict, who: Character, course: Course, letters: Sequence[Letter], plan: Plan) -> None:
    first = [letter for letter in letters if not letter.due.is_nudge]
    times = {letter.due.nominal: letter.at for letter in first}
    verdict.sent += len(first)
    verdict.nudges += len(letters) - len(first)
    for nominal, copies in Counter(letter.due.nominal for letter in first).items():
        if copies > 1:
            verdict.blame("doubled", f"{who} {nominal}")
    for nominal, at in course.letters:
        if nominal not in times:
            verdict.blame("lost", f"{who} {nominal}")
        elif not timedelta() <= times[nominal] - at <= LATE_BY_OUTAGE:
            verdict.blame("untimely", f"{who} {nominal}: {times[nominal]} for {at}")
    for nominal in times.keys() - dict(course.letters):
        verdict.blame("unwanted", f"{who} {nominal}")
    if plan.missed != course.missed:
        verdict.blame("miscounted", f"{who}: {plan.missed} missed, not {course.missed}")
    verdict.late += sum(letter.due.wanted_at is not None and letter.at > letter.due.wanted_at for letter in first)
    _compare_nudges(verdict, who, first, [letter for letter in letters if letter.due.is_nudge])


def _compare_nudges(verdict: Verdict, who: Character, first: Sequence[Letter], nudges: Sequence[Letter]) -> None:
    """Look for nudges about what was answered, early, by night, or twice; and for one that did not come."""
    about = {letter.due.nominal: letter for letter in first}
    for nominal, copies in Counter(nudge.due.nominal for nudge in nudges).items():
        if copies > 1 or nominal not in about or about[nominal].is_answered:
            verdict.blame("unwanted nudge", f"{who} {nominal}")
    for nudge in nudges:
        if nudge.at < about[nudge.due.nominal].at + DAY or nudge.at != after_night(
            nudge.at, nudge.due.zone, *who.night
        ):
            verdict.blame("untimely nudge", f"{who} {nudge.due.nominal}: {nudge.at}")
    if who.habit == "answers the nudge" and len(nudges) != len(first):
        verdict.blame("lost nudge", str(who))


def _compare_rows(verdict: Verdict, who: Character, course: Course, rows: Sequence[CheckIn]) -> None:
    states = {row.nominal: row.state for row in rows}
    wanted = dict.fromkeys(dict(course.letters), "sent") | dict.fromkeys(course.refused, "cancelled")
    if states != wanted:
        verdict.blame("miswritten", f"{who}: {states.items() ^ wanted.items()}")
