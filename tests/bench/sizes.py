"""Say how much is measured: enough to see by default, and as much as the targets speak of with --full."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """Hold how often and how many. Seconds are of the wall."""

    name: str = "short"
    # How often each of those that are compared runs.
    repeats: int = 3
    # Messages through the transport or the pipeline; through PTB's httpx.
    sends: int = 1500
    slow_sends: int = 600
    # Check-ins due at once, and jobs where each costs a commit.
    due: int = 2000
    jobs: int = 150
    plans: tuple[int, ...] = (1_000, 10_000, 100_000)
    paced_seconds: float = 3.0
    limited_due: int = 120
    lags: int = 25
    talks: int = 1
    presses: int = 160
    answers: int = 40
    starts: int = 3
    chats: int = 100
    kill_due: int = 150


SHORT = Sizes()
FULL = Sizes(
    name="full",
    repeats=5,
    sends=10_000,
    slow_sends=3_000,
    due=10_000,
    jobs=2_000,
    plans=(1_000, 10_000, 100_000, 1_000_000),
    paced_seconds=20.0,
    limited_due=1_500,
    lags=300,
    talks=2,
    presses=1_000,
    answers=200,
    starts=7,
    chats=100,
    kill_due=1_000,
)
