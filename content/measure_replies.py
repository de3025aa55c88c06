"""Measure how replies are read on authors that the model has not seen. Run `python -m content.measure_replies`."""

from __future__ import annotations

from collections.abc import Sequence

from content.fit_replies import fit_reply_model, look_at
from content.load import load_library
from content.reading.reply_reader import ReplyReader
from content.reply_examples import ReplyExample, read_no_replies, read_reply_examples


def leave_one_author_out(examples: Sequence[ReplyExample], reader: ReplyReader) -> dict[str, tuple[float, float]]:
    """Return for each author the share read right by the rules alone, and with a model fitted to all the others."""
    no_replies = read_no_replies()
    everything = [*examples, *no_replies]
    pairs = list(zip(everything, look_at(everything, reader.rules, reader.signs), strict=True))
    table = {}
    for author in sorted({example.author for example in examples}):
        unseen = [pair for pair in pairs if pair[0].author == author]
        seen = [pair for pair in pairs if pair[0].author != author]
        model = fit_reply_model([example for example, _ in seen], [one for _, one in seen])
        by_rules = sum(one.meaning == example.meaning for example, one in unseen)
        by_both = sum(model.choose(one) == example.meaning for example, one in unseen)
        table[author] = (by_rules / len(unseen), by_both / len(unseen))
    return table


if __name__ == "__main__":
    for author, (rules, both) in leave_one_author_out(read_reply_examples(), load_library().replies).items():
        print(f"{author:12} rules alone {rules:.1%}, with model {both:.1%}")  # noqa: T201  (a report)
