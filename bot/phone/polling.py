"""getUpdates: a queue that forgets only what a higher offset confirms, and one poller at a time."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Any

from bot.phone.refused import Refused
from bot.phone.rules import UPDATE_KINDS
from bot.phone.world import World

MAX_BATCH = 100
MAX_WAIT = 50.0
# An offset this far beyond the queue is taken for nonsense, and the queue is read from its head (tdlib TQueue).
FAR = 10
OTHER_POLLER = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
HAS_WEBHOOK = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)

Json = dict[str, Any]


class Pollers:
    """The pending getUpdates call of each bot."""

    def __init__(self) -> None:
        self._ends: dict[str, asyncio.Future[None]] = {}

    async def get_updates(self, world: World, params: Json, gone: Callable[[], Awaitable[object]]) -> list[Json]:
        """Answer getUpdates; `gone` waits until the caller hangs up."""
        if world.bot["webhook"]:
            raise Refused(409, HAS_WEBHOOK)
        earlier = self._ends.get(world.token)
        if earlier is not None and not earlier.done():
            earlier.set_result(None)
        end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ends[world.token] = end
        try:
            with world.change():
                _choose_kinds(world, params)
                confirm_below(world, params.get("offset", 0))
            return await self._wait(world, params, end, gone)
        finally:
            if self._ends.get(world.token) is end:
                del self._ends[world.token]

    def polling(self, token: str) -> bool:
        """Say whether a getUpdates call of this bot is waiting."""
        return token in self._ends

    async def _wait(
        self, world: World, params: Json, end: "asyncio.Future[None]", gone: Callable[[], Awaitable[object]]
    ) -> list[Json]:
        loop = asyncio.get_running_loop()
        until = loop.time() + min(max(params.get("timeout", 0), 0), MAX_WAIT)
        limit = min(max(params.get("limit", MAX_BATCH), 1), MAX_BATCH)
        hung_up: asyncio.Future[object] | None = None
        try:
            while True:
                ring = world.bell.listen()
                batch = _batch(world, limit)
                left = until - loop.time()
                if batch or left <= 0:
                    world.bell.forget(ring)
                    return batch
                hung_up = hung_up or asyncio.ensure_future(gone())
                await asyncio.wait((ring, end, hung_up), timeout=left, return_when=asyncio.FIRST_COMPLETED)
                world.bell.forget(ring)
                if end.done():
                    raise Refused(409, OTHER_POLLER)
                if hung_up.done():
                    return []
        finally:
            if hung_up is not None:
                hung_up.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await hung_up


def _choose_kinds(world: World, params: Json) -> None:
    kinds = params.get("allowed_updates")
    if kinds is None or kinds == world.bot["allowed"]:
        return
    # Telegram ignores names it does not know.
    world.bot["allowed"] = [kind for kind in kinds if kind in UPDATE_KINDS]
    world.save_bot()


def confirm_below(world: World, offset: int) -> None:
    """Forget every update below a positive offset, or all but the last -offset ones; and what died of age."""
    now = world.clock()
    dead = {update.update_id for update in world.updates if update.dead(now)}
    known = [update.update_id for update in world.updates if update.update_id not in dead]
    if offset < 0:
        dead.update(known[:offset])
    elif offset <= world.bot["next_update"] + FAR:
        dead.update(number for number in known if number < offset)
    world.confirm(dead)


def _batch(world: World, limit: int) -> list[Json]:
    with world.lock:
        return [update.api() for update in islice(world.updates, limit)]
