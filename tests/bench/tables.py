"""Measure how claiming and an idle look grow with the number of plans."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from tests.bench import fresh
from tests.bench.crowds import new_database
from tests.bench.figures import Curve, Row, Target, not_measured, number
from tests.bench.growth import Cost
from tests.bench.growth import measure as grow
from tests.bench.sizes import Sizes

FLAT = Target(0.05)
IDLE = Target(1.0, unit=" ms")


def measure(sizes: Sizes, server: str | None) -> Iterator[Row | Curve]:
    """Give two rows for each database, and the curve."""
    for name, place in (("SQLite", None), ("PostgreSQL", server)):
        if name == "PostgreSQL" and not place:
            yield not_measured(f"claim and advance 1,000 due, {name}", "TEST_POSTGRESQL_URL names no server")
            continue
        with new_database(place) as url:
            costs: list[Cost] = fresh.call(grow, url, sizes.plans)
        # SQLite works inside our process, where other processes do not disturb; PostgreSQL's own work is in the wall.
        cpu = [cost.claim_cpu + cost.mark_cpu for cost in costs]
        wall = [cost.claim_wall + cost.mark_wall for cost in costs]
        kind, taken = ("CPU", cpu) if place is None else ("wall", wall)
        yield Curve(f"{name}, {kind}", [cost.plans for cost in costs], taken)
        yield _growth(name, kind, costs, taken, wall if kind == "CPU" else cpu)
        last = costs[-1]
        cells = (f"{number(last.idle_cpu)} ms CPU, {number(last.idle_wall)} ms wall", _first(costs))
        yield Row(f"an idle look at {last.plans:,} plans, {name}", *cells, last.idle_cpu, target=IDLE)


def _growth(name: str, kind: str, costs: Sequence[Cost], taken: Sequence[float], rest: Sequence[float]) -> Row:
    plans = [cost.plans for cost in costs]
    found, other = exponent(plans, taken), exponent(plans, rest)
    what = f"claim and advance 1,000 due, {plans[0]:,} to {plans[-1]:,} plans: growth exponent of {kind}, {name}"
    ours = f"{number(round(taken[0]))} to {number(round(taken[-1]))} µs each"
    rest_name = "wall" if kind == "CPU" else "CPU"
    return Row(what, ours, f"{rest_name}: {number(other)}", found, f"{found:.3f}", FLAT)


def _first(costs: Sequence[Cost]) -> str:
    return f"at {costs[0].plans:,} plans: {number(costs[0].idle_cpu)} ms CPU"


def exponent(plans: Sequence[int], costs: Sequence[float]) -> float:
    """Return k of cost = c * plans ** k, fitted over all sizes."""
    slope, _ = np.polyfit(np.log(plans), np.log(costs), 1)
    return float(slope)
