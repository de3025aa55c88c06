"""Cut a typed text into sentences, clauses and statements, its words put into the form that the rules know."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from content.reading.patterns import Span
from content.reading.sign_rules import SignRules

# Telegram's longest message: nothing that a person can send is left unread.
MAX_CHARACTERS = 4_096

_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u00b4`", "'"))
# "throat's" is the throat; "it's" and the like are words of their own, written "its" in the rules.
_OWNING = re.compile(
    r"(?<!\bit)(?<!\b(?:he|we|so))(?<!\b(?:she|who|how))(?<!\b(?:that|what|here|when))(?<!\b(?:there|where))'s\b"
)
_TOKEN = re.compile(
    r"(?P<word>\d+(?:[.,]\d+)*|[^\W\d]+(?:\*+[^\W\d]+)*)"
    r"|(?P<stop>[.!;\n\u2026]+)|(?P<ask>\?)|(?P<pause>[,:()\u2013\u2014/]| -+ )"
)
_JOINERS = frozenset({"and", "so", "n", "plus", "also", "ok", "cos", "because", "as"})
_SHORT_ANSWERS = frozenset({"no", "yes", "yeah", "nah", "nope"})


@dataclass(frozen=True, slots=True)
class Statements:
    """Hold the tokens as sets of terms and, for each, the number of its sentence, clause and statement.

    A sentence ends at a full stop, a clause also at "but" and the like, a statement also where, after a comma or an
    "and", a new subject begins.
    """

    words: tuple[str, ...]
    tokens: tuple[frozenset[str], ...]
    sentences: tuple[int, ...]
    clauses: tuple[int, ...]
    statements: tuple[int, ...]
    asking: frozenset[int]
    fillers: frozenset[int]

    def quote(self, span: Span) -> str:
        """Return the words of `span`, a gap as `..`."""
        return " ".join(self.words[place] if place in span.used else ".." for place in range(span.start, span.end))

    def opening(self, span: Span) -> int:
        """Return the place of the first word of the statement that `span` ends in, greetings left out."""
        place = self.statements.index(self.statements[span.end - 1])
        while place in self.fillers and place < span.end - 1:
            place += 1
        return place

    def ends_asking(self, span: Span) -> bool:
        """Say whether the statement that `span` ends in closes with a question mark."""
        sentence = self.sentences[span.end - 1]
        if sentence not in self.asking:
            return False
        last = len(self.sentences) - 1 - self.sentences[::-1].index(sentence)
        return self.statements[last] == self.statements[span.end - 1]


def lay_out(text: str, rules: SignRules) -> Statements:
    """Return `text` cut up. Only the first MAX_CHARACTERS are read."""
    words: list[str] = []
    sentences: list[int] = []
    after_pause: set[int] = set()
    asking: set[int] = set()
    sentence = 0
    plain = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])[:MAX_CHARACTERS].casefold().translate(_APOSTROPHES)
    plain = _OWNING.sub("", plain).replace("'", "")
    for match in _TOKEN.finditer(plain):
        if match["word"]:
            words.append(match["word"])
            sentences.append(sentence)
        elif match["pause"]:
            after_pause.add(len(words))
        else:
            if match["ask"]:
                asking.add(sentence)
            sentence += 1
    terms_of = rules.terms
    known = {word: terms_of(word) for word in set(words)}
    terms = [known[word] for word in words]
    layout = rules.layout_grammar.find(terms, sentences)
    hidden = _places(layout.get("layout.look_alikes", ()))
    tokens = tuple(frozenset[str]() if place in hidden else term for place, term in enumerate(terms))
    clauses = _number(sentences, _starts(layout, "splits"))
    after_joiner = {place + 1 for place, word in enumerate(words) if word in _JOINERS}
    after_answer = {place + 1 for place, word in enumerate(words) if word in _SHORT_ANSWERS}
    fresh = (
        ((after_pause | after_joiner) & _starts(layout, "fresh"))
        | (after_pause & _starts(layout, "fresh_after_pause"))
        | (after_answer & _starts(layout, "fresh_after_no"))
    )
    return Statements(
        tuple(words),
        tokens,
        tuple(sentences),
        clauses,
        _number(clauses, fresh),
        frozenset(asking),
        frozenset(_places(layout.get("layout.fillers", ()))),
    )


def _starts(layout: Mapping[str, Sequence[Span]], name: str) -> set[int]:
    return {span.start for span in layout.get(f"layout.{name}", ())}


def _places(spans: Sequence[Span]) -> set[int]:
    return {place for span in spans for place in span.used}


def _number(parts: Sequence[int], starts: set[int]) -> tuple[int, ...]:
    """Return `parts` numbered anew, with a new part at each of `starts` as well."""
    numbers: list[int] = []
    number = 0
    for place, part in enumerate(parts):
        if place and (part != parts[place - 1] or place in starts):
            number += 1
        numbers.append(number)
    return tuple(numbers)
