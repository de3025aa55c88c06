"""Hold off somebody who writes faster than a person can, so that others do not wait behind them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from telegram import Update
from telegram.ext import ApplicationHandlerStop

from bot.context import Context
from bot.talk import send, toast
from bot.views.screen import Screen

# 20 messages a minute, all of them at once if need be. A press is a third of a message: a checklist is tapped through
# faster than anybody types.
MESSAGES_PER_MINUTE = 20
MESSAGE, PRESS = 3, 1
ROOM = MESSAGES_PER_MINUTE * MESSAGE
REFILL_PER_SECOND = ROOM / 60

# The notice comes again only after the flood was over for a while.
CALM = ROOM / 2


@dataclass(slots=True)
class Person:
    """Hold how much room one person has left, as of `at`, and whether they were told."""

    room: float
    at: datetime
    is_told: bool = False


class Floods:
    """Count what each person sends. It lives in memory: it protects this process, and decides nothing else."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self._people: dict[int, Person] = {}

    def __len__(self) -> int:
        """Return how many people are remembered."""
        return len(self._people)

    def take(self, person_id: int, weight: int, now: datetime) -> Literal["fine", "tell", "ignore"]:
        """Count one update, and return what to do with it: answer it, say once that it is too much, or nothing."""
        self._forget_some(now)
        person = self._people.setdefault(person_id, Person(ROOM, now))
        person.room, person.at = self._room(person, now), now
        if person.room >= CALM:
            person.is_told = False
        if person.room >= weight:
            person.room -= weight
            return "fine"
        was_told, person.is_told = person.is_told, True
        return "ignore" if was_told else "tell"

    @staticmethod
    def _room(person: Person, now: datetime) -> float:
        # The clock of a machine may be put back.
        return min(ROOM, person.room + REFILL_PER_SECOND * max(0.0, (now - person.at).total_seconds()))

    def _forget_some(self, now: datetime) -> None:
        """Look at the two that were not looked at for the longest time, so that there are never many at rest."""
        for other in list(itertools.islice(self._people, 2)):
            person = self._people.pop(other)
            if self._room(person, now) < ROOM:
                self._people[other] = person


class FloodGate:
    """Let an update through to its handler, or not."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.floods = Floods()

    async def __call__(self, update: Update, context: Context) -> None:
        """Raise ApplicationHandlerStop for what is too much. Emergencies were answered before."""
        user = update.effective_user
        if user is None or update.my_chat_member is not None:
            return
        verdict = self.floods.take(user.id, PRESS if update.callback_query else MESSAGE, context.now())
        if verdict == "fine":
            return
        if verdict == "tell":
            await toast(update)
            await send(update, context, Screen(context.library.phrases.say("flood.text")))
        raise ApplicationHandlerStop
