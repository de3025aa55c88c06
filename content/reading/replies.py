"""Read a typed reply to a checklist question or a check-in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Literal

from content.reading.replies_clauses import Clause, Cue, clauses
from content.reading.replies_rules import ReplyRules

__all__ = ["Meaning", "Question", "ReplyRules", "read_reply"]

Question = Literal["checklist", "check-in"]
Meaning = Literal["yes", "no", "unsure", "none", "stop", "snooze", "other", "better", "same", "worse"]
Vote = Literal["yes", "no", "better", "same", "worse", "sign", "denied"]

# A denial with nothing after it ("they haven't") is an answer when there is little else that it could be about.
SHORT_DENIAL = 7


def read_reply(text: str, question: Question, rules: ReplyRules) -> Meaning:
    """Return what a reply means as an answer to `question`; "other" is anything that does not answer."""
    found = clauses(text, question, rules)
    said = {cue.kind for clause in found for cue in clause.cues}
    if "stop" in said:
        return "stop"
    answers = [clause for clause in found if not clause.asks]
    votes = [vote for clause in answers for vote in _votes(clause, question)]
    if "snooze" in said and not {"better", "same", "worse", "sign", "over"} & {
        cue.kind for clause in answers for cue in clause.cues
    }:
        return "snooze"
    said = {cue.kind for clause in answers for cue in clause.cues}
    if "unsure" in said:
        return "unsure"
    if "none" in said and not {"worse", "sign", "better"} & set(votes):
        return "none"
    if "other" in said and not votes:
        return "other"
    return _checklist(answers, votes) if question == "checklist" else _check_in(answers, votes)


def _votes(clause: Clause, question: Question) -> list[Vote]:
    votes: list[Vote] = []
    over = any(cue.kind == "over" and not cue.denied for cue in clause.cues)
    # "It does not hurt": what is said of the sign itself outweighs the small words around it.
    firm = any(cue.kind in {"sign", "absent", "over"} for cue in clause.cues)
    for cue, following in zip_longest(clause.cues, clause.cues[1:]):
        turned = following is not None and following.kind == "negation" and following.start == cue.end
        if cue.kind == "affirm" and (firm or turned):
            continue
        vote = _checklist_vote(cue, over) if question == "checklist" else _check_in_vote(cue, over, clause)
        if vote:
            votes.append(vote)
    if question == "checklist" and any(cue.kind == "sign" and not cue.denied for cue in clause.cues) and not over:
        # "I get tired so easily": a sign said outright outweighs a word that elsewhere means all is well.
        votes = ["yes"]
    if question == "checklist" and clause.trailing == "negation" and not firm and len(clause.words) <= SHORT_DENIAL:
        votes.append("no")
    return votes


def _checklist_vote(cue: Cue, over: bool) -> Vote | None:
    match cue.kind:
        case "sign" | "affirm":
            return "no" if cue.denied or over else "yes"
        case "absent" | "over":
            return "yes" if cue.denied else "no"
        case "no" if cue.denies:
            return None
        case "no":
            return "no"
        case _:
            return None


def _check_in_vote(cue: Cue, over: bool, clause: Clause) -> Vote | None:
    match cue.kind:
        case "better" | "over":
            return "same" if cue.denied else "better"
        case "worse":
            return "same" if cue.denied else "better" if over else "worse"
        case "same":
            return None if cue.denied else "same"
        case "sign" if cue.denied:
            return "denied"
        case "sign" if over or clause.has("better"):
            return "better"
        case "sign":
            return "same" if clause.has("still") else "sign"
        case _:
            return None


def _checklist(answers: Sequence[Clause], votes: Sequence[Vote]) -> Meaning:
    yes = any(clause.has("yes") and not clause.denies("yes") for clause in answers)
    no = any(clause.has("no") and not clause.denying_no for clause in answers)
    first = next((vote for vote in votes), None)
    firm = bool(answers) and (answers[-1].has("yes") or answers[-1].has("no")) and not answers[-1].has("maybe")
    if any(clause.has("maybe") for clause in answers) and not firm:
        return "unsure"
    if yes and no:
        return "unsure"
    if yes or no:
        return "yes" if yes else "no"
    if "yes" in votes and "no" in votes:
        return "unsure"
    if first in {"yes", "no"}:
        return "yes" if first == "yes" else "no"
    # "I can't see it", "I couldn't": no answer, and no refusal either.
    return "unsure" if any(clause.has("unable") or clause.has("maybe") for clause in answers) else "other"


def _check_in(answers: Sequence[Clause], votes: Sequence[Vote]) -> Meaning:
    kinds = set(votes)
    if "sign" in kinds:
        return "worse"
    if {"better", "worse"} <= kinds:
        return "unsure"
    if "worse" in kinds:
        return "worse"
    if "better" in kinds:
        return "better"
    if "same" in kinds:
        return "same"
    if "denied" in kinds:
        return "none" if votes.count("denied") > 1 else "same"
    return "unsure" if any(clause.has("maybe") for clause in answers) else "other"
