from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from content.hashes import hash_sign_content
from content.reading.fitted import StaleIndex
from content.reading.sign_model import load_sign_model, save_sign_model
from content.reading.sign_rules import FLAGS, SignRules, parse_sign_rules
from content.reading.signs import Signs, read_signs
from content.sign_examples import SignExample, read_sign_examples
from content.sign_scores import score
from tests.content.samples import one_in

TESTS = Path(__file__).parents[1]
ENGLISH = TESTS.parent / "content" / "en"
TOML = (ENGLISH / "signs.toml").read_text(encoding="utf-8")
REAL_WORDS = (ENGLISH / "real_words.txt").read_text(encoding="utf-8")
SAMPLES = TESTS / "eval"


@cache
def rules() -> SignRules:
    return parse_sign_rules(TOML, REAL_WORDS)


def with_model() -> SignRules:
    # Here, since other tests of a worker may need none of it.
    from tests.library import LIBRARY

    return LIBRARY.signs


def read(text: str) -> Signs:
    return read_signs(text, rules())


def lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        pytest.skip(f"{path} is not here")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def by(author: str) -> list[SignExample]:
    return [example for example in read_sign_examples() if example.author == author]


def sample() -> list[SignExample]:
    flags = [
        SignExample(row["text"], None, frozenset(row["flags"]), "sample") for row in lines(SAMPLES / "red_flags.jsonl")
    ]
    return flags + [
        SignExample(row["text"], row["emergency"], None, "sample") for row in lines(SAMPLES / "emergencies.jsonl")
    ]


# The others, in content/en/signs, are what the model is fitted to: these are read nearly without a fault. How new
# authors are read is told by `python -m content.measure_signs`.
def test_signs_are_found_and_seldom_raised_without_reason_in_the_sample_that_the_model_has_not_seen() -> None:
    found = score(sample(), with_model())

    assert found.emergencies >= 0.97
    assert found.emergency_alarms <= 0.03
    assert found.flags >= 0.95
    assert found.flag_alarms <= 0.04
    assert found.exact >= 0.93


def test_no_emergency_of_any_author_is_missed() -> None:
    found = score(one_in(8, [one for one in read_sign_examples() if one.emergency]), with_model())

    assert found.emergencies == 1.0


def test_what_was_learned_is_known_far_beyond_the_rules_and_raises_few_alarms() -> None:
    messages = one_in(4, read_sign_examples()[::12])

    alone, together = score(messages, rules()), score(messages, with_model())

    assert together.emergency_alarms <= 0.02
    assert together.flag_alarms <= 0.02
    assert min(together.by_flag.values()) >= 0.97
    assert together.emergencies > alone.emergencies
    assert together.flags > alone.flags


@pytest.mark.parametrize(("author", "emergencies", "flags"), [("builder", 0.98, 0.97), ("nurse", 0.97, 0.97)])
def test_the_rules_alone_still_read_what_they_were_written_against(
    author: str, emergencies: float, flags: float
) -> None:
    found = score(one_in(3, by(author)), rules())

    assert found.emergencies >= emergencies
    assert found.flags >= flags


def test_what_the_model_adds_or_doubts_is_told() -> None:
    marks = [opinion for example in one_in(4, by("abroad")) for opinion in read_signs(example.text, with_model()).found]

    by_model = [opinion for opinion in marks if opinion.sign.startswith("model.")]

    assert {opinion.state for opinion in by_model} == {"reported", "doubted"}
    assert any(opinion.words for opinion in by_model if opinion.state == "reported")


def test_a_model_of_other_content_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "signs.npz"
    model = with_model().model
    assert model

    save_sign_model(model, path, "some other content")

    with pytest.raises(StaleIndex, match=r"other content files.*calcibot content build"):
        load_sign_model(path, hash_sign_content())


def test_a_missing_or_damaged_model_is_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "signs.npz"
    damaged.write_bytes(b"nothing")

    with pytest.raises(StaleIndex, match="cannot be read"):
        load_sign_model(damaged, hash_sign_content())
    with pytest.raises(StaleIndex, match="is missing"):
        load_sign_model(tmp_path / "none.npz", hash_sign_content())


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("no pain, redness or pus", ()),
        ("no pain, but it is bleeding", ("pain-inflammation-ulceration",)),
        ("no doubt about it, it's infected", ("pain-inflammation-ulceration",)),
        ("it doesn't hurt any more", ()),
        ("I can't bend my finger any more", ("restricted-movement",)),
        ("does it hurt?", ()),
        ("why does it hurt?", ("pain-inflammation-ulceration",)),
        ("what if white stuff comes out", ()),
        ("if I press it, it hurts", ("pain-inflammation-ulceration",)),
        ("it was sore years ago", ()),
        ("it was sore last week", ("pain-inflammation-ulceration",)),
        ("my neighbour's lump bled for days", ()),
        ("my mum's lump bled for days", ("pain-inflammation-ulceration",)),
        ("my tooth is sore", ()),
        ("exhausted from my night shift", ()),
        ("exhausted for weeks", ("systemic-symptoms",)),
        ("growing slowly over the years", ()),
    ],
)
def test_the_words_round_a_sign_decide_whether_it_counts(text: str, flags: tuple[str, ...]) -> None:
    found = read(text)

    assert found.flags == flags


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("it has trippled", "rapid-growth"),
        ("so puffey", "pain-inflammation-ulceration"),
        ("it's bleedin", "pain-inflammation-ulceration"),
        ("feverr since monday", "systemic-symptoms"),
        ("cant strighten my elbow", "restricted-movement"),
        ("it brust and chalk came out", "chalky-discharge"),
    ],
)
def test_mistyped_key_words_are_read(text: str, flag: str) -> None:
    found = read(text)

    assert flag in found.flags


def test_real_words_are_not_bent_into_key_words() -> None:
    speller = rules().speller

    bent = [
        word for word in ("coding", "donor", "engaging", "crest", "painter", "leading") if speller.fix(word) != word
    ]

    assert bent == []


def test_the_list_of_real_words_fits_the_key_words() -> None:
    pytest.importorskip("spellchecker")
    from content.build_real_words import real_words

    missing = set(real_words(TOML)) - set(REAL_WORDS.split())

    assert not missing, "run `python -m content.build_real_words`"


def test_why_a_sign_does_not_count_can_be_explained() -> None:
    found = read("no pain, but what if it grows fast").found

    assert {(sign.sign, sign.state) for sign in found} >= {
        ("flags.pain-inflammation-ulceration.hurts", "negated"),
        ("flags.rapid-growth.fast", "supposed"),
    }


def key_words() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(sorted(rules().sign_grammar.key_words()))).map(" ".join)


@given(st.text(max_size=300) | st.deferred(key_words))
def test_any_text_is_read(text: str) -> None:
    found = read(text)

    assert set(found.flags) <= set(FLAGS)


def _without(*path: str) -> dict[str, Any]:
    data: dict[str, Any] = tomllib.loads(TOML) | {"real_words": frozenset()}
    table = data
    for name in path[:-1]:
        table = table[name]
    del table[path[-1]]
    return data


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (("flags", "rapid-growth"), "rapid-growth"),
        (("emergencies",), "emergencies"),
        (("cues", "negated"), "cues.negated"),
        (("layout",), "layout"),
    ],
)
def test_missing_rules_are_refused_with_the_field(path: tuple[str, ...], field: str) -> None:
    data = _without(*path)

    with pytest.raises(ValidationError) as refused:
        SignRules.model_validate(data)

    where = [".".join(str(part) for part in error["loc"]) + " " + error["msg"] for error in refused.value.errors()]
    assert any(field in one for one in where)


@pytest.mark.parametrize(
    ("pattern", "complaint"),
    [
        ("Pain", "'Pain'"),
        ("pain ..", "cannot end in a gap"),
        ("pain ..99 now", "at most"),
        ("<no_such_list> hurts", "no_such_list"),
        ("very?", "must be there"),
        ("", "at least 1 character"),
    ],
)
def test_a_broken_pattern_is_refused_with_what_is_wrong(pattern: str, complaint: str) -> None:
    data = tomllib.loads(TOML) | {"real_words": frozenset()}
    data["flags"]["rapid-growth"]["fast"]["say"] = [pattern]

    with pytest.raises(ValidationError) as refused:
        SignRules.model_validate(data)

    assert complaint in str(refused.value)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ValidationError):
        parse_sign_rules("", "")
