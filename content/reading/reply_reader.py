"""Read a typed reply to a checklist question or a check-in, by rules and by a model fitted to replies."""

from __future__ import annotations

from dataclasses import dataclass

from content.reading.replies import Meaning, Question, judge
from content.reading.replies_clauses import clauses
from content.reading.replies_rules import ReplyRules
from content.reading.reply_model import Found, ReplyModel
from content.reading.sign_rules import SignRules
from content.reading.signs import read_signs


@dataclass(frozen=True, slots=True)
class ReplyReader:
    """Hold what replies are read by."""

    rules: ReplyRules
    signs: SignRules
    model: ReplyModel


def read_reply(text: str, question: Question, reader: ReplyReader) -> Meaning:
    """Return what a reply means as an answer to `question`; "other" is anything that does not answer."""
    return reader.model.choose(look(text, question, reader.rules, reader.signs))


def look(text: str, question: Question, rules: ReplyRules, signs: SignRules) -> Found:
    """Return what the rules find in a reply."""
    found = clauses(text, question, rules)
    return Found(text, question, judge(found, question, rules), found, read_signs(text, signs))
