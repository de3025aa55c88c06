from __future__ import annotations

import pytest

from content.model import Library
from content.reading.families import parse_families
from content.reading.features import number
from content.reading.sign_features import Features
from content.reading.statements import lay_out


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("does it swell", "A"),
        ("would it swell", "AH"),
        ("it can swell, not so here", ""),
        ("the swelling has gone", "BO"),
        ("swelling none", "B"),
    ],
)
def test_a_word_is_marked_with_what_the_words_round_it_make_of_it(library: Library, text: str, mark: str) -> None:
    rules = library.signs
    laid = lay_out(text, rules)
    matches = rules.sign_grammar.find(laid.tokens, laid.clauses)
    families = parse_families("pain: ache\n")

    scopes = set(Features(laid, matches, laid.words, families).whole()["scopes"].tolist())

    marked = {one for one in "AHOB" if not scopes.isdisjoint(number([f"{one}:swell"]).tolist())}
    assert marked == set(mark)


def test_a_word_belongs_to_the_families_that_name_it_or_its_stem() -> None:
    families = parse_families("# what hurts\npain: ache throbbing\ngrow: swelling\nswell: swelling\n")

    words = (("throbs", "throb"), ("swelling", "swell"), ("hat", "hat"))
    kin = [[families.names[place] for place in families.of(word, stem)] for word, stem in words]

    assert kin == [["pain"], ["grow", "swell"], []]


@pytest.mark.parametrize(
    ("numbers", "change"),
    [((), []), ((4,), []), ((4, 4), ["number-same"]), ((3, 7), ["number-up"]), ((5, 4), ["number-down"])],
)
def test_numbers_that_come_again_or_go_up_or_down_are_told(numbers: tuple[float, ...], change: list[str]) -> None:
    families = parse_families("pain: ache\n")

    assert [families.names[place] for place in families.change(numbers)] == change


def test_parts_of_a_text_are_scored_together_as_each_is_by_itself(library: Library) -> None:
    model = library.signs.model
    laid = lay_out("it hurts a lot. no pus though, 4 mm and still 4 mm", library.signs)
    assert model
    features = Features(laid, {}, laid.words, model.families)
    parts = [slice(0, len(laid.words)), slice(0, 4), slice(4, 8)]

    together, alone = model.score(features, parts), [model.score(features, [part])[0] for part in parts]

    assert [list(one.values()) for one in together] == [pytest.approx(list(one.values())) for one in alone]


@pytest.mark.parametrize("text", ["", "# nothing\n", "pain ache\n", "pain:\n", "pain: ache\npain: sore\n"])
def test_broken_families_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="families"):
        parse_families(text)
