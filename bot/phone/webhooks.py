"""Webhooks: updates posted to the bot, one at a time per chat, repeated until it says 2xx."""

import asyncio
import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bot.phone.refused import bad_request
from bot.phone.rules import UPDATE_KINDS
from bot.phone.world import Waiting, World

DEFAULT_CONNECTIONS = 40
ANSWER_TIMEOUT = 60.0
# Seconds before each repeat; the last one stays. The first repeat is immediate (tdlib/telegram-bot-api, WebhookActor).
REPEATS = (0.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
MAX_RETRY_AFTER = 3600.0
PORTS = frozenset({443, 80, 88, 8443})
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}\Z")

Json = dict[str, Any]


def set_webhook(world: World, params: Json) -> bool:
    """Answer setWebhook. Plain HTTP and any port are taken on this machine only."""
    url = params.get("url", "")
    if not url:
        return delete_webhook(world, params)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError:
        raise bad_request("bad webhook: Invalid webhook URL specified") from None
    if not host:
        raise bad_request("bad webhook: Failed to resolve host: Name or service not known")
    if not _is_here(host):
        if parts.scheme != "https":
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        if port not in PORTS:
            raise bad_request("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    secret = params.get("secret_token", "")
    if secret and not _SECRET.match(secret):
        raise bad_request("secret token contains unallowed characters")
    world.bot["webhook"] = {
        "url": url,
        "secret": secret,
        "max_connections": min(max(params.get("max_connections", DEFAULT_CONNECTIONS), 1), 100),
    }
    if "allowed_updates" in params:
        world.bot["allowed"] = [kind for kind in params["allowed_updates"] if kind in UPDATE_KINDS]
    _drop(world, params)
    world.save_bot()
    return True


def delete_webhook(world: World, params: Json) -> bool:
    """Answer deleteWebhook."""
    world.bot["webhook"] = None
    _drop(world, params)
    world.save_bot()
    return True


def _drop(world: World, params: Json) -> None:
    if params.get("drop_pending_updates"):
        world.confirm({update.update_id for update in world.updates})


def get_webhook_info(world: World, _: Json) -> Json:
    """Answer getWebhookInfo."""
    hook = world.bot["webhook"] or {}
    info = {"url": hook.get("url", ""), "has_custom_certificate": False, "pending_update_count": len(world.updates)}
    for key in ("max_connections", "last_error_date", "last_error_message"):
        if key in hook:
            info[key] = hook[key]
    if world.bot["allowed"]:
        info["allowed_updates"] = world.bot["allowed"]
    return info


def _is_here(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Courier:
    """Posts the updates of every bot that has a webhook; `repeats` are the seconds between attempts."""

    def __init__(self, repeats: tuple[float, ...] = REPEATS) -> None:
        self.repeats = repeats
        self._watchers: dict[str, asyncio.Task[None]] = {}
        self._session: aiohttp.ClientSession | None = None

    def watch(self, world: World) -> None:
        """Look after this bot from now on; call it in the phone's event loop."""
        if world.token not in self._watchers:
            self._watchers[world.token] = asyncio.get_running_loop().create_task(self._serve(world))

    async def stop(self) -> None:
        """End every delivery."""
        tasks = list(self._watchers.values())
        self._watchers.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _serve(self, world: World) -> None:
        busy: dict[object, asyncio.Task[None]] = {}
        try:
            while True:
                ring = world.bell.listen()
                hook = world.bot["webhook"]
                with world.lock:
                    waiting = list(world.updates) if hook else []
                for update in waiting:
                    lane = _lane(update)
                    if lane not in busy and len(busy) < hook["max_connections"]:
                        busy[lane] = asyncio.create_task(self._deliver(world, update))
                await asyncio.wait((ring, *busy.values()), return_when=asyncio.FIRST_COMPLETED)
                world.bell.forget(ring)
                busy = {lane: task for lane, task in busy.items() if not task.done()}
        finally:
            for task in busy.values():
                task.cancel()
            await asyncio.gather(*busy.values(), return_exceptions=True)

    async def _deliver(self, world: World, update: Waiting) -> None:
        attempt = 0
        while world.bot["webhook"] and not update.dead(world.clock()):
            wait = await self._post(world, update)
            if wait is None:
                break
            await asyncio.sleep(max(wait, self.repeats[min(attempt, len(self.repeats) - 1)]))
            attempt += 1
        if world.bot["webhook"]:
            with world.change():
                world.confirm({update.update_id})

    async def _post(self, world: World, update: Waiting) -> float | None:
        """Return None when the bot took the update, else the seconds it asked to wait."""
        hook = world.bot["webhook"]
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT))
        headers = {SECRET_HEADER: hook["secret"]} if hook["secret"] else {}
        try:
            async with self._session.post(hook["url"], json=update.api(), headers=headers) as answer:
                if 200 <= answer.status < 300:
                    return None
                problem = f"Wrong response from the webhook: {answer.status} {answer.reason}"
                asked = answer.headers.get("Retry-After", "0")
                wait = min(float(asked) if asked.isdecimal() else 0.0, MAX_RETRY_AFTER)
        except (aiohttp.ClientError, TimeoutError):
            problem, wait = "Connection refused or lost", 0.0
        with world.change() as now:
            hook["last_error_date"] = int(now.timestamp())
            hook["last_error_message"] = problem
            world.save_bot()
        return wait


def _lane(update: Waiting) -> object:
    """Return what keeps its order: the chat, or the person, of an update."""
    body = update.body
    about = body.get("chat") or body.get("message", {}).get("chat") or body.get("from") or {}
    return about.get("id", update.update_id)
