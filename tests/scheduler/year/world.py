"""Let a year pass: the real deliverer and the real tables, a clock that jumps from one due time to the next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import count

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from scheduler.db import answers, people, plans
from scheduler.db.engine import Database
from scheduler.db.models import CheckIn, Person, Plan
from scheduler.deliver import Deliverer
from scheduler.due import Begin, DueCheckIn, Report
from tests.clock import StillClock
from tests.scheduler.builders import Wish, make_many
from tests.scheduler.looking import next_look
from tests.scheduler.year.cast import BEGIN, END, Character, Deed
from tests.scheduler.year.oracle import Downtime

# Telegram is out of reach for so long, twice in the year: nothing is lost by it, and all of it comes late.
OUTAGE = timedelta(seconds=30)


# What keeping an answer looks at, and what it is sealed with.
READ_BY_ANSWERS = (CheckIn.person_id, CheckIn.state, CheckIn.sent_at, CheckIn.answered_at)


class Letter:
    """Hold one message that arrived."""

    def __init__(self, due: DueCheckIn, at: datetime) -> None:
        """Take what was sent, and when."""
        self.due, self.at, self.is_answered = due, at, False


class Year:
    """Hold the people, their phones and the program."""

    def __init__(
        self,
        database: Database,
        cast: Sequence[Character],
        downtimes: Sequence[Downtime] = (),
        outages: Iterable[datetime] = (),
    ) -> None:
        """Nobody is there yet."""
        self.database = database
        self.clock = StillClock(BEGIN)
        self.letters: dict[int, list[Letter]] = defaultdict(list)
        self.refused: dict[int, list[str]] = defaultdict(list)
        self.looks = 0
        self._cast = {character.chat_id: character for character in cast}
        self._downtimes, self._outages = list(downtimes), list(outages)
        self._has_blocked: set[int] = set()
        self._arrived: list[Letter] = []
        self._numbers = count(1)
        self._slowed: set[int] = set()

    async def pass_by(self) -> None:
        """Go through the year."""
        await self._set_up()
        deeds = sorted(
            ((deed.at, chat_id, deed) for chat_id, who in self._cast.items() for deed in who.deeds),
            key=lambda entry: entry[:2],
        )
        deliverer = self._started()
        while True:
            due = await next_look(self.database)
            moments = [at for at in (due, deeds[0][0] if deeds else None) if at is not None]
            if not moments or (now := self._up_again(min(moments))) >= END:
                return
            if now != min(moments):
                # Nobody was there: it is another process that goes on.
                deliverer = self._started()
            self.clock.move_to(max(now, self.clock.now))
            todo = [entry for entry in deeds if entry[0] <= now]
            del deeds[: len(todo)]
            await self._do([(chat_id, deed) for _, chat_id, deed in todo])
            await self._deliver(deliverer)
            await self._react()

    async def all_rows(self) -> tuple[Sequence[CheckIn], dict[int, Plan]]:
        """Return every check-in, and the plan of each person."""
        async with self.database.read() as session:
            rows = (await session.scalars(select(CheckIn).order_by(CheckIn.id))).all()
            found = await session.execute(select(Person.chat_id, Plan).join(Plan, Plan.person_id == Person.id))
            return rows, {row.chat_id: row.Plan for row in found}

    async def _set_up(self) -> None:
        wishes = [
            Wish(
                *(who.chat_id, str(who.chat_id), who.cadence, who.zone),
                home=who.zone,
                night=(who.night[0].isoformat("minutes"), who.night[1].isoformat("minutes")),
            )
            for who in self._cast.values()
        ]
        await make_many(self.database, wishes, BEGIN)

    def _started(self) -> Deliverer:
        return Deliverer(self.database, self._send, self.clock, f"process {next(self._numbers)}")

    async def _deliver(self, deliverer: Deliverer) -> None:
        self.looks += 1
        while await deliverer.deliver_due():
            pass
        await deliverer.settle()

    async def _send(self, due: DueCheckIn, begin: Begin) -> Report:
        """Be Telegram."""
        if not await begin():
            return Report("not_sent", why="not wanted")
        now = self.clock()
        if any(at <= now < at + OUTAGE for at in self._outages):
            return Report("not_sent", why="no connection")
        if due.chat_id in self._has_blocked:
            self.refused[due.chat_id].append(due.nominal)
            return Report("gone", why="blocked")
        letter = Letter(due, now)
        self.letters[due.chat_id].append(letter)
        self._arrived.append(letter)
        return Report("sent", message_id=next(self._numbers))

    async def _react(self) -> None:
        """Let those who got something do what they usually do, at once and all in one transaction."""
        arrived, self._arrived = self._arrived, []
        answered, slowed = [], []
        for letter in arrived:
            chat_id, habit = letter.due.chat_id, self._cast[letter.due.chat_id].habit
            if habit == "answers" or (habit == "answers the nudge" and letter.due.is_nudge):
                answered.append(letter)
            elif habit == "slows down" and letter.due.ends_plan and chat_id not in self._slowed:
                slowed.append(chat_id)
                self._slowed.add(chat_id)
        if not answered and not slowed:
            return
        async with self.database.write() as session:
            ids = [letter.due.id for letter in answered]
            rows = await session.execute(
                select(CheckIn, Plan)
                .join(Plan, Plan.id == CheckIn.plan_id)
                .where(CheckIn.id.in_(ids))
                # Thousands of rows: the other columns take longer than all else that is done here.
                .options(load_only(*READ_BY_ANSWERS), load_only(Plan.unanswered))
            )
            for check_in, plan in rows.all():
                answers.write(check_in, plan, "same", None, self.clock())
            for letter in answered:
                letter.is_answered = True
            for chat_id in slowed:
                person, plan = await self._find(session, chat_id)
                plan.interval *= 2
                plans.resume(plan, person, self.clock())

    async def _do(self, deeds: Sequence[tuple[int, Deed]]) -> None:
        """Let people do what they do at this moment, all in one transaction."""
        if not deeds:
            return
        async with self.database.write() as session:
            for chat_id, deed in deeds:
                person, plan = await self._find(session, chat_id)
                await self._do_one(session, person, plan, deed)

    async def _do_one(self, session: AsyncSession, person: Person, plan: Plan, deed: Deed) -> None:
        now = self.clock()
        match deed.what:
            case "pauses":
                await plans.pause(session, plan, now)
            case "resumes":
                plans.resume(plan, person, now)
            case "blocks unheard":
                self._has_blocked.add(person.chat_id)
            case "blocks":
                self._has_blocked.add(person.chat_id)
                await plans.suspend(session, person, now, "blocked")
            case "returns":
                self._has_blocked.discard(person.chat_id)
                await plans.come_back(session, person, now)
            case "moves":
                await plans.change_zone(session, person, deed.zone, now)

    async def _find(self, session: AsyncSession, chat_id: int) -> tuple[Person, Plan]:
        person = await people.find(session, chat_id, lock=True)
        assert person is not None
        plan = await plans.find(session, person, str(chat_id))
        assert plan is not None
        return person, plan

    def _up_again(self, at: datetime) -> datetime:
        return next((down.end for down in self._downtimes if down.begin <= at < down.end), at)
