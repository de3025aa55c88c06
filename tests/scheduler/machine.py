"""Do everything that people, Telegram and machines do, in any order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy.ext.asyncio import AsyncSession

from scheduler.db import answers, people, plans
from scheduler.db.models import Person, Plan
from scheduler.rule import Cadence, Unit
from tests.scheduler.stage import Stage, refuse
from tests.scheduler.town import REPLICAS, Order

# Its clocks change four days after the start; where it is the day before; where it is the day after.
ZONES = ("Europe/Berlin", "Pacific/Honolulu", "Pacific/Auckland", "Asia/Kathmandu")

CHATS = st.integers(1, 3)
WHICH = st.integers(0, 7)
REPLICA = st.sampled_from(REPLICAS)
ORDERS = st.sampled_from(Order.__args__)  # type: ignore[attr-defined]  # the words of a Literal
# Often nothing; else a few different troubles, or the same one a few times.
TROUBLE: st.SearchStrategy[list[Order]] = (
    st.just([])
    | st.lists(ORDERS, max_size=2)
    | st.builds(lambda order, times: [order] * times, ORDERS, st.integers(1, 4))
)
UNITS = st.sampled_from([("day", 1), ("day", 2), ("week", 1), ("month", 1), ("once", 1)])
HOURS = st.sampled_from([2, 8, 9, 12, 21, 23])
STEPS_OF_TIME = st.sampled_from(
    [timedelta(seconds=61), timedelta(minutes=20), timedelta(hours=1), timedelta(hours=13), -timedelta(hours=1)]
)


class AnyOrder(Stage):
    """Do one thing after the other, and look."""

    @initialize(hour=HOURS)
    def begin(self, hour: int) -> None:
        """Start with one person who has a daily plan."""
        self.open()
        self.made = 0
        self.set_up(1, ("day", 1), hour, ZONES[0])

    @rule(chat_id=CHATS, rhythm=UNITS, hour=HOURS, zone=st.sampled_from(ZONES))
    def set_up(self, chat_id: int, rhythm: tuple[Unit, int], hour: int, zone: str) -> None:
        """Make a plan."""

        async def do(session: AsyncSession) -> Plan | None:
            person = await people.ensure(session, chat_id, self.town.clock())
            person.zone = person.zone or zone
            if len(await plans.active(session, person)) >= 2 or person.suspended_at:
                return None
            self.made += 1
            cadence = self._cadence(rhythm, hour)
            now, name = self.town.clock(), f"plan{self.made}"
            return await plans.create(session, person, name, "check_in", cadence, person.zone, now)

        self.follow(self.write(do))

    def _cadence(self, rhythm: tuple[Unit, int], hour: int) -> Cadence:
        unit, interval = rhythm
        # A day ahead in every zone, so that a single one is not past.
        day: date = self.town.clock().date() + timedelta(days=2 if unit == "once" else 0)
        return Cadence(unit=unit, interval=interval, at=time(hour, 30), anchor=day)

    @rule(which=WHICH, rhythm=UNITS, hour=HOURS)
    def change_rule(self, which: int, rhythm: tuple[Unit, int], hour: int) -> None:
        """Give a plan another rule."""

        async def do(session: AsyncSession, person: Person, plan: Plan) -> None:
            plans.change(plan, person, self._cadence(rhythm, hour), plan.zone, self.town.clock())

        self.with_plan(which, do)

    @rule(which=WHICH, action=st.sampled_from(["pause", "resume", "stop", "away", "slower"]), days=st.integers(1, 9))
    def change_plan(self, which: int, action: str, days: int) -> None:
        """Do what the buttons of a plan do."""

        async def do(session: AsyncSession, person: Person, plan: Plan) -> None:
            now = self.town.clock()
            if action == "pause":
                await plans.pause(session, plan, now)
            elif action == "stop":
                await plans.stop(session, plan, now, "asked")
            elif action == "away":
                await plans.go_away(session, person, plan, now.date() + timedelta(days=days), now)
            else:
                plan.interval = (
                    min(8, plan.interval * 2) if action == "slower" and plan.unit != "once" else plan.interval
                )
                plans.resume(plan, person, now)

        self.with_plan(which, do)

    @rule(which=WHICH, action=st.sampled_from(["answer", "undo", "snooze"]), hours=st.sampled_from([1, 12, 24]))
    def press(self, which: int, action: str, hours: int) -> None:
        """Press a button of a message that arrived; nobody can in a bot that they have blocked."""
        seen = [one for one in self.town.arrivals if one.chat_id not in self.town.has_blocked]
        if not seen:
            return
        arrival = seen[-1 - which % len(seen)]

        async def do(session: AsyncSession) -> None:
            person = await people.find(session, arrival.chat_id, lock=True)
            found = await answers.find(session, person, arrival.plan, arrival.nominal) if person else None
            if person is None or found is None or found[0].closed_at is not None:
                return
            (check_in, plan), now = found, self.town.clock()
            check_in.sent_at = check_in.sent_at or now
            if action == "answer":
                answers.write(check_in, plan, "same", None, now)
            elif action == "undo":
                check_in.answer = check_in.answered_at = check_in.details = None
            else:
                answers.snooze(check_in, person, plan.zone, now + timedelta(hours=hours))

        self.write(do)

    @rule(chat_id=CHATS, zone=st.sampled_from(ZONES))
    def move(self, chat_id: int, zone: str) -> None:
        """Move to another zone."""

        async def do(session: AsyncSession) -> Sequence[Plan]:
            person = await people.find(session, chat_id, lock=True)
            if person is None:
                return []
            await plans.change_zone(session, person, zone, self.town.clock())
            return await plans.active(session, person)

        for plan in self.write(do):
            self.ledger.moved(plan)

    @rule(chat_id=CHATS, is_heard=st.booleans())
    def block(self, chat_id: int, is_heard: bool) -> None:
        """Block the bot, which Telegram tells it or not."""
        self.town.has_blocked.add(chat_id)

        async def do(session: AsyncSession) -> None:
            if is_heard and (person := await people.find(session, chat_id, lock=True)):
                await plans.suspend(session, person, self.town.clock(), "blocked")

        self.write(do)

    @rule(chat_id=CHATS)
    def come_back(self, chat_id: int) -> None:
        """Unblock the bot and let everything go on."""
        self.town.has_blocked.discard(chat_id)

        async def do(session: AsyncSession) -> Sequence[Plan]:
            person = await people.find(session, chat_id, lock=True)
            if person is None or person.suspended_at is None:
                return []
            await plans.come_back(session, person, self.town.clock())
            return await plans.active(session, person)

        for plan in self.write(do):
            self.follow(plan)

    @rule(chat_id=CHATS, is_sure=st.sampled_from([False, False, True]))
    def delete_everything(self, chat_id: int, is_sure: bool) -> None:
        """Have everything deleted."""

        async def do(session: AsyncSession) -> None:
            await people.forget(session, chat_id)

        if is_sure:
            self.write(do)

    @rule(replica=REPLICA, then=REPLICA, orders=TROUBLE)
    def come_due(self, replica: str, then: str, orders: list[Order]) -> None:
        """Let the time pass until something is due, and deliver it, with more or less luck."""
        self.move_on()
        self.town.orders += orders
        self.deliver(replica, then)

    @rule(replica=REPLICA, orders=TROUBLE)
    def come_due_again(self, replica: str, orders: list[Order]) -> None:
        """Do the same, so that it is done more often than the rest."""
        self.come_due(replica, replica, orders)

    @rule(step=STEPS_OF_TIME, replica=REPLICA)
    def pass_time(self, step: timedelta, replica: str) -> None:
        """Let some time pass, or set the clock back, and look what is due."""
        self.town.clock.set_to(self.town.clock() + step)
        self.deliver(replica)

    @rule(replica=REPLICA, how=st.sampled_from(["kill", "kill", "stop", "release"]))
    def end(self, replica: str, how: str) -> None:
        """Kill or stop a replica and start another one, or let go on what hangs in both."""
        if how == "release":
            self.run(self.town.release())
        else:
            self.run(self.town.kill(replica) if how == "kill" else self.town.stop(replica))

    @invariant()
    def keeps_its_promises(self) -> None:
        """Look at what was sent so far."""
        refuse(self.town.breaches)
