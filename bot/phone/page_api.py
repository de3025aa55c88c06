"""The page's own side: its files, the stream of changes, and what a person does by hand. Behind a key."""

import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import (
    FileResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import BaseRoute, Route

from bot.phone import media
from bot.phone.clock import ShiftedClock
from bot.phone.page_feed import Feed
from bot.phone.people import Person
from bot.phone.refused import Refused
from bot.phone.switchboard import Switchboard

HERE = Path(__file__).parent / "page"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# One step of the clock takes the person at most a year ahead.
LONGEST_STEP = timedelta(days=366)
# "Next check-in" lands just after it is due.
AFTER_DUE = timedelta(seconds=1)

NextDue = Callable[[], Awaitable[datetime | None]]
OnMove = Callable[[], Awaitable[None]]
Json = dict[str, Any]


async def _nothing_due() -> datetime | None:
    return None


async def _nobody_to_tell() -> None:
    return None


class Page:
    """The routes of the page for one bot.

    `next_due` says when the bot will next come back by itself; `on_move` is awaited after the clock was moved.
    """

    def __init__(
        self, board: Switchboard, token: str, key: str, next_due: NextDue | None = None, on_move: OnMove | None = None
    ) -> None:
        self.board = board
        self.token = token
        self.key = key
        self.next_due = next_due or _nothing_due
        self.on_move = on_move or _nobody_to_tell

    def routes(self) -> list[BaseRoute]:
        """Return what the server adds to the Bot API."""
        posts = {
            "write": self._write,
            "press": self._press,
            "share": self._share,
            "upload": self._upload,
            "block": self._block,
            "edit": self._edit,
            "clear": self._clear,
            "clock": self._clock,
        }
        return [
            Route("/", self._index),
            Route("/page/{name}", self._guarded(self._asset)),
            Route("/api/events", self._guarded(self._events)),
            Route("/api/file/{id}", self._guarded(self._file)),
            *(Route(f"/api/{name}", self._guarded(act), methods=["POST"]) for name, act in posts.items()),
        ]

    # Who may come in

    def _cookie(self, request: Request) -> str:
        # Cookies do not tell ports apart, so the name does.
        return f"phone-{request.url.port}"

    def _knows(self, request: Request) -> bool:
        given = request.headers.get("x-phone-key") or request.cookies.get(self._cookie(request), "")
        return secrets.compare_digest(given.encode(), self.key.encode())

    def _guarded(self, act: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            if not self._knows(request):
                return PlainTextResponse("Open the address that was printed when the phone started.", 403, HEADERS)
            try:
                answer = await act(request)
            except (LookupError, PermissionError, ValueError, TypeError) as mistake:
                return JSONResponse({"problem": str(mistake)}, 400, HEADERS)
            except Refused as refusal:
                return JSONResponse({"problem": refusal.description}, 400, HEADERS)
            answer.headers.update(HEADERS)
            return answer

        return guarded

    async def _index(self, request: Request) -> Response:
        key = request.query_params.get("key")
        if key is None:
            return await self._guarded(self._front)(request)
        if not secrets.compare_digest(key.encode(), self.key.encode()):
            return PlainTextResponse("This key is not the one that was printed.", 403, HEADERS)
        answer = RedirectResponse("/", 303, HEADERS)
        answer.set_cookie(self._cookie(request), self.key, httponly=True, samesite="strict")
        return answer

    # What the page reads

    async def _front(self, _: Request) -> Response:
        return FileResponse(HERE / "index.html")

    async def _asset(self, request: Request) -> Response:
        path = HERE / request.path_params["name"]
        if path.parent != HERE or path.suffix not in {".css", ".js", ".svg"} or not path.is_file():
            return PlainTextResponse("", 404)
        return FileResponse(path)

    async def _events(self, request: Request) -> Response:
        person = self._person(int(request.query_params["person"])) if "person" in request.query_params else None
        world = self.board.world(self.token)
        first = next(number for number, chat in world.chats.items() if chat.type == "private")
        feed = Feed(self.board, world, person or Person(world, first), self.board.clock)
        return StreamingResponse(feed.events(), media_type="text/event-stream")

    async def _file(self, request: Request) -> Response:
        world = self.board.world(self.token)
        file = world.files[request.path_params["id"]]
        data = world.file_data(file["file_id"])
        if file["kind"] == "photo":
            return Response(data, media_type=media.picture_mime(data))
        # Never as HTML: a stored file must not run on this origin.
        kind = file["mime_type"] if file["mime_type"] == "application/pdf" else "application/octet-stream"
        name = "".join(letter for letter in file["file_name"] if letter.isalnum() or letter in "._- ")
        place = "inline" if kind == "application/pdf" else "attachment"
        ascii_name = name.encode("ascii", "ignore").decode()
        return Response(data, media_type=kind, headers={"Content-Disposition": f'{place}; filename="{ascii_name}"'})

    # What a person does

    def _person(self, number: int) -> Person:
        world = self.board.world(self.token)
        if number not in world.people:
            raise LookupError("nobody has this id")
        return Person(world, number)

    async def _told(self, request: Request) -> tuple[Person, Json]:
        told = json.loads(await request.body())
        return self._person(int(told["person"])), told

    async def _write(self, request: Request) -> Response:
        person, told = await self._told(request)
        text = str(told["text"])
        message = person.starts() if text == "/start" and person.blocked else person.writes(text)
        return JSONResponse({"message_id": message["message_id"]})

    async def _press(self, request: Request) -> Response:
        person, told = await self._told(request)
        return JSONResponse({"id": person.presses(int(told["message_id"]), str(told["data"]))})

    async def _share(self, request: Request) -> Response:
        person, told = await self._told(request)
        if told["what"] == "location":
            person.sends_location(float(told["latitude"]), float(told["longitude"]))
        elif told["what"] == "voice":
            person.sends_voice()
        elif told["what"] == "sticker":
            person.sends_sticker(str(told["emoji"])[:8])
        else:
            raise ValueError("nothing to share")
        return JSONResponse({})

    async def _upload(self, request: Request) -> Response:
        person = self._person(int(request.query_params["person"]))
        data, name = await request.body(), request.query_params.get("name", "file")
        if request.query_params.get("as") == "photo":
            person.sends_photo(data)
        else:
            mime = request.headers.get("content-type", "application/octet-stream")
            person.sends_document(data, name, mime)
        return JSONResponse({})

    async def _block(self, request: Request) -> Response:
        person, told = await self._told(request)
        if told["blocked"]:
            person.blocks()
        else:
            person.unblocks()
        return JSONResponse({})

    async def _edit(self, request: Request) -> Response:
        person, told = await self._told(request)
        person.edits(int(told["message_id"]), str(told["text"]))
        return JSONResponse({})

    async def _clear(self, request: Request) -> Response:
        person, _ = await self._told(request)
        person.clears()
        return JSONResponse({})

    async def _clock(self, request: Request) -> Response:
        clock = self.board.clock
        if not isinstance(clock, ShiftedClock):
            raise TypeError("this phone's clock cannot be moved")
        told = json.loads(await request.body())
        if told.get("to") == "next":
            due = await self.next_due()
            if due is None:
                return JSONResponse({"due": None})
            step = max(due + AFTER_DUE - clock(), timedelta(0))
        else:
            step = timedelta(seconds=float(told["seconds"]))
        if not timedelta(0) <= step <= LONGEST_STEP:
            raise ValueError("the clock moves forward, and at most a year at once")
        now = clock.advance(step)
        await self.on_move()
        for world in self.board.worlds.values():
            world.bell.ring()
        return JSONResponse({"due": now.isoformat()})
