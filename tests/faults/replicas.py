"""Run three real replicas on one PostgreSQL database, kill one, restart one, and count what happened.

`python -m tests.faults.replicas` needs TEST_POSTGRESQL_URL. It prints a table, with --write also into
docs/measurements.md, and ends with 1 if an answer or a check-in was lost, came too often or out of order. How many were
sent in the worst second, by all replicas together, is always measured, and judged with --hold-limit.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from bot.phone.server import Phone
from tests.bench import document, machine
from tests.bench.crowds import new_database, opened
from tests.bot.replicas import SECRET, free_port
from tests.faults import crowd, meter, replica, writers
from tests.faults.balancer import PATH, Balancer
from tests.faults.checker import delivered_in, judge, unfinished
from tests.faults.harness import TOKEN, Child, Scene, eventually
from tests.faults.progress import Tell, telling, told_every
from tests.faults.tally import REPLICAS, Orders, Tally, where_and_when, worst_second
from tests.faults.writers import Writer

# To look costs much where much was sent.
LOOK_EVERY = 1.0

# So often somebody who waits is told how far it is.
TELL_EVERY = 10.0


async def run(orders: Orders, database_url: str, folder: Path, tell: Tell) -> Tally:
    """Make the scene, let everything happen, and count."""
    async with Phone() as phone, opened(database_url) as database:
        scene = Scene(phone, database_url, database, folder)
        ports = [free_port() for _ in range(REPLICAS)]
        balancer = Balancer(ports)
        await balancer.start()
        try:
            return await _run(orders, scene, balancer, ports, tell)
        finally:
            await scene.close()
            await balancer.stop()


async def _run(orders: Orders, scene: Scene, balancer: Balancer, ports: Sequence[int], tell: Tell) -> Tally:
    lease, chat_lease = orders.leases
    webhook = f"http://127.0.0.1:{balancer.port}{PATH}"
    api_url, notes = await meter.start(scene)

    async def start(port: int) -> Child:
        stderr = scene.folder / f"replica{len(scene.children)}.log"
        part = replica.Part(
            *(TOKEN, api_url, scene.database_url, str(stderr), port, webhook, SECRET),
            *(orders.per_second, lease, chat_lease),
        )
        new = scene.fork(replica.run, part, stderr=stderr)
        await new.says("the bot listens")
        return new

    tell(f"{REPLICAS} replicas start")
    chats = crowd.open_chats(scene, orders.due)
    running = list(await asyncio.gather(*(start(port) for port in ports)))
    await eventually(lambda: balancer.ready == REPLICAS, "every replica ready")
    known = await writers.learn(scene)
    tell(f"{orders.due} people get a plan each")
    begun = time.monotonic()
    due = await crowd.plan_apart(scene, chats)

    people = writers.gather(scene, orders.updates_per_second)
    async with told_every(TELL_EVERY, tell, lambda: writers.how_far(scene, people)):
        tell(f"{len(people)} people write for {orders.seconds:g} s")
        writing = asyncio.create_task(writers.write(people, orders.updates_per_second, orders.seconds))
        await asyncio.sleep(orders.seconds / 3)
        tell("one is killed and starts again")
        await running[0].kill()
        again = asyncio.create_task(start(ports[0]))
        await asyncio.sleep(orders.seconds / 3)
        tell("another is stopped and starts again")
        running[1].signal(signal.SIGTERM)
        exits = [running[0].exit_code() or 0, await running[1].ended()]
        await asyncio.gather(again, start(ports[1]))
        await writing
        tell("nobody writes any more; the rest has to come")

        await _settle(scene, orders, people, known)

    left = [at for at in meter.read(notes) if at >= begun]
    return Tally(
        orders,
        writers.answered(scene, people, known),
        await judge(scene, due),
        worst_second(left),
        sum(call.status == 429 for call in scene.phone.calls(TOKEN)),
        len(left),
        delivered_in(scene),
        [balancer.taken[port] for port in ports if balancer.taken[port]],
        balancer.failed.total(),
        exits,
        meter.read_held(notes),
    )


async def _settle(scene: Scene, orders: Orders, people: Sequence[Writer], known: Mapping[str, int]) -> None:
    """Wait until nothing more is to come; what never comes is told by the tally."""
    # Every lease of the killed one is over, and everything has gone out at half the pace.
    patience = 60 + 2 * sum(lease.total_seconds() for lease in orders.leases) + 2 * orders.due / orders.per_second
    with suppress(TimeoutError):
        async with asyncio.timeout(patience):
            while True:
                is_answered = not any(one.lost for one in writers.answered(scene, people, known))
                if is_answered and not await unfinished(scene):
                    return
                await asyncio.sleep(LOOK_EVERY)  # other processes bring it about


def main(arguments: Sequence[str] | None = None) -> None:
    """Run as the command line says."""
    parser = _parser()
    asked = vars(parser.parse_args(arguments))
    write, orders = asked.pop("write"), Orders(**asked)
    server = os.environ.get("TEST_POSTGRESQL_URL")
    if not server:
        parser.error("TEST_POSTGRESQL_URL names no PostgreSQL server")
    facts = where_and_when(machine.facts(server))
    with new_database(server) as url, tempfile.TemporaryDirectory() as folder:
        tally = asyncio.run(run(orders, url, Path(folder), telling()))
    text = f"{facts}\n{tally}"
    sys.stdout.write(text)
    if write:
        document.write("replicas", text)
    if tally.broken:
        sys.exit("; ".join(tally.broken))


def _parser() -> argparse.ArgumentParser:
    usual = Orders()
    parser = argparse.ArgumentParser(prog="python -m tests.faults.replicas", description=__doc__)
    parser.add_argument("--due", type=int, default=usual.due, help="check-ins due in the same minute")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="for how long people write")
    parser.add_argument("--updates-per-second", type=float, default=usual.updates_per_second)
    parser.add_argument("--per-second", type=float, default=usual.per_second, help="SEND_PER_SECOND of each replica")
    parser.add_argument("--as-shipped", action="store_true", help="with the real leases: a minute longer")
    parser.add_argument("--hold-limit", action="store_true", help="fail when too many were sent in a second")
    parser.add_argument("--write", action="store_true", help="write the table into docs/measurements.md")
    return parser


if __name__ == "__main__":
    main()
