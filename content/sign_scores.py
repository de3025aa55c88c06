"""Score how signs are read: shares of labelled messages that come out right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from content.reading.sign_rules import FLAGS, SignRules
from content.reading.signs import read_signs
from content.sign_examples import SignExample


@dataclass(frozen=True, slots=True)
class Score:
    """Hold shares from 0 to 1; `exact` is of the messages judged for flags whose flags are all right."""

    emergencies: float
    emergency_alarms: float
    flags: float
    flag_alarms: float
    exact: float
    by_flag: Mapping[str, float]


def score(examples: Iterable[SignExample], rules: SignRules) -> Score:
    """Return how the examples are read."""
    real: list[bool] = []
    vain: list[bool] = []
    flags: list[tuple[str, bool]] = []
    alarms: list[bool] = []
    exact: list[bool] = []
    for example in examples:
        signs = read_signs(example.text, rules)
        if example.flags is None:
            (real if example.emergency else vain).append(signs.emergency)
            continue
        flags += [(flag, flag in signs.flags) for flag in example.flags]
        exact.append(set(signs.flags) == example.flags)
        if not example.flags:
            alarms.append(bool(signs.flags))
    hits = [hit for _, hit in flags]
    by_flag: dict[str, float] = {flag: _share([hit for one, hit in flags if one == flag]) for flag in FLAGS}
    return Score(_share(real), _share(vain), _share(hits), _share(alarms), _share(exact), by_flag)


def _share(part: Sequence[bool]) -> float:
    """Return 0 for nothing."""
    return sum(part) / max(len(part), 1)
