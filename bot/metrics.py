"""Count what happens, for Prometheus. No label ever names a person, a chat or a text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from scheduler.due import DueCheckIn, Report

# Every label value is one of a list that we wrote: what comes from outside is "other".
UPDATE_KINDS: Final = ("message", "edited_message", "callback_query", "my_chat_member")

SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)
LATENESS: Final = (0.5, 1, 2.5, 5, 10, 15, 30, 60, 300, 900, 3600, 14_400, 43_200)


class Metrics:
    """Hold the counters of one program."""

    def __init__(self) -> None:
        """Start from nothing, in a registry of its own."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._updates = self._counter("updates", "Updates taken in", "kind", "result")
        self._update_seconds = Histogram(
            "calcibot_update_seconds", "From taking up an update to its end", registry=self.registry, buckets=SECONDS
        )
        self._answers = self._counter("answers", "Answers to typed questions", "kind")
        self._refusals = self._counter("refusals", "Typed questions without an answer", "why")
        self._odd_presses = self._counter("odd_presses", "Presses of buttons that were not offered there", "why")
        self._checklists = self._counter("checklists", "Checklists that ended", "outcome")
        self._sendings = self._counter("sendings", "Attempts to send a check-in", "result")
        self._given_up = self._counter("given_up", "Check-ins that were not sent as planned", "why")
        self._lateness = Histogram(
            "calcibot_lateness_seconds",
            "From when a check-in was wanted (after quiet hours) to when Telegram took it",
            registry=self.registry,
            buckets=LATENESS,
        )
        self._flood_seconds = self._counter("flood_wait_seconds", "Seconds of pause that Telegram asked for (429)")
        self._refused = self._counter("webhook_refused", "Requests to the webhook that were not handled", "why")
        self._polls = self._counter("polls", "Calls of getUpdates", "result")
        self._rebuilds = self._counter("client_rebuilds", "HTTP clients thrown away because they were stuck")
        self._due = self._gauge("due", "Plans and check-ins whose time has come")
        self._oldest_due = self._gauge("oldest_due_seconds", "How long the oldest of them has waited")
        self._clock_ahead = self._gauge("database_clock_ahead_seconds", "The database's clock, against this machine's")
        self._states = self._gauge("check_ins", "Check-ins that will be looked at again", "state")
        self._heard = self._gauge("last_heard_timestamp_seconds", "When Telegram was heard last")
        self._polling = self._gauge("polls_here", "1 while this replica is the one that polls")
        self._webhook_ours = self._gauge("webhook_ours", "1 while Telegram calls this bot's address")
        self._webhook_pending = self._gauge("webhook_pending_updates", "Updates that wait at Telegram")
        self._webhook_error = self._gauge("webhook_last_error_timestamp_seconds", "When Telegram last failed to call")
        self._info = self._gauge("info", "Versions", "version", "tzdata", "sqlite")

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"calcibot_{name}", words, labels, registry=self.registry)

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"calcibot_{name}", words, labels, registry=self.registry)

    def render(self) -> bytes:
        """Return everything in Prometheus's text format."""
        return generate_latest(self.registry)

    def update_ended(self, raw: Mapping[str, object], result: str, seconds: float | None = None) -> None:
        """Count an update: "done", "failed", "set_aside", "apologised"; `seconds` that it took, if it was handled."""
        kind = next((kind for kind in UPDATE_KINDS if kind in raw), "other")
        self._updates.labels(kind, result).inc()
        if seconds is not None:
            self._update_seconds.observe(seconds)

    def answered(self, kind: str) -> None:
        """Count an answer to a typed text: "topic", "suggestions", "care", "emergency"."""
        self._answers.labels(kind).inc()

    def refused(self, why: str) -> None:
        """Count a typed question that got no answer, by the kind of refusal."""
        self._refusals.labels(why).inc()

    def pressed_oddly(self, why: str) -> None:
        """Count a press of a button that was not offered there: "group", "unknown", "not there"."""
        self._odd_presses.labels(why).inc()

    def checklist_ended(self, outcome: str) -> None:
        """Count a checklist by the level of its outcome."""
        self._checklists.labels(outcome).inc()

    def attempted(self, due: DueCheckIn, report: Report, now: datetime) -> None:
        """Count one attempt to send a check-in, and how late it came."""
        self._sendings.labels(report.kind).inc()
        if report.kind == "sent" and due.wanted_at is not None:
            self._lateness.observe(max(0.0, (now - due.wanted_at).total_seconds()))

    def given_up(self, why: str, times: int) -> None:
        """Count check-ins that were not sent as planned: "missed", "expired", "sent_unconfirmed"."""
        self._given_up.labels(why).inc(times)

    def flooded(self, seconds: float) -> None:
        """Count the pause that a 429 asked for."""
        self._flood_seconds.inc(seconds)

    def webhook_refused(self, why: str) -> None:
        """Count a request to the webhook that was not handled."""
        self._refused.labels(why).inc()

    def polled(self, result: str) -> None:
        """Count one getUpdates: "answered", "refused" (by Telegram) or "lost" (no answer)."""
        self._polls.labels(result).inc()

    def client_rebuilt(self) -> None:
        """Count a stuck HTTP client."""
        self._rebuilds.inc()

    def heard(self, now: datetime) -> None:
        """Note when Telegram was heard."""
        self._heard.set(now.timestamp())

    def polls_here(self, here: bool) -> None:
        """Note whether this replica polls."""
        self._polling.set(here)

    def webhook_seen(self, ours: bool, pending: int, last_error: datetime | None) -> None:
        """Note what Telegram says about the webhook."""
        self._webhook_ours.set(ours)
        self._webhook_pending.set(pending)
        self._webhook_error.set(last_error.timestamp() if last_error else 0)

    def scheduler_seen(self, due: int, oldest_due_seconds: float, states: Mapping[str, int]) -> None:
        """Note what is due."""
        self._due.set(due)
        self._oldest_due.set(oldest_due_seconds)
        self._states.clear()
        for state, count in states.items():
            self._states.labels(state).set(count)

    def clocks_compared(self, ahead: timedelta) -> None:
        """Note how far the database's clock is ahead of this machine's."""
        self._clock_ahead.set(ahead.total_seconds())

    def versions(self, version: str, tzdata: str, sqlite: str) -> None:
        """Name what runs."""
        self._info.labels(version, tzdata, sqlite).set(1)
