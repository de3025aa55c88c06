from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from content.build import build_index, index_path
from content.examples import LABELS, Example, hash_content, read_examples
from content.fit import fit_scorer, learn_slips
from content.gate import count_voices, find_problems, read_gate, write_gate
from content.measure import measure_gate, score_unseen
from content.model import TOPIC_IDS
from content.reading.fitted import StaleIndex
from content.reading.index import Gate, Scorer, load_index
from content.reading.slips import Slips, number_words
from content.reading.topics import EVIDENCE, find_topic

_WORDS = {
    "is-it-cancer": ["is it cancer", "could it be a tumour", "is this malignant", "cancer or not"],
    "removal": ["can it be cut out", "laser it off", "how is it removed", "surgery to take it out"],
    "none/off-topic": ["who won the match", "how to bake bread", "what is the weather", "cheap car insurance"],
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a content folder with two voices, one topic text, and a gate that answers what is no clear refusal."""
    folder = tmp_path / "en"
    (folder / "phrasings").mkdir(parents=True)
    (folder / "topics").mkdir()
    for voice in ("one", "two"):
        lines = [f"## {label}\n" + "\n".join(f"{text} {voice}" for text in texts) for label, texts in _WORDS.items()]
        (folder / "phrasings" / f"{voice}.txt").write_text("\n\n".join(lines), encoding="utf-8")
    (folder / "topics" / "removal.md").write_text('+++\ntitle = "Taking it off"\n+++\nA doctor can cut it.\n')
    weights = tuple(-1.0 if name == "score of the best refusal" else 0.0 for name in EVIDENCE)
    gate = Gate(0.16, weights, (0.0,) * len(TOPIC_IDS), 0.0, in_scope=0.5, sure=0.2, refuse=0.4)
    write_gate(gate, {}, read_examples(root=tmp_path), root=tmp_path)
    return tmp_path


def test_a_built_index_reads_what_it_was_fitted_from(root: Path) -> None:
    path = build_index(root=root)

    index = load_index(path, hash_content(root=root))

    assert path == index_path(root=root)
    for label, texts in _WORDS.items():
        for text in texts:
            assert index.scorer.labels[int(index.scorer.score(text).labels.argmax())] == label


def test_building_tells_how_far_it_is(root: Path) -> None:
    shares: list[float] = []

    build_index(root=root, progress=lambda step, share: shares.append(share))

    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_building_twice_gives_the_same_scores(root: Path) -> None:
    first = load_index(build_index(root=root), hash_content(root=root))

    second = load_index(build_index(root=root), hash_content(root=root))

    np.testing.assert_array_equal(first.scorer.score("is it cancer").labels, second.scorer.score("is it cancer").labels)
    assert first.gate == second.gate


@pytest.mark.parametrize("file", ["phrasings/one.txt", "topics/removal.md", "gate.json"])
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
        measure_gate(root=root)


def test_a_measured_gate_is_the_one_that_is_built_in(root: Path) -> None:
    steps: list[float] = []

    measure_gate(root=root, progress=lambda step, share: steps.append(share))

    gate, report = read_gate(root=root)
    index = load_index(build_index(root=root), hash_content(root=root))
    assert index.gate == gate
    assert set(report["voices"]) == {"one", "two"}
    assert (steps, steps[-1]) == (sorted(steps), 1.0)


@pytest.mark.parametrize("stored", [None, "", "{}", '{"gate": {"weights": {}, "topics": {}}, "report": {}}'])
def test_without_a_usable_gate_the_command_is_named(stored: str | None, root: Path) -> None:
    path = root / "en" / "gate.json"
    if stored is None:
        path.unlink()
    else:
        path.write_text(stored)

    with pytest.raises(ValueError, match=r"gate\.json.*calcibot content measure"):
        build_index(root=root)

    (problem,) = find_problems(root=root)
    assert "calcibot content measure" in problem.message


def test_a_small_edit_leaves_the_gate_good(root: Path) -> None:
    file = root / "en" / "phrasings" / "one.txt"

    file.write_text(file.read_text().replace("who won the match", "who lost the match") + "\nhow far is the moon")

    assert find_problems(root=root) == []


def _add_voice(phrasings: Path) -> None:
    (phrasings / "three.txt").write_text("## removal\ncut it off")


def _drop_voice(phrasings: Path) -> None:
    (phrasings / "two.txt").unlink()


def _double_voice(phrasings: Path) -> None:
    (phrasings / "one.txt").write_text((phrasings / "one.txt").read_text() + "\n" + (phrasings / "one.txt").read_text())


def _add_label(phrasings: Path) -> None:
    with (phrasings / "one.txt").open("a") as file:
        file.write("\n## prevention\nhow to avoid it")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_add_voice, "three: is a new voice"),
        (_drop_voice, "two: is a voice no more"),
        (_double_voice, "one: has 24 examples"),
        (_add_label, "one: has 13 examples of 4 labels"),
    ],
)
def test_other_voices_need_another_measurement(change: Callable[[Path], None], complaint: str, root: Path) -> None:
    change(root / "en" / "phrasings")

    (problem,) = find_problems(root=root)

    assert complaint in str(problem)
    assert "calcibot content measure" in problem.message


def test_other_features_need_another_measurement(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("content.gate.FEATURES_VERSION", -1)

    assert [problem.field for problem in find_problems(root=root)] == ["features"]


def test_the_gate_shipped_belongs_to_the_voices_shipped() -> None:
    assert find_problems() == []


def test_each_voice_is_counted_with_its_labels() -> None:
    examples = (Example("a", "removal", "one"), Example("b", "removal", "one"), Example("c", "privacy", "two"))

    assert count_voices(examples) == {"one": {"examples": 2, "labels": 1}, "two": {"examples": 1, "labels": 1}}


def test_the_scores_shipped_are_those_that_were_measured() -> None:
    examples = [Example(text, label, voice) for voice in "ab" for label, texts in _WORDS.items() for text in texts]
    seen = [example for example in examples if example.voice == "a"]

    unseen = score_unseen(examples, [], frozenset())

    scorer: Scorer = fit_scorer(seen, learn_slips(seen, [], frozenset()))
    np.testing.assert_array_equal(unseen.scores[len(seen)], scorer.score(examples[len(seen)].text).labels)


def test_strange_words_weaken_what_the_known_ones_say() -> None:
    examples = [Example(text, label, "a") for label, texts in _WORDS.items() for text in texts]
    scorer = fit_scorer(examples, learn_slips(examples, [], frozenset()))
    cancer = LABELS.index("is-it-cancer")

    clear, strange = scorer.score("is it cancer"), scorer.score("cancer horoscope zodiac mercury")

    assert clear.labels[cancer] > strange.labels[cancer]
    assert clear.inside > strange.inside
    # Of its five pairs only the first is familiar: "cancer" opens an example.
    assert (clear.familiar, strange.familiar) == (1.0, 0.2)


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
