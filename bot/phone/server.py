"""The phone: one HTTP server with the Bot API and the page, and the Python side that tests hold."""

import asyncio
import secrets
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from bot.phone.api import BotApi, Download
from bot.phone.clock import Clock, ShiftedClock
from bot.phone.door import Door
from bot.phone.faults import DESCRIPTIONS, Fault, Limit
from bot.phone.groups import Group, make_group
from bot.phone.listener import Listener
from bot.phone.page_api import NextDue, OnMove, Page
from bot.phone.people import Person
from bot.phone.refused import too_many
from bot.phone.switchboard import Call, Switchboard
from bot.phone.webhooks import REPEATS
from bot.phone.world import Chat

FIRST_PERSON = 5_000_001
PAGE_PEOPLE = ("Alice", "Bob")

Json = dict[str, Any]


def make_app(board: Switchboard, cut: Callable[[tuple[str, int]], None], page: Collection[BaseRoute] = ()) -> ASGIApp:
    """Return the ASGI application: the Bot API, and the page's routes if there are any."""
    return Door(
        Starlette(
            routes=[
                Route("/bot{token}/{method}", BotApi(board, cut), methods=["GET", "POST"]),
                Route("/file/bot{token}/{path:path}", Download(board), methods=["GET"]),
                *page,
            ]
        )
    )


class Phone:
    """A Telegram of one's own on 127.0.0.1. Use it as an async context manager, or `start` and `stop`.

    `path` keeps everything in a file; `tokens` are the only bots it knows (None: any well-formed token);
    `webhook_repeats` are the seconds between attempts at a webhook. With a `page_token` there is a page, for that bot;
    its button "next check-in" asks `next_due`, and `on_move` is awaited after the page has moved the clock.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        path: Path | None = None,
        tokens: Collection[str] | None = None,
        webhook_repeats: tuple[float, ...] = REPEATS,
        page_token: str | None = None,
        next_due: NextDue | None = None,
        on_move: OnMove | None = None,
    ) -> None:
        self.clock: Clock = ShiftedClock() if clock is None else clock
        self.board = Switchboard(self.clock, path, tokens, webhook_repeats)
        self.key = secrets.token_urlsafe(24)
        self._page: Page | None = None
        if page_token is not None:
            self._page = Page(self.board, page_token, self.key, next_due, on_move)
            for name in PAGE_PEOPLE:
                self.person(page_token, name)
        self._listener = Listener()

    # The server

    async def start(self, port: int = 0) -> Self:
        """Listen on 127.0.0.1; port 0 takes a free one."""
        page = self._page.routes() if self._page else ()
        await self._listener.start(make_app(self.board, self._listener.cut, page), port)
        for token in self.board.shelf.tokens() if self.board.shelf else ():
            self.board.courier.watch(self.board.world(token))
        return self

    async def stop(self) -> None:
        """Close every connection and the file."""
        await self.board.courier.stop()
        await self._listener.stop()
        self.board.close()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        await self.stop()

    @contextmanager
    def in_thread(self, port: int = 0) -> Iterator[Self]:
        """Run in a thread with an event loop of its own, for tests that block."""
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=loop.run_forever, name="phone", daemon=True)
        thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self.start(port), loop).result()
            yield self
        finally:
            asyncio.run_coroutine_threadsafe(self.stop(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            loop.close()

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self._listener.port}"

    @property
    def base_url(self) -> str:
        """What python-telegram-bot wants as base_url."""
        return f"{self.url}/bot"

    @property
    def base_file_url(self) -> str:
        """What python-telegram-bot wants as base_file_url."""
        return f"{self.url}/file/bot"

    @property
    def page_url(self) -> str:
        """The address of the page, with its key."""
        return f"{self.url}/?key={self.key}"

    # People and chats

    def person(
        self,
        token: str,
        first_name: str,
        *,
        id: int | None = None,  # noqa: A002 - the Bot API's word
        language_code: str | None = "en",
        username: str | None = None,
        last_name: str | None = None,
    ) -> Person:
        """Return the person with this id, or else this name, on a bot's Telegram; make them if they are new."""
        world = self.board.world(token)
        with world.change():
            same = [one["id"] for one in world.people.values() if one["first_name"] == first_name]
            number = id or (same[0] if same else FIRST_PERSON + len(world.people))
            if number not in world.people:
                given = {"last_name": last_name, "username": username, "language_code": language_code}
                kept = {key: value for key, value in given.items() if value}
                world.save_person({"id": number, "is_bot": False, "first_name": first_name} | kept)
                world.save_chat(Chat(number, "private"))
            return Person(world, number)

    def rename(self, token: str, name: str) -> None:
        """Give a bot its name, as BotFather does."""
        world = self.board.world(token)
        with world.change():
            world.bot["texts"]["name"] = {"": name}
            world.save_bot()

    def group(self, token: str, title: str, members: Collection[Person]) -> Group:
        """Make a group of these people; the first of them adds the bot, which is told so."""
        return make_group(self.board.world(token), title, members)

    def inject(self, token: str, update: Json) -> int | None:
        """Queue any update, like {"message": {...}}, as it is; return its id, or None if the bot does not want it."""
        world = self.board.world(token)
        ((kind, body),) = ((key, value) for key, value in update.items() if key != "update_id")
        with world.change():
            return world.enqueue(kind, body)

    def pending(self, token: str) -> int:
        """Return how many updates the bot has not confirmed."""
        return len(self.board.world(token).updates)

    def polling(self, token: str) -> bool:
        """Say whether the bot waits in getUpdates right now."""
        return self.board.pollers.polling(token)

    async def until(self, token: str, condition: Callable[[], bool], timeout: float = 5.0) -> None:  # noqa: ASYNC109
        """Wait until the condition holds, looking after every change and call; TimeoutError after `timeout` s.

        A condition that looks at something that is not there yet (LookupError) does not hold.
        """
        bell = self.board.world(token).bell
        async with asyncio.timeout(timeout):
            while True:
                ring = bell.listen()
                with suppress(LookupError):
                    if condition():
                        bell.forget(ring)
                        return
                await ring

    # Calls and trouble

    def calls(self, token: str, method: str | None = None) -> list[Call]:
        """Return the calls a bot made, in the order they were answered; with `method`, only those."""
        calls = self.board.calls(token)
        return [call for call in calls if method is None or call.method.lower() == method.lower()]

    def fail(
        self,
        token: str,
        method: str = "*",
        *,
        times: int = 1,
        status: int = 500,
        description: str | None = None,
        body: str | None = None,
        retry_after: int | None = None,
        migrate_to_chat_id: int | None = None,
        drop: bool = False,
        delay: float = 0.0,
        after_recording: bool = False,
        when: Callable[[Json], bool] | None = None,
    ) -> Fault:
        """Make the next `times` calls fail (-1: all). With status 200 and no body they are only `delay` s late.

        `body` answers raw text; `drop` closes the connection without an answer; `after_recording` does the work
        first; `when` looks at the raw parameters; `retry_after` makes a 429.
        """
        parameters = {"retry_after": retry_after, "migrate_to_chat_id": migrate_to_chat_id}
        if retry_after is not None:
            status, description = 429, description or too_many(retry_after).description
        fault = Fault(
            method=method,
            left=times,
            status=status,
            description=description or DESCRIPTIONS.get(status, "Error"),
            body=body,
            parameters={key: value for key, value in parameters.items() if value is not None},
            drop=drop,
            delay=delay,
            after_recording=after_recording,
            when=when,
        )
        return self.board.faults(token).add(fault)

    def limit(self, token: str, *, per_second: int | None = 30, per_chat: int | None = 1) -> None:
        """Answer 429 to messages beyond these numbers in any second; None lifts one."""
        self.board.faults(token).limit = Limit(per_second, per_chat)

    def heal(self, token: str) -> None:
        """Forget every fault and limit of a bot."""
        self.board.faults(token).clear()
