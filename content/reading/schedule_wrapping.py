"""Take a schedule out of the words around it: for whom it is, who wished it, why, and the courtesies.

What is dropped says nothing of when, how often or on what condition; if any of it could, it stays, and is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from content.reading.schedule_tokens import tokenise
from content.reading.schedule_words import ScheduleWords, Words

# What a word of a reason may be. Any other kind can be part of a schedule ("so mondays", "as dad is 7").
_IDLE_KINDS = frozenset(
    {"UNKNOWN", "COMMA", "SPACE", "AT", "ON", "IN", "AN", "AND", "THE", "TO", "OF", "THIS", "THING"}
)
# A reason may speak of work and of "often"; "not" only where "because" or "so" shows that it is a reason.
_IDLE_ASKS = frozenset({"event", "vague", "too-often"})
_IDLE_ASKS_OF_REASONS = _IDLE_ASKS | {"unclear"}
_CLAUSE_END = re.compile(r"(\s*(?:[,;!?()]+|:(?=\s)|\.+(?=\s|$)|(?:^|\s)[-–—]+(?=\s|$))\s*)")
# Stands where a person was named. No text holds one: normalising drops it.
_PERSON = "\x00"


_NAME, _END = r"[^\W\d_]{2,}", r"(?=\s*(?:[,.;:!]|$))"
_SHORT_VERB = "'(?:d|m|s|re|ve|ll)"


@dataclass(frozen=True)
class Unwrapped:
    """Hold what is left of a text. `needs_clock`: "before school" was dropped, which only a clock time makes sure."""

    text: str
    needs_clock: bool


def unwrap(text: str, words: ScheduleWords) -> Unwrapped | None:
    """Return a normalised text without its wrapping; None when that would leave more, or other, than one schedule."""
    patterns = compile_patterns(words)
    left = "".join(_without_reasons(text, words, patterns))
    left = patterns.courtesy.sub(" ", left)
    if is_told(left, words):
        return None
    left, moments = patterns.moment.subn(" ", left)
    left, wishes = patterns.wish.subn(lambda found: _nobody(found, words, patterns), left)
    left = patterns.person.sub(lambda found: _nobody(found, words, patterns), left)
    # "Dad wants mondays, mum wants fridays" and "monday for me, friday for her" are two schedules.
    around = [part for part in left.split(_PERSON) if not _is_idle(part, words, patterns)]
    if wishes > 1 or (left.count(_PERSON) > 1 and len(around) > 1):
        return None
    left = left.replace(_PERSON, " ")
    return None if is_told(left, words) else Unwrapped(left, bool(moments))


def _nobody(found: re.Match[str], words: ScheduleWords, patterns: _Patterns) -> str:
    """Return what stands for a phrase about a person; a "name" that could be part of a schedule is no name."""
    name = next((name for name in found.groupdict().values() if name), "")
    return _PERSON if _is_idle(name, words, patterns) else found[0]


def is_told(text: str, words: ScheduleWords) -> bool:
    """Return whether a text tells or asks of what is, where a schedule would say what shall be."""
    return compile_patterns(words).told.match(text) is not None


def _without_reasons(text: str, words: ScheduleWords, patterns: _Patterns) -> Iterator[str]:
    clauses = _CLAUSE_END.split(text)
    for place, clause in enumerate(clauses):
        reason = patterns.reason.search(clause)
        remark = patterns.remark.match(clause)
        if reason and _is_idle(reason[0], words, patterns, _IDLE_ASKS_OF_REASONS):
            yield clause[: reason.start()]
        elif remark and patterns.so.match(remark["then"] or "".join(clauses[place + 2 : place + 3])):
            is_idle = _is_idle(remark["remark"], words, patterns, _IDLE_ASKS_OF_REASONS)
            yield remark["then"] if is_idle else clause
        # What stands first may be a story ("I take it, every day"), unless it says how things are.
        elif remark and (place or remark["state"]) and not patterns.ails.search(clause):
            yield "" if _is_idle(clause, words, patterns, _IDLE_ASKS) else clause
        else:
            yield clause


def _is_idle(clause: str, words: ScheduleWords, patterns: _Patterns, asks: frozenset[str] = frozenset()) -> bool:
    """Return whether nothing in a clause can be part of a schedule or change one, the words of these `asks` apart."""
    kept = patterns.idle.sub(" ", clause)
    if patterns.never.search(kept):
        return False
    tokens = tokenise(kept, words)
    return all(token.kind in _IDLE_KINDS or (token.kind == "ASK" and token.name in asks) for token in tokens)


@dataclass(frozen=True)
class _Patterns:
    """Hold the patterns made of one language's words."""

    reason: re.Pattern[str]
    remark: re.Pattern[str]
    so: re.Pattern[str]
    never: re.Pattern[str]
    ails: re.Pattern[str]
    idle: re.Pattern[str]
    courtesy: re.Pattern[str]
    wish: re.Pattern[str]
    person: re.Pattern[str]
    moment: re.Pattern[str]
    told: re.Pattern[str]


def compile_patterns(words: ScheduleWords) -> _Patterns:
    """Return the patterns made of these words; only the first call takes long, a quarter of a second."""
    return _patterns(tuple(sorted(words.wrapping.items())))


@lru_cache(maxsize=8)
def _patterns(lists: tuple[tuple[str, Words], ...]) -> _Patterns:
    one_of: Mapping[str, str] = {name: _one_of(phrases) for name, phrases in lists}
    whose, kinds = one_of["whose"], rf"(?:{one_of['kind_of']}\s+)*"
    one_kin = rf"(?:{whose}\s+)?{kinds}{one_of['people']}(?:'s?\s+{one_of['people']})*"
    kin = rf"(?:{one_kin}(?:\s+{one_of['of_place']}\s+{one_kin})?)"
    who = rf"(?:{kin}|{one_of['pronouns']})"
    everyone = rf"{who}(?:\s+{one_of['and_who']}\s+{who})*"
    one_body = rf"(?:(?:{whose}|{kin}'?s?)\s+)?{kinds}{one_of['body']}"
    body = rf"{one_body}(?:\s+{one_of['on_body']}\s+{one_body})*"
    subject = rf"(?:{one_of['spans']}|{one_of['subjects']}|{everyone}|{whose}\s+[\w'-]+)"
    state = rf"(?P<state>\s+{one_of['state']}\b|{_SHORT_VERB}\b)?"
    have, wishes, wished_for = rf"(?:\s+{one_of['have']}|{_SHORT_VERB})?", one_of["wishes"], one_of["wished_for"]
    named = rf"(?:{everyone}(?:\s+(?P<named>{_NAME}))??|(?P<alone>{_NAME}))"
    suited = rf"(?:{everyone}|{whose}\s+(?P<suited>{_NAME}))"
    a_wish = (
        rf"{one_of['as_said']}\s+{everyone}{have}\s+{wishes}(?:\s+{one_of['of_place']}\s+{kin})?{_END}",
        rf"{one_of['says_who']}\s+{everyone}{_END}",
        rf"{everyone}{have}\s+{one_of['wished_before']}{_END}",
        rf"(?:{one_of['as_said']}\s+)?{kin}'?s?\s+{one_of['word_of']}",
        rf"{one_of['suit']}\s+{suited}(?:\s+{one_of['best']}|\s+{wished_for})?",
        rf"{named}{have}\s+{wishes}(?:\s+{wished_for})?",
    )
    # "I'm with my nan every monday" and "I tell him every day" are no wishes.
    beside = "".join(rf"(?<!{one} )" for one in ("i'm", r"\bim", r"\bam", r"\bis", r"\bare", "'s")) + one_of["beside"]
    send = "".join(rf"(?<!\b{one} )" for one in ("i", "we", "he", "she", "they", "i'll", "we'll")) + one_of["send"]
    a_person = (
        rf"(?:{one_of['for']}|{one_of['to_see']})\s+{body}",
        rf"(?:{one_of['for']}|{beside})\s+{everyone}(?:\s+(?P<name>{_NAME}){_END})?",
        rf"{send}\s+{everyone}(?:\s+{one_of['to_know']})?",
    )
    be_good = rf"(?:\b{one_of['be']}\s+(?:{one_of['quite']}\s+)*|'s\s+){one_of['good']}"
    return _Patterns(
        reason=re.compile(rf"(?:^|\s)(?:{one_of['because']}\s+{subject}|{one_of['because_they']}\s+{everyone})\b.*$"),
        remark=re.compile(rf"(?P<remark>\s*{subject}\b{state}.*?)(?P<then>\s+{one_of['so']}\s.+|)$"),
        so=re.compile(rf"\s*{one_of['so']}\b"),
        never=_words(one_of["never"]),
        ails=_words(one_of["ails"]),
        idle=_words(f"{one_of['idle']}|{one_of['spans']}"),
        courtesy=re.compile(
            rf"(?:{be_good}|\b{one_of['courtesies']})(?![\w'])"
            rf"|^\s*{one_of['openings']}(?![\w'])|\b{one_of['closings']}\W*$"
        ),
        wish=_words("|".join(a_wish)),
        person=_words("|".join(a_person)),
        moment=_words(rf"{one_of['moment']}\s+(?:{whose}\s+)?{one_of['moments']}"),
        told=re.compile(rf"\W*(?:{one_of['so']}\s+)?{one_of['told']}\b"),
    )


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})(?![\w'])")


def _one_of(phrases: Words) -> str:
    longest_first = sorted(phrases, key=len, reverse=True)
    return "(?:" + "|".join(re.escape(phrase) for phrase in longest_first) + ")"
