"""Measure how signs are read on authors that the model has not seen. Run `python -m content.measure_signs`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from content.examples import CONTENT
from content.fit_signs import fit_sign_model, read_examples_for_fit
from content.reading.sign_features import Families, parse_families
from content.reading.sign_rules import FLAGS, SignRules, parse_sign_rules
from content.reading.signs import read_signs
from content.sign_examples import SignExample, read_other_messages, read_sign_examples


@dataclass(frozen=True, slots=True)
class Score:
    """Hold shares from 0 to 1; `exact` is of the messages judged for flags whose flags are all right."""

    emergencies: float
    emergency_alarms: float
    flags: float
    flag_alarms: float
    exact: float
    by_flag: Mapping[str, float]


def score(examples: Iterable[SignExample], rules: SignRules) -> Score:
    """Return how the examples are read."""
    real: list[bool] = []
    vain: list[bool] = []
    flags: list[tuple[str, bool]] = []
    alarms: list[bool] = []
    exact: list[bool] = []
    for example in examples:
        signs = read_signs(example.text, rules)
        if example.flags is None:
            (real if example.emergency else vain).append(signs.emergency)
            continue
        flags += [(flag, flag in signs.flags) for flag in example.flags]
        exact.append(set(signs.flags) == example.flags)
        if not example.flags:
            alarms.append(bool(signs.flags))
    hits = [hit for _, hit in flags]
    by_flag: dict[str, float] = {flag: _share([hit for one, hit in flags if one == flag]) for flag in FLAGS}
    return Score(_share(real), _share(vain), _share(hits), _share(alarms), _share(exact), by_flag)


def _share(part: Sequence[bool]) -> float:
    """Return 0 for nothing."""
    return sum(part) / max(len(part), 1)


def leave_one_author_out(
    examples: Sequence[SignExample], others: Sequence[str], rules: SignRules, families: Families
) -> dict[str, tuple[Score, Score]]:
    """Return for each author how the rules alone do, and how they do with a model fitted to all the other authors."""
    readings = read_examples_for_fit(examples, others, rules, families)
    table = {}
    for author in sorted({example.author for example in examples}):
        unseen = [example for example in examples if example.author == author]
        model = fit_sign_model([reading for reading in readings if reading.author != author], families)
        table[author] = score(unseen, rules), score(unseen, rules.with_model(model))
    return table


if __name__ == "__main__":
    toml, real_words, lines = (
        (CONTENT / "en" / name).read_text(encoding="utf-8") for name in ("signs.toml", "real_words.txt", "families.txt")
    )
    measured = leave_one_author_out(
        read_sign_examples(),
        read_other_messages(),
        parse_sign_rules(toml, real_words),
        parse_families(lines),
    )
    for author, scores in measured.items():
        for reader, one in zip(("rules alone", "with model"), scores, strict=True):
            print(  # noqa: T201  (a report for the person who runs it)
                f"{author:12} {reader}: emergencies {one.emergencies:.1%} ({one.emergency_alarms:.1%} in vain),"
                f" flags {one.flags:.1%} ({one.flag_alarms:.1%} in vain, {one.exact:.1%} exact),"
                f" {', '.join(f'{flag} {share:.0%}' for flag, share in one.by_flag.items())}"
            )
