"""What the program says of itself: alive, ready, and numbers without names."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from bot import polling
from bot.dead_man import DeadMan
from bot.health import SILENCE_SECONDS, Health
from bot.metrics import Metrics
from bot.phone.server import Phone
from bot.polling import Deaf, Poller
from bot.transport import AiohttpRequest
from bot.webside import Place
from scheduler.db.engine import Database
from tests.bot.replicas import SECRET, Replica, free_port, let_go, message, replica, until
from tests.chat import Chats, Talker
from tests.clock import StillClock


@pytest.fixture(autouse=True)
def _timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    # python-telegram-bot warns about its old way of giving durations.
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def one(chats: Chats) -> AsyncIterator[Replica]:
    """Return a running program that polls."""
    async with replica(chats, polls=True) as running:
        yield running


async def ready(one: Replica) -> tuple[int, dict[str, object]]:
    """Ask for readiness."""
    status, body = await one.get("/readyz")
    found: dict[str, object] = json.loads(body)
    return status, found


async def test_a_program_that_polls_is_alive_and_ready(chats: Chats, one: Replica, alice: Talker) -> None:
    # A poll that brings something ends at once.
    alice.phone.writes("/start")
    await until(lambda: alice.answers())

    status, found = await ready(one)

    assert (await one.get("/healthz"))[0] == 200
    assert (status, found["database"], found["stage"]) == (200, "ok", "listening")
    assert found["oldest_due_seconds"] == 0
    assert {"calcibot", "tzdata", "sqlite"} == set(found["versions"])  # type: ignore[call-overload]


async def test_a_program_without_its_database_is_alive_but_not_ready(
    one: Replica, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: Database) -> None:
        raise OperationalError("BEGIN", {}, Exception("the database is down"))

    monkeypatch.setattr(Database, "read", broken)
    status, found = await ready(one)

    assert (status, found["database"]) == (503, "unreachable")
    assert (await one.get("/healthz"))[0] == 200
    assert (await one.get("/metrics"))[0] == 200


@pytest.mark.case(14)
async def test_a_program_that_cannot_reach_telegram_at_its_start_waits_and_is_not_ready(
    chats: Chats, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.program.FIRST_PAUSE", 0.1)
    phone.fail(chats.token, "*", drop=True, times=-1)
    port = free_port()
    program = chats.program(place=Place("127.0.0.1", port))
    running = asyncio.create_task(program.run())

    async with aiohttp.ClientSession() as session:
        await until(lambda: program.web is not None and program.web.server.is_open)
        async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
            found = (answer.status, (await answer.json())["stage"])
    phone.heal(chats.token)
    await until(lambda: program.health.stage == "listening")
    program.stop()
    await running

    assert found == (503, "starting")


class Ticks:
    """Count seconds as told."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


async def test_silence_for_too_long_is_not_ready(database_url: str, clock: StillClock, chats: Chats) -> None:
    ticks, database = Ticks(), chats.program().database
    health = Health(database, clock, Metrics(), ticks)
    starting = (await health.readiness()).ready
    health.stage = "listening"
    ticks.now = SILENCE_SECONDS - 1
    health.heard()
    ticks.now = SILENCE_SECONDS + 1
    now = (await health.readiness()).ready
    ticks.now += SILENCE_SECONDS
    later = (await health.readiness()).ready
    health.stage = "standing by"
    on_standby = (await health.readiness()).ready
    await database.close()

    assert (starting, now, later, on_standby) == (False, True, False, True)


@pytest.mark.case(13)
async def test_a_silent_telegram_gets_three_new_clients_and_then_the_program_ends(
    chats: Chats, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(polling, "LONGEST_PAUSE", 0.001)
    phone.fail(chats.token, "getUpdates", drop=True, times=-1)
    program, ticks, clients = chats.program(), Ticks(), []

    def new_client() -> AiohttpRequest:
        clients.append(ticks.now)
        return AiohttpRequest()

    class Counted(Metrics):
        def polled(self, result: str) -> None:
            # Each lost call is half a minute of silence.
            super().polled(result)
            ticks.now += 30

    poller = Poller(
        new_client, program.application.bot.base_url, program.poller.intake, program.health, Counted(), ticks
    )
    with pytest.raises(Deaf) as deaf:
        await poller.run(asyncio.Event())
    await program.close()

    assert clients == [0, 90, 180, 270]
    assert ticks.now == 360
    assert deaf.value.exit_code == 75


@pytest.mark.case(13)
async def test_a_call_that_never_comes_back_is_given_up(
    chats: Chats, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "LONG_POLL_SECONDS", 0)
    monkeypatch.setattr(polling, "OVERDUE_SECONDS", 0.2)
    monkeypatch.setattr(polling, "FIRST_PAUSE", 0.001)
    hanging = phone.fail(chats.token, "getUpdates", delay=3.0, drop=True, times=2)
    alice = chats.person("Alice")
    alice.phone.writes("/start")

    async with replica(chats, polls=True):
        await until(lambda: alice.answers())
    let_go()

    assert hanging.happened == 2


async def test_answers_refusals_and_checklists_are_counted(chats: Chats, one: Replica, alice: Talker) -> None:
    for number, text in enumerate(["qwrtz plmk xcvb", "i can't breathe, my lips are swelling", "/check"], 1):
        alice.phone.writes(text)
        await until(lambda number=number: one.counted("updates_total", kind="message", result="done") == number)
    shown = alice.answers()[-1]
    alice.phone.presses(shown.message_id, shown.buttons[0][0].text)
    await until(lambda: one.counted("updates_total", kind="callback_query", result="done") == 1)

    families = {family.name: family for family in text_string_to_metric_families((await one.get("/metrics"))[1])}

    assert one.counted("refusals_total", why="gibberish") == 1
    assert one.counted("answers_total", kind="emergency") == 1
    assert one.counted("checklists_total", outcome="emergency") == 1
    assert families["calcibot_due"].samples[0].value == 0


async def test_neither_health_nor_metrics_show_a_person_or_a_secret(chats: Chats, alice: Talker) -> None:
    async with replica(chats) as one:
        alice.phone.writes("canary-text")
        await until(lambda: alice.answers())
        await one.post(message(alice, "canary-text"), secret="a-canary-secret")
        shown = "".join([(await one.get(path))[1] for path in ("/healthz", "/readyz", "/metrics")])

    for secret in ("canary", str(alice.phone.id), "Alice", chats.token, SECRET, "a-canary-secret", chats.database_url):
        assert secret not in shown


async def test_pauses_that_telegram_asks_for_are_counted(chats: Chats, phone: Phone, alice: Talker) -> None:
    async with replica(chats, polls=True) as one:
        flood = phone.fail(chats.token, "sendMessage", retry_after=1)
        alice.phone.writes("/start")
        await until(lambda: alice.answers())
        seconds = one.counted("flood_wait_seconds_total")

    assert flood.happened == 1
    assert seconds == 1


async def test_the_dead_man_is_pinged_while_all_is_well_and_not_otherwise(one: Replica) -> None:
    pings: list[str] = []

    async def take(request: web.Request) -> web.Response:
        pings.append(request.path)
        return web.Response(status=500)

    app = web.Application()
    app.router.add_get("/ping", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    dead_man = DeadMan(f"http://127.0.0.1:{runner.addresses[0][1]}/ping", one.program.health)

    await dead_man.ping()
    while_well = len(pings)
    one.program.health.stage = "stopping"
    await dead_man.ping()
    one.program.health.stage = "listening"
    await runner.cleanup()
    await dead_man.ping()

    assert (while_well, len(pings)) == (1, 1)


def test_the_silence_that_counts_is_longer_than_a_poll() -> None:
    assert timedelta(seconds=SILENCE_SECONDS) > timedelta(seconds=polling.LONG_POLL_SECONDS + polling.STUCK_SECONDS)
