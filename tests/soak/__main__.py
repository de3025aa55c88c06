"""Run the real program under load and trouble: python -m tests.soak [--due 10000 --seconds 1800] [--webhook].

It prints a table and writes it into docs/measurements.md, and ends with 1 if a check-in or an answer was lost, came too
often or out of order, or if the memory of the process grows.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench import document, machine
from tests.bench.crowds import new_database
from tests.faults.progress import telling
from tests.faults.tally import where_and_when
from tests.soak.run import soak
from tests.soak.tally import Orders


def main(arguments: Sequence[str] | None = None) -> None:
    """Run as the command line says."""
    parser = _parser()
    orders = Orders(**vars(parser.parse_args(arguments)))
    server = os.environ.get("TEST_POSTGRESQL_URL") or None
    if orders.postgresql and server is None:
        parser.error("TEST_POSTGRESQL_URL names no PostgreSQL server")
    facts = where_and_when(machine.facts(server))
    with new_database(server if orders.postgresql else None) as url, tempfile.TemporaryDirectory() as folder:
        tally = asyncio.run(soak(orders, url, Path(folder), telling()))
    text = f"{facts}\n{tally}"
    sys.stdout.write(text)
    document.write("soak", text)
    if tally.broken:
        sys.exit("; ".join(tally.broken))


def _parser() -> argparse.ArgumentParser:
    usual = Orders()
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--due", type=int, default=usual.due, help="check-ins due in the same minute")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="for how long people write")
    parser.add_argument("--updates-per-second", type=float, default=usual.updates_per_second)
    parser.add_argument("--per-second", type=float, default=usual.per_second, help="SEND_PER_SECOND")
    parser.add_argument("--flooded", type=float, default=usual.flooded, help="share of calls answered with 429")
    parser.add_argument("--broken", type=float, default=usual.broken, help="share of calls answered with 500 or 502")
    parser.add_argument("--webhook", action="store_true", help="let Telegram call; else the program polls")
    parser.add_argument("--postgresql", action="store_true", help="on TEST_POSTGRESQL_URL; else on a file")
    parser.add_argument("--seed", type=int, default=usual.seed, help="which calls fail")
    return parser


if __name__ == "__main__":
    main()
