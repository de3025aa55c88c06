"""Measure how signs are read on authors that the model has not seen. Run `python -m content.measure_signs`."""

from __future__ import annotations

from collections.abc import Sequence

from content.examples import CONTENT
from content.fit_signs import fit_sign_model
from content.read_for_fit import read_examples_for_fit
from content.reading.families import parse_families
from content.reading.sign_rules import parse_sign_rules
from content.sign_examples import SignExample, read_other_messages, read_sign_examples
from content.sign_scores import Score, score


def leave_one_author_out(
    examples: Sequence[SignExample], others: Sequence[str], *sources: str
) -> dict[str, tuple[Score, Score]]:
    """Return for each author how the rules alone do, and how they do with a model fitted to all the other authors.

    `sources` are the texts of signs.toml, real_words.txt and families.txt.
    """
    toml, real_words, families = sources
    rules = parse_sign_rules(toml, real_words)
    readings = read_examples_for_fit(examples, others, *sources)
    table = {}
    for author in sorted({example.author for example in examples}):
        unseen = [example for example in examples if example.author == author]
        model = fit_sign_model([one for one in readings if one.author != author], parse_families(families))
        table[author] = score(unseen, rules), score(unseen, rules.with_model(model))
    return table


if __name__ == "__main__":
    files = [CONTENT / "en" / name for name in ("signs.toml", "real_words.txt", "families.txt")]
    measured = leave_one_author_out(
        read_sign_examples(), read_other_messages(), *(file.read_text(encoding="utf-8") for file in files)
    )
    for author, scores in measured.items():
        for reader, one in zip(("rules alone", "with model"), scores, strict=True):
            print(  # noqa: T201  (a report for the person who runs it)
                f"{author:12} {reader}: emergencies {one.emergencies:.1%} ({one.emergency_alarms:.1%} in vain),"
                f" flags {one.flags:.1%} ({one.flag_alarms:.1%} in vain, {one.exact:.1%} exact),"
                f" {', '.join(f'{flag} {share:.0%}' for flag, share in one.by_flag.items())}"
            )
