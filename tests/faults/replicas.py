"""Run three real replicas on one PostgreSQL database, kill one, restart one, and count what happened.

`python -m tests.faults.replicas` needs TEST_POSTGRESQL_URL. It prints a table in Markdown, and ends with 1 if an update
or a check-in was lost, came too often or out of order. How many were sent in the worst second is always measured, and
judged with --hold-limit.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import create_engine, make_url, text

from bot.phone.people import Person
from bot.phone.server import Phone
from bot.phone.switchboard import Call
from scheduler.db import migrate
from scheduler.db.engine import Database
from tests.bot.replicas import free_port
from tests.faults import meter, replica
from tests.faults.balancer import PATH, Balancer
from tests.faults.checker import judge, unfinished
from tests.faults.crowd import FIRST_CHAT, Due, noon_zone
from tests.faults.harness import PATIENCE, TOKEN, Child, Scene, eventually
from tests.faults.tally import REPLICAS, TEXTS, Answers, Orders, Tally, follow, worst_second
from tests.keys import new_vault

SECRET = "a-secret-of-32-or-more-characters"
FIRST_WRITER = 5_000_000

# A person who writes more often is asked to slow down.
SECONDS_BETWEEN = 4.0

# To look costs much where much was sent.
LOOK_EVERY = 0.5

# So much of an answer tells which one it is.
BEGINNING = 40


@dataclass
class Writer:
    """Hold one person who writes, and when."""

    person: Person
    written: list[float] = field(default_factory=list)

    def writes(self) -> None:
        """Write the next text."""
        self.person.writes(TEXTS[len(self.written) % len(TEXTS)])
        self.written.append(time.monotonic())


async def run(orders: Orders, folder: Path) -> Tally:
    """Make the scene, let everything happen, and count."""
    async with _database() as url, Phone() as phone:
        database = Database(url, new_vault())
        scene = Scene(phone, url, database, folder)
        ports = [free_port() for _ in range(REPLICAS)]
        balancer = Balancer(ports)
        await balancer.start()
        try:
            return await _run(orders, scene, balancer, ports)
        finally:
            await scene.close()
            await balancer.stop()
            await database.close()


async def _run(orders: Orders, scene: Scene, balancer: Balancer, ports: Sequence[int]) -> Tally:
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

    for number in range(orders.due):
        scene.phone.person(TOKEN, f"Person {number}", id=FIRST_CHAT + number).starts()
    world = scene.phone.board.world(TOKEN)
    with world.change():
        world.confirm({update.update_id for update in world.updates})
    running = list(await asyncio.gather(*(start(port) for port in ports)))
    await eventually(lambda: balancer.ready == REPLICAS, "every replica ready")
    known = await _learn(scene)

    begun = time.monotonic()
    due = await _plan(scene, orders.due)
    writing = asyncio.create_task(_write(scene, orders))
    await asyncio.sleep(orders.seconds / 3)
    await running[0].kill()
    again = asyncio.create_task(start(ports[0]))
    await asyncio.sleep(orders.seconds / 3)
    running[1].signal(signal.SIGTERM)
    exits = [running[0].exit_code() or 0, await running[1].ended()]
    await asyncio.gather(again, start(ports[1]))
    writers = await writing

    def answers() -> list[Answers]:
        got = _by_chat(scene.phone.calls(TOKEN), known, begun)
        return [follow(writer.written, got.get(writer.person.id, ())) for writer in writers]

    # Until nothing more comes: every lease of the killed one is over, and everything has gone out at half the pace.
    patience = 60 + 2 * (lease + chat_lease).total_seconds() + 2 * orders.due / orders.per_second
    with suppress(TimeoutError):
        # What does not come is told by the tally.
        async with asyncio.timeout(patience):
            while any(one.lost for one in answers()) or await unfinished(scene):  # noqa: ASYNC110  # other processes
                await asyncio.sleep(LOOK_EVERY)

    left = [at for at in meter.read(notes) if at >= begun]
    return Tally(
        orders,
        answers(),
        await judge(scene, due),
        worst_second(left),
        sum(call.status == 429 for call in scene.phone.calls(TOKEN)),
        len(left),
        max(left) - min(left),
        [balancer.taken[port] for port in ports if balancer.taken[port]],
        balancer.failed.total(),
        exits,
    )


async def _learn(scene: Scene) -> Mapping[str, int]:
    """Ask for each answer once, and return which text each beginning belongs to."""
    person = scene.phone.person(TOKEN, "Probe", id=FIRST_WRITER - 1)
    known: dict[str, int] = {}
    for which, typed in enumerate(TEXTS):
        person.writes(typed)
        await scene.until(lambda which=which: len(_answers_to(person)) > which)  # type: ignore[misc]  # bound now
        known[_answers_to(person)[-1]] = which
    assert len(known) == len(TEXTS), "two texts have the same answer"
    return known


def _answers_to(person: Person) -> list[str]:
    return [seen.text[:BEGINNING] for seen in person.sees() if seen.from_bot]


async def _plan(scene: Scene, count: int) -> list[Due]:
    """Let this many people have a check-in that came due this minute."""
    now = datetime.now(UTC)
    zone, due_at = noon_zone(now), now.replace(second=0, microsecond=0)
    chats = range(FIRST_CHAT, FIRST_CHAT + count)
    # In a process of its own, so that the local Telegram goes on meanwhile.
    planning = scene.fork(replica.plan, scene.database_url, chats, zone, due_at)
    assert await planning.ended(PATIENCE + count / 20) == 0
    nominal = due_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")
    return [Due(f"plan{chat_id}", nominal, chat_id, due_at) for chat_id in chats]


async def _write(scene: Scene, orders: Orders) -> list[Writer]:
    """Let many people write, evenly, and each of them slowly enough."""
    count = max(1, round(orders.updates_per_second * SECONDS_BETWEEN))
    writers = [Writer(scene.phone.person(TOKEN, f"Writer {n}", id=FIRST_WRITER + n)) for n in range(count)]
    begun = time.monotonic()
    for number in range(round(orders.updates_per_second * orders.seconds)):
        await asyncio.sleep(max(0.0, begun + number / orders.updates_per_second - time.monotonic()))
        writers[number % count].writes()
    return writers


def _by_chat(
    calls: Sequence[Call], known: Mapping[str, int], begun: float
) -> Mapping[int, Sequence[tuple[float, int]]]:
    """Return when each writer was answered, and to which of TEXTS; -1 for an answer that is none of these."""
    got: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for call in calls:
        if call.method == "sendMessage" and call.status == 200 and call.started >= begun:
            got[int(call.parameters["chat_id"])].append((call.started, _which(call, known)))
    return got


def _which(call: Call, known: Mapping[str, int]) -> int:
    answer = call.answer
    assert isinstance(answer, dict)  # of a call that went well
    return known.get(answer["result"]["text"][:BEGINNING], -1)


@asynccontextmanager
async def _database() -> AsyncIterator[str]:
    """Make a database for this run on the server of the tests."""
    server = make_url(os.environ["TEST_POSTGRESQL_URL"]).set(drivername="postgresql+psycopg")
    name = f"calcibot_replicas_{secrets.token_hex(4)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        url = server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
        await asyncio.to_thread(migrate.upgrade, url)
        yield url
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        engine.dispose()


def main() -> None:
    """Run as the command line says, and print the tally."""
    usual = Orders()
    parser = argparse.ArgumentParser(prog="python -m tests.faults.replicas", description=__doc__)
    parser.add_argument("--due", type=int, default=usual.due, help="check-ins due in the same minute")
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="for how long people write")
    parser.add_argument("--updates-per-second", type=float, default=usual.updates_per_second)
    parser.add_argument("--per-second", type=float, default=usual.per_second, help="SEND_PER_SECOND of each replica")
    parser.add_argument("--as-shipped", action="store_true", help="with the real leases: a minute longer")
    parser.add_argument("--hold-limit", action="store_true", help="fail when too many were sent in a second")
    orders = Orders(**vars(parser.parse_args()))
    if not os.environ.get("TEST_POSTGRESQL_URL"):
        parser.error("TEST_POSTGRESQL_URL names no PostgreSQL server")
    with tempfile.TemporaryDirectory() as folder:
        tally = asyncio.run(run(orders, Path(folder)))
    sys.stdout.write(f"{tally}\n")
    if tally.broken:
        sys.exit("; ".join(tally.broken))


if __name__ == "__main__":
    main()
