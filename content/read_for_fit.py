"""Read the labelled messages as the sign model will see them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from content.on_every_core import read_on_every_core
from content.reading.families import parse_families
from content.reading.features import Ids
from content.reading.sign_features import Features
from content.reading.sign_model import EMERGENCY
from content.reading.sign_rules import FLAGS, parse_sign_rules
from content.reading.signs import read_by_rules
from content.reading.statements import lay_out
from content.sign_examples import SignExample


@dataclass(frozen=True, slots=True)
class Reading:
    """Hold what the fit needs of one message: its features by block, and what it is known to be of each label."""

    features: Mapping[str, Ids]
    marks: dict[str, bool]
    author: str


def read_examples_for_fit(examples: Sequence[SignExample], others: Sequence[str], *sources: str) -> list[Reading]:
    """Return the examples as read, then `others`: messages that hold no sign unless the rules find one.

    `sources` are the texts of signs.toml, real_words.txt and families.txt.
    """
    read = read_on_every_core(_make_reader, sources, [example.text for example in examples] + [*others])
    judged, unjudged = read[: len(examples)], read[len(examples) :]
    return [
        Reading(features, _marks(example, labels), example.author)
        for example, (labels, features) in zip(examples, judged, strict=True)
    ] + [Reading(features, _marks_of_other(labels), "") for labels, features in unjudged]


def _make_reader(toml: str, real_words: str, families: str) -> Callable[[str], tuple[set[str], Mapping[str, Ids]]]:
    """Return what tells the labels that the rules find in a text, and its numbered features."""
    rules, kin = parse_sign_rules(toml, real_words), parse_families(families)

    def read(text: str) -> tuple[set[str], Mapping[str, Ids]]:
        laid = lay_out(text, rules)
        matches = rules.sign_grammar.find(laid.tokens, laid.clauses)
        labels, _ = read_by_rules(laid, matches, rules)
        return labels, Features(laid, matches, rules.fix_all(laid.words), kin).whole()

    return read


def _marks(example: SignExample, by_rules: set[str]) -> dict[str, bool]:
    """Return what the example says of each label; a message with flags is no emergency, unless the rules find one."""
    if example.flags is None:
        return {EMERGENCY: bool(example.emergency)}
    marks: dict[str, bool] = {flag: flag in example.flags for flag in FLAGS}
    return marks if EMERGENCY in by_rules else marks | {EMERGENCY: False}


def _marks_of_other(by_rules: set[str]) -> dict[str, bool]:
    """Return no mark for flags where the rules find one, as for emergencies: nobody has judged the message."""
    marks: dict[str, bool] = {} if by_rules - {EMERGENCY} else dict.fromkeys(FLAGS, False)
    return marks if EMERGENCY in by_rules else marks | {EMERGENCY: False}
