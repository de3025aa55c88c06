"""Answer on the web: Telegram's calls, health, and numbers for Prometheus."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from telegram.error import InvalidToken

from bot.health import Health
from bot.intake import Intake
from bot.metrics import Metrics
from bot.raw import RawUpdate, is_update
from bot.settings import HEALTH_PATHS

log = structlog.get_logger(__name__)

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  # the header's name

# Telegram's updates are a few kilobytes.
LARGEST_BODY: Final = 1_000_000

# Telegram sends a body at once; somebody else may send it a byte a minute.
BODY_SECONDS: Final = 10.0

# Telegram repeats at once unless told to wait.
RETRY_AFTER_SECONDS: Final = 2


class _Refused(Exception):  # noqa: N818  # an answer
    """The request is not for us."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Webhook:
    """Take one update a call, and answer 200 only when it is done: until then Telegram keeps it."""

    def __init__(
        self,
        url: str,
        secret: str,
        intake: Intake,
        health: Health,
        metrics: Metrics,
        on_fatal: Callable[[BaseException], None],
    ) -> None:
        """Answer at the path of `url`. `on_fatal` is called when Telegram does not accept the token any more."""
        self.path = urlsplit(url).path or "/"
        self._secret = secret.encode()
        self._intake = intake
        self._health = health
        self._metrics = metrics
        self._on_fatal = on_fatal

    async def take(self, request: Request) -> Response:
        """Handle one call."""
        try:
            self._admit(request)
            update = _parse(await _body(request))
        except _Refused as refused:
            self._metrics.webhook_refused(refused.why)
            # What was not read stays unread: the connection ends.
            return Response(status_code=refused.status, headers={"Connection": "close"})
        except ClientDisconnect:
            self._metrics.webhook_refused("cut off")
            return Response(status_code=400)
        self._health.heard()
        # On the way out, a connection that is kept open would lead the next call to a closed door.
        headers = {"Connection": "close"} if self._health.stage == "stopping" else {}
        if await self._is_done(update):
            return Response(headers=headers)
        self._metrics.webhook_refused("not done")
        return Response(status_code=503, headers={**headers, "Retry-After": str(RETRY_AFTER_SECONDS)})

    def _admit(self, request: Request) -> None:
        given = request.headers.get(SECRET_HEADER, "")
        # Bytes, as only they can be compared whatever they hold.
        if not hmac.compare_digest(given.encode(), self._secret):
            raise _Refused(403, "secret")
        if self._health.stage == "starting":
            raise _Refused(503, "starting")

    async def _is_done(self, update: RawUpdate) -> bool:
        try:
            return await self._intake.handle_alone(update)
        except InvalidToken as error:
            self._on_fatal(error)
            return False
        except Exception:  # whatever it is, Telegram is to keep the update and bring it again
            log.exception("an update could not be taken in")
            return False


def make_app(health: Health, metrics: Metrics, webhook: Webhook | None) -> Starlette:
    """Return the application that answers on the web."""

    async def healthz(_request: Request) -> Response:
        return JSONResponse(health.is_alive())

    async def readyz(_request: Request) -> Response:
        answer = await health.readiness()
        return JSONResponse(answer.found, status_code=200 if answer.ready else 503)

    async def numbers(_request: Request) -> Response:
        await health.measure()
        return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    routes = [
        Route(path, answer, methods=["GET"])
        for path, answer in zip(HEALTH_PATHS, (healthz, readyz, numbers), strict=True)
    ]
    if webhook is not None:
        routes.append(Route(webhook.path, webhook.take, methods=["POST"]))
    return Starlette(routes=routes)


async def _body(request: Request) -> bytes:
    """Return the body. Raises _Refused as soon as it is known to be too large or too slow."""
    said = request.headers.get("Content-Length", "0")
    if not said.isdecimal() or int(said) > LARGEST_BODY:
        raise _Refused(413, "too large")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > LARGEST_BODY:
                    raise _Refused(413, "too large")
    except TimeoutError:
        raise _Refused(408, "too slow") from None
    return bytes(body)


def _parse(body: bytes) -> RawUpdate:
    """Return the update. Raises _Refused for what Telegram never sends: not JSON, no object, no number of its own."""
    try:
        found: Any = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _Refused(400, "not JSON") from None
    if not is_update(found):
        raise _Refused(400, "no update")
    update: RawUpdate = found
    return update


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")
