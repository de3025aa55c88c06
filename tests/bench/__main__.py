"""Measure this program beside others: python -m tests.bench [names] [--full].

Everything that is compared runs in this same run, in processes of the same kind, in turns. Without names all of it is
measured and written into docs/measurements.md; with names only these are, and shown.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.bench import (
    document,
    firing,
    kills,
    machine,
    pacing,
    plot,
    reading,
    sending,
    starting,
    tables,
    talking,
    waking,
)
from tests.bench.figures import Curve, Row, not_measured
from tests.bench.fresh import Failed
from tests.bench.sizes import FULL, SHORT, Sizes


@dataclass(frozen=True)
class Group:
    """Hold one group of rows, and who measures them."""

    title: str
    measure: Callable[[Sizes, str | None], Iterator[Row | Curve]]


GROUPS: Mapping[str, Group] = {
    "firing": Group("Scheduling and firing what is due at once", firing.measure),
    "sending": Group("Sending", sending.measure),
    "pacing": Group("Keeping a limit", pacing.measure),
    "tables": Group("Growing tables", tables.measure),
    "waking": Group("Waking up in time", waking.measure),
    "reading": Group("Reading a message", reading.measure),
    "talking": Group("Answering", talking.measure),
    "starting": Group("Starting", starting.measure),
    "kills": Group("SIGKILL again and again while check-ins are delivered", kills.measure),
}


FAILED = "it failed"


class Progress:
    """Say on standard error what is measured, and what came out of it."""

    def __init__(self) -> None:
        """Begin to count the time."""
        self._begun = time.monotonic()

    def tell(self, words: str) -> None:
        """Say it, with the time that has passed."""
        minutes, seconds = divmod(int(time.monotonic() - self._begun), 60)
        sys.stderr.write(f"{minutes:3d}:{seconds:02d}  {words}\n")
        sys.stderr.flush()


def run(
    names: Sequence[str], sizes: Sizes, server: str | None, tell: Callable[[str], None]
) -> dict[str, list[Row | Curve]]:
    """Measure these groups. One that fails is told and leaves a row that says so; the others go on."""
    found: dict[str, list[Row | Curve]] = {}
    for place, name in enumerate(names, 1):
        group = GROUPS[name]
        tell(f"[{place}/{len(names)}] {name}: {group.title}")
        found[name] = []
        try:
            for row in group.measure(sizes, server):
                found[name].append(row)
                if isinstance(row, Row):
                    tell(f"      {row.what}: {row.result or row.ours or row.other} {row.verdict.strip('*')}")
        except (Failed, AssertionError, TimeoutError, OSError) as error:
            tell(f"      FAILED: {type(error).__name__}: {error}")
            found[name].append(not_measured(f"{name}: the rest", FAILED))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure as the command line says."""
    asked = _parser().parse_args(arguments)
    sizes, server = FULL if asked.full else SHORT, os.environ.get("TEST_POSTGRESQL_URL") or None
    # So that databases are dropped and processes ended even then.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    progress = Progress()
    facts = {**machine.facts(server), "sizes": f"{sizes.name}; medians of {sizes.repeats} repeats, from to in brackets"}
    found = run(asked.names or list(GROUPS), sizes, server, progress.tell)
    facts["load at the end"] = machine.load()
    rows = {GROUPS[name].title: [row for row in group if isinstance(row, Row)] for name, group in found.items()}
    text = document.report(facts, rows)
    sys.stdout.write(text)
    if not asked.names:
        curves = [row for group in found.values() for row in group if isinstance(row, Curve)]
        plot.draw([row for group in rows.values() for row in group], curves)
        document.write("bench", f"{text}\n{plot.EMBEDDED}\n")
        progress.tell(f"written: {document.DOCUMENT.name} and {plot.PICTURE.name}")
    if FAILED in text:
        # A ratio is what it is; a measurement that broke off is a fault.
        sys.exit("not everything could be measured")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*GROUPS, []], metavar="name", help=", ".join(GROUPS))
    parser.add_argument("--full", action="store_true", help="the sizes that the targets speak of: half an hour or more")
    return parser


if __name__ == "__main__":
    main()
