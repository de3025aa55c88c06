"""Count what several replicas did: what was lost, what came twice, in which order, and how many in the worst second."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.intake import CHAT_LEASE
from scheduler.deliver import LEASE
from tests.bench.document import table
from tests.faults.checker import Verdict

REPLICAS = 3

# What people type, in this order, over and over. Each has an answer of its own, so that one is known by it.
TEXTS = ("/help", "/privacy", "/settings", "/topics")

# Telegram's own limit, of which a bot keeps below.
LIMIT = 30


@dataclass(frozen=True)
class Orders:
    """Say how large the run is."""

    due: int = 300
    seconds: float = 12.0
    updates_per_second: float = 20.0
    per_second: float = 25.0
    as_shipped: bool = False
    hold_limit: bool = False

    @property
    def leases(self) -> tuple[timedelta, timedelta]:
        """Return the leases on a check-in and on a chat: shorter, where a minute after the kill is too long to wait."""
        return (LEASE, CHAT_LEASE) if self.as_shipped else (timedelta(seconds=5), timedelta(seconds=5))


@dataclass(frozen=True)
class Answers:
    """Say how one person was answered: `waits` in seconds."""

    waits: Sequence[float]
    lost: int
    repeated: int
    out_of_order: int


@dataclass(frozen=True)
class Tally:
    """Hold what was counted."""

    orders: Orders
    answers: Sequence[Answers]
    verdict: Verdict
    worst_second: int
    floods: int
    sends: int
    all_sent_in: float
    took_part: Sequence[int]
    refused: int
    exits: Sequence[int]
    meter_held: float = 0.0

    @property
    def broken(self) -> list[str]:
        """Return what must not be so."""
        rules = {
            "an answer is missing": any(one.lost for one in self.answers),
            "answers came out of order": any(one.out_of_order for one in self.answers),
            broken_promises(self.verdict): bool(self.verdict.broken),
            "a stop did not end well": list(self.exits) != [-signal.SIGKILL, 0],
            "a replica took no part": len(self.took_part) < REPLICAS,
            "more than the limit were sent in a second": self.orders.hold_limit and self.worst_second > LIMIT,
        }
        return [name for name, is_so in rules.items() if is_so]

    def __str__(self) -> str:
        """Return a table in Markdown."""
        rows = {
            "replicas, one killed and one restarted in the middle": REPLICAS,
            **answer_rows(self.answers, self.orders.updates_per_second, "killed between answer and note"),
            "calls taken by each replica": " / ".join(map(str, self.took_part)),
            "calls that Telegram had to repeat": self.refused,
            **check_in_rows(self.verdict, self.all_sent_in),
            **send_rows(self.sends, self.worst_second, self.orders.per_second, self.meter_held),
            "calls answered with 429": self.floods,
            "exit codes of the killed and of the stopped": " / ".join(map(str, self.exits)),
        }
        return written(rows)


def answer_rows(answers: Sequence[Answers], per_second: float, why_twice: str) -> Mapping[str, object]:
    """Return what the table says of updates and their answers."""
    waits = sorted(wait for one in answers for wait in one.waits)
    lost = sum(one.lost for one in answers)
    spread = (f"{waits[min(len(waits) - 1, int(len(waits) * share))]:.2f}" for share in (0.5, 0.95, 1.0) if waits)
    return {
        f"updates, {per_second:g} a second": len(waits) + lost,
        "answers missing": lost,
        f"answers that came twice ({why_twice})": sum(one.repeated for one in answers),
        "answers out of order in their chat": sum(one.out_of_order for one in answers),
        "seconds to an answer, median / 95 % / longest": " / ".join(spread) or "none came",
    }


def broken_promises(verdict: Verdict) -> str:
    """Return how many check-ins broke which part of the promise, in words."""
    return "check-ins: " + ", ".join(f"{len(keys)} {name}" for name, keys in verdict.broken.items())


def check_in_rows(verdict: Verdict, seconds: float) -> Mapping[str, object]:
    """Return what the table says of check-ins; `seconds` from the first to the last of them."""
    return {
        "check-ins due in the same minute": verdict.due,
        "check-ins lost": len(verdict.lost),
        "check-ins that came twice, with a note of it": len(verdict.doubled),
        "check-ins that came more often": len(verdict.too_often),
        "check-ins unfinished, unexplained, untimely": sum(
            map(len, (verdict.unfinished, verdict.unexplained, verdict.untimely))
        ),
        "seconds from the first to the last check-in": f"{seconds:.0f}",
    }


def send_rows(sends: int, worst: int, per_second: float, held: float) -> Mapping[str, object]:
    """Return what the table says of the limit; `held` is for how many seconds the meter could not look."""
    return {
        "calls that put something into a chat": sends,
        f"of these in the worst second (told {per_second:g}, Telegram's limit {LIMIT})": worst,
        "longest that the meter itself was held up, s (then that second seems fuller than it was)": f"{held:.2f}",
    }


def where_and_when(facts: Mapping[str, str]) -> str:
    """Return the lines above the table."""
    return "".join(f"- {name}: {facts[name]}\n" for name in ("date", "machine", "load", "Python"))


def written(rows: Mapping[str, object]) -> str:
    """Return a table in Markdown."""
    return table(("what", "number"), [(name, str(value)) for name, value in rows.items()])


def worst_second(instants: Sequence[float]) -> int:
    """Return the most instants within any one second."""
    ordered, first, worst = sorted(instants), 0, 0
    for last, at in enumerate(ordered):
        while ordered[first] <= at - 1.0:
            first += 1
        worst = max(worst, last - first + 1)
    return worst


def follow(written: Sequence[float], got: Sequence[tuple[float, int]]) -> Answers:
    """Hold answers, as (when, which of TEXTS), against what was written. The same one again is a repeat."""
    waits: list[float] = []
    repeated = out_of_order = 0
    for at, which in got:
        if waits and which == (len(waits) - 1) % len(TEXTS):
            repeated += 1
        elif len(waits) < len(written) and which == len(waits) % len(TEXTS):
            waits.append(at - written[len(waits)])
        else:
            out_of_order += 1
    return Answers(waits, len(written) - len(waits), repeated, out_of_order)
