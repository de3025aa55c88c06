"""Carry requests to Telegram over aiohttp: on one core several times as many a second as PTB's httpx."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from telegram.error import BadRequest, NetworkError
from telegram.request import BaseRequest, RequestData
from yarl import URL

from bot.errors import Flooded, MaybeSent, NotAnsweredInTime, NotSent, NotSentInTime, classify, seconds_in

if TYPE_CHECKING:
    from telegram._utils.types import ODVInput

# A kept connection is dropped long before Telegram drops it (about a minute), so that a request is hardly ever
# written to one that is just being closed. aiohttp would repeat a GET then, but not a POST, and neither do we:
# the request may have been read, so it counts as MaybeSent.
KEEP_SECONDS: Final = 15.0


class AiohttpRequest(BaseRequest):
    """Send PTB's requests with at most `connection_pool_size` at a time. All timeouts are in seconds; None is never.

    Raises NotSent when the request surely never left and MaybeSent when it left without an answer. Neither they nor
    what they were caused by show the address, which holds the token. Nothing is taken from the environment (proxies,
    netrc), cookies are not kept and redirects are not followed.
    """

    __slots__ = (
        "_connect",
        "_media_write",
        "_on_flood",
        "_pool",
        "_pool_size",
        "_read",
        "_session",
        "_slots",
        "_write",
    )

    def __init__(
        self,
        *,
        connection_pool_size: int = 64,
        read_timeout: float | None = 15.0,
        write_timeout: float | None = 5.0,
        connect_timeout: float | None = 5.0,
        pool_timeout: float | None = 5.0,
        media_write_timeout: float | None = 60.0,
        on_flood: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        """Open nothing yet. `media_write_timeout` is for requests that carry a file, up or down.

        `on_flood` is told the seconds of each pause that Telegram asks for.
        """
        self._pool_size = connection_pool_size
        self._read = read_timeout
        self._write = write_timeout
        self._connect = connect_timeout
        self._pool = pool_timeout
        self._media_write = media_write_timeout
        self._on_flood = on_flood
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(connection_pool_size)

    @property
    def read_timeout(self) -> float | None:
        """Return the default time to wait for an answer."""
        return self._read

    async def initialize(self) -> None:
        """Make the client; doing so twice is harmless."""
        if self._session is None:
            self._slots = asyncio.Semaphore(self._pool_size)
            self._session = aiohttp.ClientSession(
                # No limit here: waiting for a slot is ours, to tell it apart from waiting for a connection.
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_SECONDS),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )

    async def shutdown(self) -> None:
        """Close every connection; doing so twice is harmless."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Return the answer. Raises MaybeSent if it is none; unlike PTB's, this logs nothing of it."""
        answer = _json_object(payload)
        # Not inside an `except`: the JSON error would carry the whole text along.
        if answer is None or "result" not in answer:
            raise MaybeSent("the answer cannot be read")
        return answer

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        write_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        connect_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
        pool_timeout: ODVInput[float] = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Return the status and the body. Raises NotSent, MaybeSent, Flooded for a 429, BadRequest for a lost file."""
        carries_file = method == "GET" or (request_data is not None and request_data.contains_files)
        connect = _given(connect_timeout, self._connect)
        write = _given(write_timeout, self._media_write if carries_file else self._write)
        read = _given(read_timeout, self._read)

        await self._take_slot(_given(pool_timeout, self._pool))
        try:
            status, payload = await self._exchange(url, method, request_data, connect, write, read)
        finally:
            self._slots.release()
        if 200 <= status <= 299:
            return status, payload
        try:
            return status, _error_body(method, status, payload)
        except Flooded as flood:
            self._on_flood(flood.retry_after.total_seconds())
            raise

    async def _take_slot(self, seconds: float | None) -> None:
        if not self._slots.locked():
            await self._slots.acquire()
            return
        try:
            async with asyncio.timeout(seconds):
                await self._slots.acquire()
        except TimeoutError:
            raise NotSentInTime("every connection is in use") from None

    async def _exchange(
        self,
        url: str,
        method: str,
        request_data: RequestData | None,
        connect: float | None,
        write: float | None,
        read: float | None,
    ) -> tuple[int, bytes]:
        session = self._session
        if session is None:
            raise NotSent("the client is not open")
        # aiohttp has no limit for writing: a server that stops reading would hold an upload for ever.
        whole = None if connect is None or write is None or read is None else connect + write + read
        try:
            body, headers = _encoded(request_data)
            async with (
                asyncio.timeout(whole),
                session.request(
                    method,
                    URL(url, encoded=True),
                    data=body,
                    headers=headers,
                    timeout=aiohttp.ClientTimeout(connect=connect, sock_read=read),
                    allow_redirects=False,
                ) as response,
            ):
                return response.status, await response.read()
        except Exception as error:  # noqa: BLE001  # PTB would put the error's repr, with the token, into a message
            failure = _translated(error, url)
        # Not inside the `except`: the error, which may show the address, would be kept as its context.
        raise failure


def _given(value: ODVInput[float], default: float | None) -> float | None:
    return default if value is BaseRequest.DEFAULT_NONE else value  # type: ignore[return-value]  # the one other type


def _encoded(request_data: RequestData | None) -> tuple[bytes | aiohttp.FormData | None, dict[str, str]]:
    """Return the body and its headers. Half a surrogate pair, which people can type, becomes a question mark."""
    if request_data is None:
        return None, {}
    if not request_data.contains_files:
        parameters = {name: _whole(value) for name, value in request_data.json_parameters.items()}
        # Six times as fast as the standard library, which writes character by character: a tenth of a whole sending.
        body = URL.build(query=parameters).raw_query_string.encode()
        return body, {"Content-Type": "application/x-www-form-urlencoded"}
    # Without `quote_fields`, as Telegram shows a file's name the way it comes.
    form = aiohttp.FormData(quote_fields=False)
    for name, value in request_data.json_parameters.items():
        form.add_field(name, _whole(value))
    for name, (filename, content, mimetype) in request_data.multipart_data.items():
        # Plain bytes over a megabyte would be written in one go, with a warning.
        stream = BytesIO(content) if isinstance(content, bytes) else content
        form.add_field(name, stream, filename=filename, content_type=mimetype)
    return form, {}


def _whole(text: str) -> str:
    return text.encode(errors="replace").decode()


def _error_body(method: str, status: int, payload: bytes) -> bytes:
    """Return the body of an error so that PTB can read it, or raise what PTB would get wrong."""
    answer = _json_object(payload) or {}
    if status == 429:
        parameters = answer.get("parameters")
        after = parameters.get("retry_after") if isinstance(parameters, dict) else None
        if not (isinstance(after, int | float) and after > 0):
            after = seconds_in(str(answer.get("description")))
        raise Flooded(after)
    if status == 404 and method == "GET":
        # PTB takes every 404 for a refused token, which stops the bot; here a file has expired.
        raise BadRequest("file not found")
    # PTB would quote a body that is not JSON in the error's message. An error has no result; with one,
    # `parse_json_payload` can insist on it and so find an answer of 200 that lacks it.
    return json.dumps({"result": None, **answer}).encode()


def _json_object(payload: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(payload.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _translated(error: Exception, url: str) -> NetworkError:
    in_time = not isinstance(error, TimeoutError)
    failure: NetworkError
    if classify(error).kind == "not_sent":
        failure = (NotSent if in_time else NotSentInTime)(f"not sent ({type(error).__name__})")
    else:
        failure = (MaybeSent if in_time else NotAnsweredInTime)(f"maybe sent ({type(error).__name__})")
    failure.__cause__ = _without_address(error, url)
    return failure


def _without_address(error: Exception, url: str) -> Exception | None:
    """Return the error if it does not show the path, which holds the token; else a bare one, or None."""
    shown = "".join(traceback.format_exception(error)) + repr(error)
    if URL(url, encoded=True).raw_path not in shown:
        return error
    return type(error)() if isinstance(error, TimeoutError) else None
