"""Read a typed reply to a checklist question or a check-in by rules."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Literal

from content.reading.replies_clauses import Clause, Cue, clauses
from content.reading.replies_counts import Change, compare_counts
from content.reading.replies_rules import ReplyRules

__all__ = ["Meaning", "Question", "ReplyRules", "read_by_rules"]

Question = Literal["checklist", "check-in"]
Meaning = Literal["yes", "no", "unsure", "none", "stop", "snooze", "other", "better", "same", "worse"]
Vote = Literal["yes", "no", "better", "same", "worse", "sign", "denied"]

# A denial with nothing after it ("they haven't") is an answer when there is little else that it could be about.
SHORT_DENIAL = 7
# "Sometimes", "a bit", "once" answer in a short clause; in a longer one they speak of something else.
SHORT_DEGREE = 7

# The answer in so many words, and doubt: the last of these wins.
_POINTS: dict[str, Meaning] = {"verdict_yes": "yes", "verdict_no": "no", "unsure": "unsure"}
_PLAIN = ("yes", "no", "affirm", "sign", "absent", "better", "same", "worse", "none", "unsure", "maybe", "snooze")


def read_by_rules(text: str, question: Question, rules: ReplyRules) -> Meaning:
    """Return what a reply means by the rules alone; "other" is anything that they do not find to answer."""
    return judge(clauses(text, question, rules), question, rules)


def judge(found: Sequence[Clause], question: Question, rules: ReplyRules) -> Meaning:
    """Return what a reply of these clauses means by the rules alone."""
    if any(clause.has("stop") for clause in found):
        return "stop"
    answers = [clause for clause in found if not clause.asks]
    if found and found[-1].asks:
        # What leads up to a question answers only in plain words.
        answers = [clause for clause in answers if clause.has(*_PLAIN)]
    votes = [vote for clause in answers for vote in _votes(clause, question)]
    firmer = ("better", "same", "worse", "sign", "over", "none", "verdict_yes", "verdict_no")
    if any(clause.has("snooze") and not clause.has("asks") for clause in found) and not any(
        clause.has(*firmer) for clause in answers
    ):
        return "snooze"
    if points := _points(answers):
        return "unsure" if {"yes", "no"} <= set(points) else points[-1]
    if any(clause.has("none") for clause in answers) and (
        answers[-1].has("none") or not {"worse", "sign", "better"} & set(votes)
    ):
        return "none"
    if any(clause.has("other") for clause in answers) and not votes:
        return "other"
    if question == "checklist":
        return _checklist(answers, votes)
    words = [word for clause in answers for word in clause.words]
    return _check_in(answers, votes, compare_counts(words, rules))


def _points(answers: Sequence[Clause]) -> list[Meaning]:
    """Return the answers in so many words: "I was going to say no, but ... so put me down as yes"."""
    points: list[Meaning] = []
    for clause in answers:
        said = [_POINTS[cue.kind] for cue in clause.cues if cue.kind in _POINTS]
        points = said if clause.turns and said else points + said
    return points


def _votes(clause: Clause, question: Question) -> list[Vote]:
    votes: list[Vote] = []
    over = any(cue.kind == "over" and not cue.denied for cue in clause.cues)
    # "It does not hurt": what is said of the sign itself outweighs the small words around it.
    firm = clause.has("sign", "absent", "over")
    for cue, following in zip_longest(clause.cues, clause.cues[1:]):
        turned = following is not None and following.kind == "negation" and following.start == cue.end
        if cue.kind in {"affirm", "degree"} and (firm or turned):
            continue
        if cue.kind in {"degree", "over"} and not clause.has("sign") and len(clause.words) > SHORT_DEGREE:
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
        case "sign" | "affirm" | "degree":
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
    firm = bool(answers) and answers[-1].has("yes", "no") and not answers[-1].has("maybe")
    if any(clause.has("maybe") for clause in answers) and not firm:
        return "unsure"
    last = set(_last_word(answers))
    # "Sort of, but not really" says both; "it was, but no longer" does not.
    turned = bool(answers) and answers[-1].turns and all(cue.kind in {"no", "negation"} for cue in answers[-1].cues)
    opening = bool(answers) and answers[0].has("yes", "no")
    if turned and "no" in votes and any(clause.has("degree") for clause in answers[:-1]):
        return "unsure"
    if (yes or no) and not opening and len(last) == 1:
        # A story says its point at the end: "never make a fuss, but it does hurt".
        return "yes" if "yes" in last else "no"
    if yes and no:
        return "unsure"
    if yes or no:
        return "yes" if yes else "no"
    said = last if len(last) == 1 else set(votes)
    if {"yes", "no"} <= said:
        return "unsure"
    if said:
        return "yes" if "yes" in said else "no"
    # "I can't see it", "I couldn't": no answer, and no refusal either.
    return "unsure" if any(clause.has("unable", "maybe") for clause in answers) else "other"


def _last_word(answers: Sequence[Clause]) -> list[Vote]:
    """Return the votes from the last "but" on, or of a sign said outright at the end."""
    for clause in reversed(answers):
        votes = _votes(clause, "checklist")
        if clause.turns or (clause.has("sign") and votes):
            return votes
    return []


def _check_in(answers: Sequence[Clause], votes: Sequence[Vote], counted: Change | None) -> Meaning:
    kinds = set(votes)
    if "sign" in kinds:
        return "worse"
    if {"better", "worse"} <= kinds:
        return counted or "unsure"
    if "worse" in kinds:
        # "I had seven, it's four now": what looks like more of them is not.
        return counted or "worse"
    if "better" in kinds:
        return "better"
    if counted:
        return counted
    if votes.count("denied") > max(1, votes.count("same")):
        return "none"
    if kinds & {"same", "denied"}:
        return "same"
    return "unsure" if any(clause.has("maybe") for clause in answers) else "other"
