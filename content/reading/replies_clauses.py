"""Cut a reply into clauses and find the cues in each: the longest phrase wins, a denial reaches the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from content.reading.replies_phrases import BREAK, plain
from content.reading.replies_rules import ReplyRules

# Replies are short; what matters stands early.
MOST_WORDS = 60
_LONGEST_SPELLING = 3
_FIRST = {"stop": 0, "never": 1}
_DENIALS = {"negation", "unable"}
_ANSWERS = {"yes", "no", "maybe", "unsure", "affirm"}


@dataclass(frozen=True)
class Cue:
    """Be one phrase found. `denied`: a negation stands before it. `denies`: it is a "no" that denies the next cue."""

    kind: str
    start: int
    end: int
    denied: bool = False
    denies: bool = False


@dataclass(frozen=True)
class Clause:
    """Hold the cues of one clause in order. `trailing`: a denial with nothing after it. `asks`: it is a question."""

    words: tuple[str, ...]
    cues: tuple[Cue, ...]
    trailing: str
    asks: bool

    def has(self, kind: str) -> bool:
        """Return whether a cue of this kind is there."""
        return any(cue.kind == kind for cue in self.cues)

    def denies(self, kind: str) -> bool:
        """Return whether every cue of this kind is denied."""
        return all(cue.denied for cue in self.cues if cue.kind == kind)

    @property
    def denying_no(self) -> bool:
        """Return whether each "no" only denies a word after it."""
        return all(cue.denies for cue in self.cues if cue.kind == "no")


def clauses(text: str, question: str, rules: ReplyRules) -> tuple[Clause, ...]:
    """Return the clauses of a reply with their cues."""
    words = [rules.correct(word) for word in _spelled(plain(text), rules)[:MOST_WORDS]]
    marked = [BREAK if word in rules.breaks else word for word in words]
    joined = "".join(f"{word} " for word in marked)
    cues = _longest(_found(joined, question, rules))
    return tuple(_cut(joined, cues, rules))


def _spelled(words: Sequence[str], rules: ReplyRules) -> list[str]:
    result: list[str] = []
    at = 0
    while at < len(words):
        for length in range(_LONGEST_SPELLING, 0, -1):
            right = rules.spellings.get(" ".join(words[at : at + length]))
            if right is not None:
                result.extend(right.split())
                at += length
                break
        else:
            result.append(words[at])
            at += 1
    return result


def _found(joined: str, question: str, rules: ReplyRules) -> Iterator[tuple[Cue, int]]:
    for pattern in rules.patterns(question):
        for match in pattern.pattern.finditer(joined):
            if match.end() > match.start():
                yield Cue(pattern.kind, match.start(), match.end()), pattern.weight


def _longest(found: Iterator[tuple[Cue, int]]) -> list[Cue]:
    kept: list[Cue] = []
    for cue, _ in sorted(found, key=_rank):
        if all(cue.end <= other.start or cue.start >= other.end for other in kept):
            kept.append(cue)
    return sorted(kept, key=lambda cue: cue.start)


def _rank(found: tuple[Cue, int]) -> tuple[int, int, int]:
    # "Don't ask me again" must not become "ask me again": some meanings go before length.
    cue, weight = found
    return _FIRST.get(cue.kind, len(_FIRST)), cue.start - cue.end, -weight


def _cut(joined: str, cues: Sequence[Cue], rules: ReplyRules) -> Iterator[Clause]:
    start = 0
    for at, character in enumerate(joined + BREAK):
        if character not in {BREAK, "?"}:
            continue
        inside = [cue for cue in cues if start <= cue.start < at]
        if start < at and joined[start:at].strip():
            yield _clause(joined[start:at], inside, rules, joined, asked=character == "?")
        start = at + 1


def _clause(text: str, cues: Sequence[Cue], rules: ReplyRules, joined: str, *, asked: bool) -> Clause:
    marked: list[Cue] = []
    negated = False
    for index, cue in enumerate(cues):
        following = cues[index + 1] if index + 1 < len(cues) else None
        denies = False
        if (
            cue.kind == "no"
            and following is not None
            and following.kind != "affirm"
            and joined[cue.start : cue.end] == "no "
        ):
            denies = rules.may_stand_between(joined[cue.end : following.start].strip())
        marked.append(Cue(cue.kind, cue.start, cue.end, denied=negated, denies=denies))
        negated = negated or cue.kind in _DENIALS or denies
    # "Maybe?" answers, "is it bad?" does not.
    answering = any(cue.kind in _ANSWERS for cue in marked)
    asks = any(cue.kind == "asks" for cue in marked) or (asked and not answering)
    trailing = marked[-1].kind if marked and marked[-1].kind in _DENIALS else ""
    return Clause(tuple(text.split()), tuple(marked), trailing, asks)
