from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from content.build import build_index, index_path
from content.examples import LABELS, Example, hash_content, read_examples
from content.fit import fit_scorer, learn_slips
from content.measure import score_unseen
from content.reading.index import Scorer, StaleIndex, load_index
from content.reading.slips import Slips, number_words
from content.reading.topics import find_topic

_WORDS = {
    "is-it-cancer": ["is it cancer", "could it be a tumour", "is this malignant", "cancer or not"],
    "removal": ["can it be cut out", "laser it off", "how is it removed", "surgery to take it out"],
    "none/off-topic": ["who won the match", "how to bake bread", "what is the weather", "cheap car insurance"],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a content folder with two voices and one topic text."""
    folder = tmp_path / "en"
    (folder / "phrasings").mkdir(parents=True)
    (folder / "topics").mkdir()
    for voice in ("one", "two"):
        lines = [f"## {label}\n" + "\n".join(f"{text} {voice}" for text in texts) for label, texts in _WORDS.items()]
        (folder / "phrasings" / f"{voice}.txt").write_text("\n\n".join(lines), encoding="utf-8")
    (folder / "topics" / "removal.md").write_text('+++\ntitle = "Taking it off"\n+++\nA doctor can cut it.\n')
    return tmp_path


def test_a_built_index_reads_what_it_was_fitted_from(root: Path) -> None:
    path = build_index(root=root)

    index = load_index(path, hash_content(root=root))

    assert path == index_path(root=root)
    for label, texts in _WORDS.items():
        for text in texts:
            assert index.scorer.labels[int(index.scorer.score(text).argmax())] == label


def test_building_tells_how_far_it_is(root: Path) -> None:
    shares: list[float] = []

    build_index(root=root, progress=lambda step, share: shares.append(share))

    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_building_twice_gives_the_same_scores(root: Path) -> None:
    first = load_index(build_index(root=root), hash_content(root=root))

    second = load_index(build_index(root=root), hash_content(root=root))

    np.testing.assert_array_equal(first.scorer.score("is it cancer"), second.scorer.score("is it cancer"))
    assert first.gate == second.gate


@pytest.mark.parametrize("file", ["phrasings/one.txt", "topics/removal.md"])
def test_an_index_is_stale_once_the_content_changed(file: str, root: Path) -> None:
    path = build_index(root=root)
    changed = root / "en" / file
    changed.write_text(changed.read_text() + "one more line\n")

    with pytest.raises(StaleIndex, match=r"other content files.*calcibot content build"):
        load_index(path, hash_content(root=root))


def test_a_missing_index_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(StaleIndex, match=r"is missing.*calcibot content build"):
        load_index(tmp_path / "topics.npz", "")


@pytest.mark.parametrize("damage", [b"", b"not a zip file", b"PK\x03\x04 cut off"])
def test_a_damaged_index_is_stale(damage: bytes, tmp_path: Path) -> None:
    path = tmp_path / "topics.npz"
    path.write_bytes(damage)

    with pytest.raises(StaleIndex, match="cannot be read"):
        load_index(path, "")


def test_an_index_cut_short_is_stale(root: Path) -> None:
    path = build_index(root=root)
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(StaleIndex, match="cannot be read"):
        load_index(path, hash_content(root=root))


def test_an_index_of_another_program_is_stale(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = build_index(root=root)
    monkeypatch.setattr("content.reading.index.FORMAT", -1)

    with pytest.raises(StaleIndex, match="another version"):
        load_index(path, hash_content(root=root))


def test_line_ends_do_not_make_an_index_stale(root: Path) -> None:
    before = hash_content(root=root)
    file = root / "en" / "phrasings" / "one.txt"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    assert hash_content(root=root) == before


@pytest.mark.parametrize(
    ("line", "complaint"),
    [("## no-such-topic", "one.txt, line 1: 'no-such-topic'"), ("is it cancer", "one.txt, line 1: stands before")],
)
def test_a_faulty_file_of_examples_is_named(line: str, complaint: str, root: Path) -> None:
    (root / "en" / "phrasings" / "one.txt").write_text(line, encoding="utf-8")

    with pytest.raises(ValueError, match=complaint):
        read_examples(root=root)


def test_a_single_voice_cannot_set_the_gate(root: Path) -> None:
    (root / "en" / "phrasings" / "two.txt").unlink()

    with pytest.raises(ValueError, match="two voices"):
        build_index(root=root)


def test_the_scores_shipped_are_those_that_were_measured() -> None:
    examples = [Example(text, label, voice) for voice in "ab" for label, texts in _WORDS.items() for text in texts]
    seen = [example for example in examples if example.voice == "a"]

    unseen = score_unseen(examples, [], frozenset())

    scorer: Scorer = fit_scorer(seen, learn_slips(seen, [], frozenset()))
    np.testing.assert_array_equal(unseen.scores[len(seen)], scorer.score(examples[len(seen)].text))


def test_labels_without_examples_are_never_chosen(root: Path) -> None:
    index = load_index(build_index(root=root), hash_content(root=root))

    decision = find_topic("is it cancer", index)

    assert decision.topic == "is-it-cancer" or decision.suggestions[0] == "is-it-cancer"
    assert set(_WORDS) < set(LABELS)


def test_a_slip_is_mended_and_a_real_word_is_not() -> None:
    slips = Slips(["weeping", "calcium", "contagious"], number_words(["weeping", "calcium", "contagious", "peeping"]))

    mended = slips.mend(["calcuim", "weeping", "peeping", "contaigous", "calcium", "calcium", "calcium"])

    assert mended == ["calcium", "weeping", "peeping", "contagious", "calcium", "calcium", "calcium"]


def test_a_message_of_strange_words_is_left_alone() -> None:
    slips = Slips(["calcium"], number_words(["calcium"]))

    assert slips.mend(["calcuim", "qwert", "calcium"]) == ["calcuim", "qwert", "calcium"]
