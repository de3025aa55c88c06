"""The Bot API over HTTP: parameters in, one method, Telegram's JSON out."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from bot.phone import methods, parameters
from bot.phone.refused import Refused, bad_request
from bot.phone.rules import Upload
from bot.phone.switchboard import Call, Switchboard
from bot.phone.world import World

MAX_BODY = 64 * 1024 * 1024
_HEADERS = [(b"content-type", b"application/json")]

Json = dict[str, Any]


class BotApi:
    """The ASGI application behind /bot<token>/<method>."""

    def __init__(self, board: Switchboard, cut: Callable[[tuple[str, int]], None]) -> None:
        self.board = board
        # Closes the connection of a peer at once.
        self.cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token, name = unquote(scope["path_params"]["token"]), scope["path_params"]["method"]
        started, at = time.monotonic(), self.board.clock()
        try:
            given, problem = await _parameters(scope, receive)
            fault = self.board.faults(token).take(name, given)
            if fault is not None and not fault.after_recording:
                await asyncio.sleep(fault.delay)
            status, answer = 0, None
            if fault is None or fault.after_recording or not fault.answers:
                status, answer = await self._call(token, name, given, problem, receive)
            if fault is not None and fault.after_recording:
                await asyncio.sleep(fault.delay)
        except ClientDisconnect:
            return
        raw: str | None = None
        if fault is not None and fault.answers:
            status, raw = (0 if fault.drop else fault.status), fault.body
            answer = fault.refused().body()
        number = self.board.next_number(token)
        faulty = fault is not None and fault.answers
        self.board.record(token, Call(number, name, given, started, at, status, raw or answer, faulty))
        if status == 0:
            self.cut(scope["client"])
            await _gone(receive)
            return
        await _send(send, status, json.dumps(answer, separators=(",", ":")) if raw is None else raw)

    async def _call(
        self, token: str, name: str, given: Json, problem: Refused | None, receive: Receive
    ) -> tuple[int, Json | None]:
        try:
            world = self.board.world(token)
            if problem is not None:
                raise problem
            return 200, {"ok": True, "result": await self._result(world, name, given, receive)}
        except Refused as refusal:
            return refusal.code, refusal.body()

    async def _result(self, world: World, name: str, given: Json, receive: Receive) -> object:
        method = parameters.method_named(name)
        params = parameters.read(method, given)
        if method == "getUpdates":
            return await self.board.pollers.get_updates(world, params, lambda: _gone(receive))
        self.board.faults(world.token).check_limit(method, params)
        with world.change():
            result = methods.TABLE[method](world, params)
        if method == "setWebhook":
            self.board.courier.watch(world)
        return result


async def _send(send: Send, status: int, text: str) -> None:
    body = text.encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*_HEADERS, length]})
    await send({"type": "http.response.body", "body": body})


async def _parameters(scope: Scope, receive: Receive) -> tuple[Json, Refused | None]:
    """Return what the call carries (strings, JSON values and Uploads) and what is wrong with its body."""
    query = scope["query_string"].decode()
    given: Json = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
    headers = dict(scope["headers"])
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    try:
        if kind == b"multipart/form-data":
            return given | await _multipart(scope, receive), None
        body = await _body(receive)
        if body and kind == b"application/json":
            return given | _json(body), None
        if body and kind == b"application/x-www-form-urlencoded":
            given.update(parse_qsl(body.decode("utf-8", "surrogateescape"), keep_blank_values=True))
    except Refused as refusal:
        return given, refusal
    return given, None


def _json(body: bytes) -> Json:
    try:
        values = json.loads(body)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise bad_request("can't parse request as a JSON object")
    return values


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _multipart(scope: Scope, receive: Receive) -> Json:
    given: Json = {}
    try:
        async with Request(scope, receive).form(max_part_size=MAX_BODY) as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    mime = value.content_type or "application/octet-stream"
                    given[name] = Upload(value.filename or name, mime, await value.read())
                else:
                    given[name] = value
    except HTTPException:
        raise bad_request("can't parse multipart form") from None
    return given


class Download:
    """The ASGI application behind /file/bot<token>/<file path>."""

    def __init__(self, board: Switchboard) -> None:
        self.board = board

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            world = self.board.world(unquote(scope["path_params"]["token"]))
            data = _file(world, scope["path_params"]["path"])
        except Refused as refusal:
            await _send(send, refusal.code, json.dumps(refusal.body()))
            return
        headers = [(b"content-type", b"application/octet-stream"), (b"content-length", str(len(data)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": data})


def _file(world: World, path: str) -> bytes:
    for key, file in world.files.items():
        if file["file_path"] == path:
            return world.file_data(key)
    raise Refused(404, "Not Found: file not found")
