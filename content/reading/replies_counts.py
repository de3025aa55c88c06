"""Compare how many bumps a reply counts: "I had seven and it's four now"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from content.reading.replies_rules import ReplyRules

_FIGURES = re.compile(r"([0-9]{1,3})([a-z]*)")
Change = Literal["better", "same", "worse"]


def compare_counts(words: Sequence[str], rules: ReplyRules) -> Change | None:
    """Return what the first and the last count of a reply say together, None when there are not two counts."""
    if not set(rules.counts.then_and_now) & set(words):
        return None
    counts = [
        count
        for at, word in enumerate(words)
        if (count := _count(word, rules)) is not None and not any(rules.unit_finder.find([*words, ""], at + 1))
    ]
    if len(counts) < 2:
        return None
    return "same" if counts[0] == counts[-1] else "better" if counts[-1] < counts[0] else "worse"


def _count(word: str, rules: ReplyRules) -> int | None:
    if match := _FIGURES.fullmatch(word):
        return int(match[1]) if match[2] in {"", *rules.counts.sizes} else None
    return rules.counts.numbers.get(word)
