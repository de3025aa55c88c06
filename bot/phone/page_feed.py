"""What the page shows, as it changes: one Server-Sent Event per change, only with what is new."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from bot.phone.clock import Clock, ShiftedClock
from bot.phone.methods import commands_for
from bot.phone.methods_send import bot_user
from bot.phone.people import Person
from bot.phone.switchboard import Call, Switchboard
from bot.phone.world import World

# Changes that come together are shown together.
GATHER = 0.03
# A silent stream says that it lives, so that a dead one is noticed.
ALIVE = 15.0
SHOWN_CALLS = 150
LONGEST = 4_000

Json = dict[str, Any]


class Feed:
    """The stream of one open page that looks at one person's chat."""

    def __init__(self, board: Switchboard, world: World, person: Person, clock: Clock) -> None:
        self.board = board
        self.world = world
        self.person = person
        self.clock = clock
        self._revision = 0
        self._call = 0
        self._toasts = {toast["id"] for toast in world.chats[person.id].toasts}
        self._frame: Json = {}

    async def events(self) -> AsyncIterator[str]:
        """Yield text/event-stream, first everything and then each change."""
        known = sorted(self.world.messages.get(self.person.id, {}).items())
        self._revision = self.world.revision
        self._frame = self._now()
        first = {"reset": True, "messages": [message for _, message in known], "calls": self._new_calls()}
        yield _event(first | self._frame)
        while True:
            ring = self.world.bell.listen()
            change = self._change()
            if change:
                self.world.bell.forget(ring)
                yield _event(change)
                await asyncio.sleep(GATHER)
                continue
            try:
                await asyncio.wait_for(ring, ALIVE)
            except TimeoutError:
                self.world.bell.forget(ring)
                yield ": alive\n\n"

    def _change(self) -> Json:
        """Return what is new since the last event."""
        with self.world.lock:
            change: Json = {}
            known = self.world.messages.get(self.person.id, {})
            fresh = [
                number
                for number, revision in self.world.revisions.get(self.person.id, {}).items()
                if revision > self._revision
            ]
            self._revision = self.world.revision
            if fresh:
                change["messages"] = [known[number] for number in sorted(fresh) if number in known]
                change["deleted"] = [number for number in fresh if number not in known]
            toasts = [one for one in self.world.chats[self.person.id].toasts if one["id"] not in self._toasts]
            if toasts:
                change["toasts"] = toasts
                self._toasts.update(one["id"] for one in toasts)
            frame = self._now()
            change |= {key: value for key, value in frame.items() if value != self._frame.get(key)}
            self._frame = frame
        calls = self._new_calls()
        return change | ({"calls": calls} if calls else {})

    def _now(self) -> Json:
        """Return everything around the messages."""
        chat = self.world.chats[self.person.id]
        texts = self.world.bot["texts"]
        shift = self.clock.offset.total_seconds() if isinstance(self.clock, ShiftedClock) else None
        return {
            "bot": bot_user(self.world),
            "description": texts.get("description", {}).get("", ""),
            "people": [
                {"id": one.id, "name": one.user["first_name"], "last": one.chat.last_id} for one in self._people()
            ],
            "person": self.person.id,
            "commands": commands_for(self.world, self.person.user),
            "blocked": chat.blocked,
            "started": chat.started,
            "keyboard": chat.keyboard,
            "reactions": dict(chat.reactions),
            "typing": self.person.typing,
            # Milliseconds that the phone is ahead of this machine; null when its clock cannot be moved.
            "shift": None if shift is None else shift * 1000,
        }

    def _people(self) -> list[Person]:
        return [Person(self.world, number) for number, chat in self.world.chats.items() if chat.type == "private"]

    def _new_calls(self) -> list[Json]:
        calls = [call for call in self.board.calls(self.world.token)[-SHOWN_CALLS:] if call.number > self._call]
        if calls:
            self._call = max(call.number for call in calls)
        return [_shown(call) for call in calls if not _empty_poll(call)]


def _empty_poll(call: Call) -> bool:
    """Say whether a call was a getUpdates that brought nothing."""
    return call.method == "getUpdates" and call.answer == {"ok": True, "result": []}


def _shown(call: Call) -> Json:
    answer = call.answer if isinstance(call.answer, str) else json.dumps(call.answer, indent=1, ensure_ascii=False)
    return {
        "number": call.number,
        "method": call.method,
        "status": call.status,
        "at": call.at.isoformat(),
        "parameters": {key: str(value)[:LONGEST] for key, value in call.parameters.items()},
        "answer": answer[:LONGEST],
    }


def _event(data: Json) -> str:
    return f"data: {json.dumps(data, separators=(',', ':'))}\n\n"
