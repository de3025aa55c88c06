"""Read warning signs and emergencies out of what a person typed.

The idea is ConText's (Harkema and others, 2009): find the words of a sign, then look round them for words that say that
it is denied, asked about, over, somebody else's or supposed. Only what is left counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from content.reading.patterns import Span
from content.reading.sign_rules import FLAGS, SignRules, SignWords
from content.reading.statements import Statements, lay_out

State = Literal["reported", "negated", "asked", "supposed", "past", "other", "explained", "elsewhere"]

# How many words a "no" reaches forward, and a "none" back.
_DENIAL_REACH = 10
_DENIAL_REACH_BACK = 4


@dataclass(frozen=True, slots=True)
class FoundSign:
    """Say which sign was found, in which words, and in what state."""

    sign: str
    words: str
    state: State


@dataclass(frozen=True, slots=True)
class Signs:
    """Hold what was read: an emergency or not, the flags in the order of `FLAGS`, and why."""

    emergency: bool
    flags: tuple[str, ...]
    found: tuple[FoundSign, ...] = ()


def read_signs(text: str, rules: SignRules) -> Signs:
    """Return the warning signs that `text` reports now, of the writer or of somebody they ask for."""
    statements = lay_out(text, rules)
    matches = rules.sign_grammar.find(statements.tokens, statements.clauses)
    reader = _Reader(statements, matches)
    found = [
        FoundSign(name, statements.quote(span), reader.state(span, name, sign))
        for name, sign in rules.signs()
        for span in matches.get(name, ())
    ]
    reported = {sign.sign for sign in found if sign.state == "reported"}
    emergency = any(name.startswith("emergencies.") for name in reported) or any(
        all(f"hints.{hint}" in reported for hint in hints) for hints in rules.together
    )
    flags = tuple(flag for flag in FLAGS if any(name.startswith(f"flags.{flag}.") for name in reported))
    return Signs(emergency, flags, tuple(found))


class _Reader:
    """Tell the state of each sign of one text."""

    def __init__(self, statements: Statements, matches: dict[str, list[Span]]) -> None:
        self._text = statements
        self._matches = matches
        self._negated = self._cues("negated", never="negated_never")
        self._what_if = self._cues("what_if", never="what_if_never")
        self._asked_at_start = self._cues("asked_at_start", never="asked_at_start_never")
        self._asked_never = self._cues("asked_never")
        self._past = self._cues("past", never="past_never")

    def _cues(self, name: str, *, never: str = "") -> Sequence[Span]:
        if not never:
            return self._matches.get(f"cues.{name}", ())
        barred = {place for span in self._matches.get(f"cues.{never}", ()) for place in range(span.start, span.end)}
        return [span for span in self._matches.get(f"cues.{name}", ()) if not span.used <= barred]

    def state(self, span: Span, name: str, sign: SignWords) -> State:
        """Return what the words round `span` make of it."""
        emergency = not name.startswith("flags.")
        if self._is_negated(span):
            return "negated"
        what_if = self._cues("what_if_ever") if sign.even_supposed else self._what_if
        if any(self._governs(cue, span) and cue.used.isdisjoint(span.used) for cue in what_if):
            return "supposed"
        if not sign.even_asked and self._is_asked(span, even_supposed=sign.even_supposed):
            return "asked"
        if self._is_past(span, emergency=emergency):
            return "past"
        if self._is_others(span, emergency=emergency):
            return "other"
        here = self._text.statements[span.end - 1]
        unless = self._matches.get(f"{name}.unless", ())
        if any(here == self._text.statements[cue.start] == self._text.statements[cue.end - 1] for cue in unless):
            return "explained"
        if any(self._same(self._text.sentences, cue, span) for cue in self._matches.get(f"{name}.cause", ())):
            return "explained"
        if sign.on_the_bump and self._is_elsewhere(span):
            return "elsewhere"
        return "reported"

    def _same(self, parts: Sequence[int], cue: Span, span: Span) -> bool:
        return parts[cue.end - 1] == parts[span.end - 1]

    def _governs(self, cue: Span, span: Span) -> bool:
        """Say whether `cue` stands before a word of the sign, in the same statement, and is not part of the sign."""
        statement = self._text.statements[cue.end - 1]
        return not cue.used <= span.used and any(
            cue.start < place and self._text.statements[place] == statement for place in span.used
        )

    def _is_negated(self, span: Span) -> bool:
        if any(self._governs(cue, span) and span.end - cue.end <= _DENIAL_REACH for cue in self._negated):
            return True
        # "does not bend no more" is no double denial.
        return not self._is_denial(span) and any(
            0 <= cue.start - span.end <= _DENIAL_REACH_BACK and self._same(self._text.statements, cue, span)
            for cue in self._cues("negated_after")
        )

    def _is_denial(self, span: Span) -> bool:
        """Say whether the sign is itself a "cannot"."""
        return any(cue.used <= span.used for cue in self._cues("negated"))

    def _is_asked(self, span: Span, *, even_supposed: bool) -> bool:
        opening = self._text.opening(span)
        if any(cue.start == opening and self._governs(cue, span) for cue in self._cues("supposed_at_start")):
            return not any(self._same(self._text.statements, cue, span) for cue in self._asked_never)
        asked = any(cue.start == opening and self._governs(cue, span) for cue in self._asked_at_start)
        asked = asked or (not even_supposed and any(self._governs(cue, span) for cue in self._cues("asked")))
        mine = any(self._same(self._text.statements, cue, span) for cue in self._cues("mine"))
        if not asked:
            return self._text.ends_asking(span) and not mine
        own = any(cue.end == span.start or cue.start == span.start for cue in self._cues("own"))
        return not own and not any(self._same(self._text.statements, cue, span) for cue in self._asked_never)

    def _is_past(self, span: Span, *, emergency: bool) -> bool:
        if any(cue.start >= span.end and self._same(self._text.sentences, cue, span) for cue in self._cues("over")):
            return True
        if not self._is_denial(span) and any(self._same(self._text.statements, cue, span) for cue in self._cues("no_longer")):
            return True
        if any(self._same(self._text.statements, cue, span) for cue in self._cues("present")):
            return False
        cues = [*self._past, *(self._cues("past_emergency", never="past_never") if emergency else ())]
        return any(self._same(self._text.clauses, cue, span) for cue in cues)

    def _is_others(self, span: Span, *, emergency: bool) -> bool:
        cues = [*self._cues("stories"), *(() if emergency else self._cues("strangers"))]
        own = any(self._same(self._text.statements, cue, span) for cue in self._cues("own"))
        return any(
            self._same(self._text.clauses, cue, span)
            and (not own or self._same(self._text.statements, cue, span))
            and not cue.used <= span.used
            for cue in cues
        )

    def _is_elsewhere(self, span: Span) -> bool:
        return any(
            any(self._same(parts, cue, span) for cue in self._cues("elsewhere"))
            and not any(self._same(parts, cue, span) for cue in self._cues("bump"))
            for parts in (self._text.statements, self._text.clauses)
        )
