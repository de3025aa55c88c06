"""Hold every table: this page answers "what do you store about me?"."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, event, text
from sqlalchemy.orm import Mapped, mapped_column

from scheduler.db.base import Base, Key
from scheduler.db.types import Sealed, lend_vault, seal_new


class Person(Base):
    """Keep one person's settings. The chat id is Telegram's, of the private chat."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    created_at: Mapped[datetime]
    zone: Mapped[str | None]
    quiet_from: Mapped[str] = mapped_column(default="22:00")
    quiet_to: Mapped[str] = mapped_column(default="08:00")
    discreet: Mapped[bool] = mapped_column(default=True)
    # An emergency text was shown and nobody has said yet that help is on the way or that it was not meant.
    emergency_since: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    suspended_why: Mapped[str | None]
    # The newest block or unblock seen: older news of the kind is ignored.
    member_changed_at: Mapped[datetime | None]
    # What is being asked of the person outside a checklist or check-in: {"kind": "plan", ...}.
    _asking: Mapped[str | None] = mapped_column("asking")
    asking = Sealed[dict[str, Any] | None]()
    consent_version: Mapped[int | None]
    consent_language: Mapped[str | None]
    consented_at: Mapped[datetime | None]
    # How long answers are kept, if the person chose less than the usual time.
    keep_months: Mapped[int | None]
    # How often the checklist ended calmly on this UTC day, so that worry gets a kind word and not a scale.
    calm_day: Mapped[date | None]
    calm_runs: Mapped[int] = mapped_column(default=0)
    # The last update whose typed text changed something: handling it twice changes nothing.
    applied_update: Mapped[int | None] = mapped_column(BigInteger)
    # What that text answered: given again, its message is read neither as an answer to what is asked now nor anew.
    _applied_to: Mapped[str | None] = mapped_column("applied_to")
    applied_to = Sealed[dict[str, Any] | None]()

    @property
    def owner_id(self) -> int:
        """Return the row number of this person."""
        return self.id


class Plan(Base):
    """Keep a rule for coming back: the wall time and the zone are the truth, `next_due_at` is computed from them."""

    __tablename__ = "plans"
    __table_args__ = (
        CheckConstraint("kind IN ('check_in', 'recheck', 'visit')", name="kind"),
        CheckConstraint("unit IN ('day', 'week', 'month', 'once')", name="unit"),
        CheckConstraint("interval >= 1", name="interval"),
        Index(
            "ix_plans_next_due_at",
            "next_due_at",
            sqlite_where=text("next_due_at IS NOT NULL"),
            postgresql_where=text("next_due_at IS NOT NULL"),
        ),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str]
    # What a question after a checklist is about: the outcome's level.
    _about: Mapped[str | None] = mapped_column("about")
    about = Sealed[str | None]()
    created_at: Mapped[datetime]
    unit: Mapped[str]
    interval: Mapped[int]
    weekdays: Mapped[str] = mapped_column(default="")
    month_day: Mapped[int | None]
    at: Mapped[str]
    anchor: Mapped[date]
    zone: Mapped[str]
    # Nominal local time of the last occurrence that was taken up, and of the next one.
    done_nominal: Mapped[str | None]
    next_nominal: Mapped[str | None]
    next_due_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    away_until: Mapped[date | None]
    stopped_at: Mapped[datetime | None]
    stopped_why: Mapped[str | None]
    unanswered: Mapped[int] = mapped_column(default=0)
    missed: Mapped[int] = mapped_column(default=0)


class CheckIn(Base):
    """Keep one occurrence of a plan: its delivery, and the answer.

    `wake_at` is the next time the deliverer must look: a retry, the end of a lease, a snooze or a nudge. None: never.
    "claimed" is owned but not begun; "sending" is begun, so a crash there leaves it unknown whether it arrived.
    """

    __tablename__ = "check_ins"
    __table_args__ = (
        UniqueConstraint("plan_id", "nominal"),
        CheckConstraint(
            "state IN ('waiting', 'claimed', 'sending', 'sent', 'sent_unconfirmed', 'expired', 'cancelled', 'failed')",
            name="state",
        ),
        Index(
            "ix_check_ins_wake_at",
            "wake_at",
            sqlite_where=text("wake_at IS NOT NULL"),
            postgresql_where=text("wake_at IS NOT NULL"),
        ),
        Index(
            "ix_check_ins_open",
            "plan_id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Base.__table_args__,
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("plans.id", ondelete="CASCADE"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    nominal: Mapped[str]
    zone: Mapped[str]
    due_at: Mapped[datetime]
    # Sent later than this, its question would have grown old.
    expires_at: Mapped[datetime]
    # 0 is the first sending; a snooze or nudge is the next turn of the same check-in.
    turn: Mapped[int] = mapped_column(default=0)
    state: Mapped[str]
    wake_at: Mapped[datetime | None]
    owner: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(default=0)
    # How often the fate of a sending could not be learnt in this turn.
    unknowns: Mapped[int] = mapped_column(default=0)
    missed_before: Mapped[int] = mapped_column(default=0)
    nudged: Mapped[bool] = mapped_column(default=False)
    sent_at: Mapped[datetime | None]
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    closed_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    _answer: Mapped[str | None] = mapped_column("answer")
    answer = Sealed[str | None]()
    # What changed, size, note: the choices made, in the order asked.
    _details: Mapped[str | None] = mapped_column("details")
    details = Sealed[dict[str, Any] | None]()
    # Taken out of the history: nobody is shown it any more, and the nightly clean-up takes it when it is too late to
    # undo.
    deleted_at: Mapped[datetime | None]


class Run(Base):
    """Keep one walk through the checklist. Answers in the order given; an unsaved run goes away after a day."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    checklist_version: Mapped[int]
    started_at: Mapped[datetime]
    # A sign that was told of before: its questions come first.
    _flag: Mapped[str | None] = mapped_column("flag")
    flag = Sealed[str | None]()
    _answers: Mapped[str] = mapped_column("answers")
    answers = Sealed[dict[str, str]]()
    # The emergency screen was passed with "none of these", or which of its signs was chosen.
    screened: Mapped[bool] = mapped_column(default=False)
    _emergency_sign: Mapped[str | None] = mapped_column("emergency_sign")
    emergency_sign = Sealed[str | None]()
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[datetime | None]
    _outcome: Mapped[str | None] = mapped_column("outcome")
    outcome = Sealed[str | None]()
    _note: Mapped[str | None] = mapped_column("note")
    note = Sealed[str | None]()
    saved_at: Mapped[datetime | None]
    # As in a check-in.
    deleted_at: Mapped[datetime | None]


class SeenUpdate(Base):
    """Know an update again, without its text. Purged after 8 days: Telegram may restart its numbers."""

    __tablename__ = "seen_updates"
    __table_args__ = ()

    bot_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    seen_at: Mapped[datetime]
    attempts: Mapped[int]
    done: Mapped[bool]


class UsedKey(Base):
    """Know which keys values were sealed with, by name, so that a missing one is noticed at the start."""

    __tablename__ = "used_keys"
    __table_args__ = ()

    name: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class Lease(Base):
    """Keep who does what only one replica may do at a time: poll, or handle updates of one chat. Gone when it is done.

    `until` is the database's time: the clocks of two hosts may differ.
    """

    __tablename__ = "leases"
    __table_args__ = ()

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    until: Mapped[datetime]


class Moment(Base):
    """Keep when the next message of all replicas together may go, in microseconds since 1970 of the database's time."""

    __tablename__ = "moments"
    __table_args__ = ()

    name: Mapped[str] = mapped_column(primary_key=True)
    next_at: Mapped[int] = mapped_column(BigInteger)


event.listen(Base, "load", lend_vault, propagate=True)
event.listen(Base, "before_insert", seal_new, propagate=True)
