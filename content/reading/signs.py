"""Read warning signs and emergencies out of what a person typed.

The idea is ConText's (Harkema and others, 2009): find the words of a sign, then look round them for words that say that
it is denied, asked about, over, somebody else's or only supposed. What is left is reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from content.reading.found_signs import FoundSign, Signs, State
from content.reading.patterns import Span
from content.reading.second_opinion import second_opinion
from content.reading.sign_features import Features
from content.reading.sign_model import EMERGENCY
from content.reading.sign_rules import FLAGS, SignRules, SignWords
from content.reading.statements import Statements, lay_out

__all__ = ["FoundSign", "Signs", "read_by_rules", "read_signs"]

# How many words a "no" reaches forward, and a "none" back.
_DENIAL_REACH = 10
_DENIAL_REACH_BACK = 4
_DENIAL_REACH_OF_CAUSE = 2
# Nobody names one sign in more ways; a text that repeats itself must not cost more.
_MOST_MENTIONS = 40


def read_signs(text: str, rules: SignRules) -> Signs:
    """Return the warning signs that `text` reports now, of the writer or of somebody they ask for."""
    statements = lay_out(text, rules)
    matches = rules.sign_grammar.find(statements.tokens, statements.clauses)
    labels, found = read_by_rules(statements, matches, rules)
    if rules.model:
        features = Features(statements, matches, rules.fix_all(statements.words), rules.model.families)
        opinions = second_opinion(labels, found, rules.model, features)
        labels ^= {opinion.sign.removeprefix("model.") for opinion in opinions}
        found += opinions
    return Signs(EMERGENCY in labels, tuple(flag for flag in FLAGS if flag in labels), found)


def read_by_rules(
    statements: Statements, matches: Mapping[str, Sequence[Span]], rules: SignRules
) -> tuple[set[str], tuple[FoundSign, ...]]:
    """Return the labels that the rules alone give, and why. `matches` are what the sign grammar found."""
    reader = _Reader(statements, matches)
    signs = rules.signs
    found = tuple(reader.read(name, signs[name]) for name in matches if name in signs)
    reported = {sign.sign for sign in found if sign.state == "reported"}
    labels: set[str] = {flag for flag in FLAGS if any(name.startswith(f"flags.{flag}.") for name in reported)}
    if any(name.startswith("emergencies.") for name in reported) or any(
        all(f"hints.{hint}" in reported for hint in hints) for hints in rules.together
    ):
        labels.add(EMERGENCY)
    return labels, found


class _Reader:
    """Tell the state of each sign of one text."""

    def __init__(self, text: Statements, matches: Mapping[str, Sequence[Span]]) -> None:
        self._text = text
        self._matches = matches
        self._indexed: dict[tuple[str, str, int], dict[int, list[Span]]] = {}

    def read(self, name: str, sign: SignWords) -> FoundSign:
        """Return the first mention of the sign that is reported, or else its first mention."""
        first: FoundSign | None = None
        for span in self._matches[name][:_MOST_MENTIONS]:
            found = FoundSign(name, self._text.quote(span), self._state(span, name, sign), span)
            if found.state == "reported":
                return found
            first = first or found
        if first is None:
            raise ValueError(f"{name} is not mentioned")
        return first

    def _state(self, span: Span, name: str, sign: SignWords) -> State:
        emergency = not name.startswith("flags.")
        if self._is_negated(span, sign):
            return "negated"
        if self._is_supposed(span, sign):
            return "supposed"
        if not sign.even_asked and self._is_asked(span, sign):
            return "asked"
        if self._is_past(span, emergency=emergency):
            return "past"
        if self._is_others(span, emergency=emergency):
            return "other"
        if self._is_explained(span, name):
            return "explained"
        if sign.on_the_bump and self._is_elsewhere(span):
            return "elsewhere"
        return "reported"

    def _near(self, name: str, parts: Sequence[int], span: Span, *, never: str = "") -> Sequence[Span]:
        """Return the matches of list `name` that end in the same part as `span`, without those inside list `never`."""
        key = (name, never, id(parts))
        if key not in self._indexed:
            barred = {place for bar in self._matches.get(never, ()) for place in range(bar.start, bar.end)}
            index: dict[int, list[Span]] = defaultdict(list)
            for cue in self._matches.get(name, ()):
                if not cue.used <= barred:
                    index[parts[cue.end - 1]].append(cue)
            self._indexed[key] = index
        return self._indexed[key].get(parts[span.end - 1], ())

    def _here(self, cue: str, span: Span, *, never: str = "") -> Sequence[Span]:
        """Return the cues that stand in the statement of `span`."""
        return self._near(f"cues.{cue}", self._text.statements, span, never=f"cues.{never}" if never else "")

    def _before(self, cue: str, span: Span, *, never: str = "") -> list[Span]:
        """Return the cues before a word of the sign, in that word's statement, that are no part of the sign."""
        found = []
        for place in span.used:
            word = Span(place, place + 1, frozenset((place,)))
            found += [
                one for one in self._here(cue, word, never=never) if one.start < place and not one.used <= span.used
            ]
        return found

    def _is_negated(self, span: Span, sign: SignWords) -> bool:
        cues = [
            cue for cue in self._before("negated", span, never="negated_never") if span.end - cue.end <= _DENIAL_REACH
        ]
        # "I no longer wish to live" holds its own "no".
        if any(not sign.even_supposed or cue.used.isdisjoint(span.used) for cue in cues):
            return True
        # "It does not bend no more" is no double denial.
        return not self._is_denial(span) and any(
            0 <= cue.start - span.end <= _DENIAL_REACH_BACK for cue in self._here("negated_after", span)
        )

    def _is_denial(self, span: Span) -> bool:
        """Say whether the sign is itself a "cannot"."""
        return any(cue.used <= span.used for cue in self._near("cues.negated", self._text.clauses, span))

    def _is_supposed(self, span: Span, sign: SignWords) -> bool:
        if sign.even_supposed:
            return bool(self._before("what_if_ever", span))
        cues = self._before("what_if", span, never="what_if_never")
        return any(cue.start < span.start or cue.used.isdisjoint(span.used) for cue in cues)

    def _is_asked(self, span: Span, sign: SignWords) -> bool:
        opening = self._text.opening(span)
        there = bool(self._here("asked_never", span))
        if any(cue.start == opening for cue in self._before("supposed_at_start", span)):
            return not there
        starts = self._before("asked_at_start", span, never="asked_at_start_never")
        asked = any(cue.start == opening for cue in starts)
        if not asked and not sign.even_supposed:
            asked = bool(self._before("asked", span))
        if not asked:
            return self._text.ends_asking(span) and not self._here("mine", span)
        return not there and not any(span.start in (cue.start, cue.end) for cue in self._here("own", span))

    def _is_past(self, span: Span, *, emergency: bool) -> bool:
        over = self._near("cues.over", self._text.sentences, span)
        # "It has not stopped" is not over.
        if any(cue.start >= span.end and not self._follows_denial(cue) for cue in over):
            return True
        if not self._is_denial(span) and self._here("no_longer", span):
            return True
        if self._here("present", span):
            return False
        lists = ["cues.past", "cues.past_emergency"] if emergency else ["cues.past"]
        return any(self._near(name, self._text.clauses, span, never="cues.past_never") for name in lists)

    def _is_others(self, span: Span, *, emergency: bool) -> bool:
        lists = ["cues.stories"] if emergency else ["cues.stories", "cues.strangers"]
        parts = self._text.statements if self._here("own", span) else self._text.clauses
        return any(not cue.used <= span.used for name in lists for cue in self._near(name, parts, span))

    def _is_explained(self, span: Span, name: str) -> bool:
        statement = self._text.statements[span.end - 1]
        unless = self._near(f"{name}.unless", self._text.statements, span)
        causes = self._near(f"{name}.cause", self._text.sentences, span)
        # "I am not dieting" explains no loss of weight.
        return any(self._text.statements[cue.start] == statement for cue in unless) or any(
            not self._follows_denial(cue) for cue in causes
        )

    def _follows_denial(self, cue: Span) -> bool:
        """Say whether a denying word stands right before `cue`, or begins it."""
        return any(
            denial.start <= cue.start and cue.start - denial.end <= _DENIAL_REACH_OF_CAUSE
            for denial in self._here("negated", cue)
        )

    def _is_elsewhere(self, span: Span) -> bool:
        return any(
            self._near("cues.elsewhere", parts, span) and not self._near("cues.bump", parts, span)
            for parts in (self._text.statements, self._text.clauses)
        )
