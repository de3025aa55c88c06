"""Hold what is handed to the sender, and what it reports back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple


@dataclass(frozen=True, slots=True)
class LastAnswer:
    """Hold what the person said the time before. `nominal` is that check-in's wall time."""

    nominal: str
    answer: str
    details: Mapping[str, Any] | None


class DueCheckIn(NamedTuple):
    """Hold one check-in to send now. `attempt` fences off a sender whose lease went to another."""

    id: int
    attempt: int
    unknowns: int
    chat_id: int
    plan_public_id: str
    kind: str
    about: str | None
    interval: int
    unit: str
    nominal: str
    zone: str
    due_at: datetime
    expires_at: datetime
    is_nudge: bool
    is_late: bool
    discreet: bool
    # How many check-ins in a row were not answered before this one.
    unanswered: int
    # The plan ended with this one: nobody answers.
    ends_plan: bool
    # The message of the check-in that this one closes.
    closes_message_id: int | None
    nudge_at: datetime | None
    # When a first sending was to go out: the due time, or the end of the quiet hours that it falls into.
    wanted_at: datetime | None
    last: LastAnswer | None


@dataclass(frozen=True, slots=True)
class Report:
    """Say how a sending ended: one of five.

    "sent"; "not_sent" (try again, after `retry_in` if given); "unknown" (it may have arrived); "gone" (write to this
    chat no more); "failed" (this message cannot be sent, others can). `why` is a short id, never a text of a person.
    """

    kind: Literal["sent", "not_sent", "unknown", "gone", "failed"]
    message_id: int | None = None
    why: str = ""
    retry_in: timedelta | None = None


# Called immediately before the request leaves. False: it is not wanted any more; do not send.
Begin = Callable[[], Awaitable[bool]]

# Sends one check-in. Raises only when nothing at all can be sent any more (the token is refused).
Send = Callable[[DueCheckIn, Begin], Awaitable[Report]]
