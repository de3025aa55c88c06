"""Cut a reply into clauses and find the cues in each: the longest phrase wins, a denial reaches the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from content.reading.replies_phrases import ASKED, BREAK, plain
from content.reading.replies_rules import ReplyRules

# A story can say its point at the end; nobody types more than this on a phone.
MOST_WORDS = 80
_LONGEST_SPELLING = 3
# "Don't ask me again" must not become "ask me again": these count as so many letters longer than they are.
_STRONG, _STRONGER_BY = {"stop", "never", "verdict_yes", "verdict_no"}, 8
_DENIALS = {"negation", "unable"}
_ANSWERS = {"yes", "no", "maybe", "unsure", "affirm", "degree", "verdict_yes", "verdict_no"}


@dataclass(frozen=True, slots=True)
class Cue:
    """Be one phrase found. `denied`: a negation stands before it. `denies`: it is a "no" that denies the next cue."""

    kind: str
    start: int
    end: int
    denied: bool = False
    denies: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """Hold the cues of one clause in order.

    `trailing`: a denial with nothing after it. `asks`: it is a question. `turns`: a "but" stands before it.
    """

    words: tuple[str, ...]
    cues: tuple[Cue, ...]
    trailing: str
    asks: bool
    turns: bool

    def has(self, *kinds: str) -> bool:
        """Return whether a cue of one of these kinds is there."""
        return any(cue.kind in kinds for cue in self.cues)

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
    breaks = _break(words, rules)
    return tuple(_cut(words, _longest(words, question, rules), breaks, rules))


def _spelled(words: Sequence[str], rules: ReplyRules) -> list[str]:
    result: list[str] = []
    spellings = rules.spellings
    at = 0
    while at < len(words):
        for length in range(_LONGEST_SPELLING, 0, -1):
            right = spellings.get(" ".join(words[at : at + length]))
            if right is not None:
                result.extend(right.split())
                at += length
                break
        else:
            result.append(words[at])
            at += 1
    return result


def _break(words: list[str], rules: ReplyRules) -> dict[int, str]:
    """Put a BREAK where a clause starts without a stop, and return how each goes on from the last."""
    finder = rules.break_finder
    found = [(at, phrase.kind) for at in range(len(words)) for phrase, _ in finder.find(words, at)]
    for at, _ in found:
        words[at] = BREAK
    return dict(found)


def _longest(words: Sequence[str], question: str, rules: ReplyRules) -> list[Cue]:
    letters = [0]
    for word in words:
        letters.append(letters[-1] + len(word) + 1)
    found: list[tuple[tuple[int, int], Cue]] = []
    finders = rules.finders(question)
    for at, word in enumerate(words):
        if word in {BREAK, ASKED}:
            continue
        for finder in finders:
            for phrase, end in finder.find(words, at):
                length = letters[end] - letters[at] + (_STRONGER_BY if phrase.kind in _STRONG else 0)
                rank = (-length, -phrase.weight)
                found.append((rank, Cue(phrase.kind, at, end)))
    kept: list[Cue] = []
    for _, cue in sorted(found, key=lambda pair: pair[0]):
        if all(cue.end <= other.start or cue.start >= other.end for other in kept):
            kept.append(cue)
    return sorted(kept, key=lambda cue: cue.start)


def _cut(words: Sequence[str], cues: Sequence[Cue], breaks: dict[int, str], rules: ReplyRules) -> Iterator[Clause]:
    start, asking, how = 0, False, ""
    for at, word in enumerate([*words, BREAK]):
        if word not in {BREAK, ASKED}:
            continue
        if start < at:
            inside = [cue for cue in cues if start <= cue.start < at]
            clause = _clause(words, (start, at), inside, rules, asked=word == ASKED, turns=how == "turn")
            asking = clause.asks or (asking and how == "reason")
            yield replace(clause, asks=asking)
            how = ""
        # "But since you ask": the first of two words that start a clause says how it goes on.
        start, how = at + 1, how or breaks.get(at, "")


def _clause(
    words: Sequence[str], span: tuple[int, int], cues: Sequence[Cue], rules: ReplyRules, *, asked: bool, turns: bool
) -> Clause:
    marked: list[Cue] = []
    negated = False
    for index, cue in enumerate(cues):
        following = cues[index + 1] if index + 1 < len(cues) else None
        denies = False
        bare = cue.kind == "no" and words[cue.start : cue.end] == ["no"]
        if bare and following is not None and following.kind not in {"affirm", "degree"}:
            denies = rules.may_stand_between(" ".join(words[cue.end : following.start]))
        marked.append(Cue(cue.kind, cue.start, cue.end, denied=negated, denies=denies))
        negated = negated or cue.kind in _DENIALS or denies or _goes_on(words, cue, following, rules)
    # "Maybe?" answers, "is it bad?" does not.
    answering = any(cue.kind in _ANSWERS for cue in marked)
    asks = any(cue.kind in {"asks", "requests"} for cue in marked) or (asked and not answering)
    trailing = marked[-1].kind if marked and marked[-1].kind in _DENIALS else ""
    return Clause(tuple(words[span[0] : span[1]]), tuple(marked), trailing, asks, turns)


def _goes_on(words: Sequence[str], cue: Cue, following: Cue | None, rules: ReplyRules) -> bool:
    """Return whether a phrase that itself denies ("cannot say it", "hasn't moved or") denies what follows too."""
    if following is None or cue.kind not in {"no", "same"}:
        return False
    between = words[cue.end : following.start]
    return (cue.kind == "no" and cue.end - cue.start > 1) or bool(set(between) & set(rules.denial_goes_on))
