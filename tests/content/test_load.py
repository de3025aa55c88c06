"""The content files are read once, and everything that is wrong with them is reported at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from content import load, wording
from content.load import CONTENT, ContentError, find_problems, load_library, parse_topic
from content.model import TOPIC_IDS, Library
from content.problem import Problem
from content.reading.sign_rules import parse_sign_rules

TODAY = date(2026, 11, 22)
THANKS = "en/topics/thanks.md"


# Each broken copy differs in one file, each day in none: what is read and measured of the others is so once.
_parse_sign_rules = cache(parse_sign_rules)
_known: dict[str, Any] = {}


def _once(work: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same function, which remembers values for what is written alike. Errors are not remembered."""

    def known(*values: Any) -> Any:
        key = f"{id(work)} {values!r}"
        if key not in _known:
            _known[key] = work(*values)
        return _known[key]

    return known


_PARTS = {name: replace(part, parse=_once(part.parse)) for name, part in load._PARTS.items()}
_measure = _once(wording.measure)


@pytest.fixture(autouse=True)
def _read_and_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "parse_sign_rules", _parse_sign_rules)
    monkeypatch.setattr(load, "_PARTS", _PARTS)
    monkeypatch.setattr(wording, "measure", _measure)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the real content that a test may break."""
    copy = tmp_path / "content"
    shutil.copytree(CONTENT, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__", "phrasings", "built"))
    return copy


def edit(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def structural_problems(root: Path) -> list[Problem]:
    with pytest.raises(ContentError) as caught:
        load_library(root=root)
    return caught.value.problems


def test_the_real_content_loads_with_every_topic_in_order():
    library = load_library()

    assert tuple(library.topics) == TOPIC_IDS
    assert library.topics["thanks"].title == "Thank you"
    assert library.facts["A1"].sources == ("the source article", "DermNet-CC")
    assert library.sources["DermNet-CC"].shown == "DermNet"
    assert library.checklist.questions
    assert library.phrases.plain("command.check")


def test_the_real_content_has_no_problem_of_any_kind():
    problems = find_problems("en", today=TODAY)

    assert "\n".join(map(str, problems)) == ""


@pytest.mark.parametrize(
    ("file", "old", "new", "field", "message"),
    [
        (THANKS, 'id = "thanks"', 'id = "thank-you"', "id", "the file is called 'thanks'"),
        (THANKS, 'id = "thanks"', 'id = "greeting"', "id", "'greeting' is there twice"),
        (THANKS, 'id = "thanks"', 'name = "thanks"', "id", "Field required"),
        (THANKS, 'id = "thanks"', 'id = "thanks"\nask = "?"', "ask", "Extra inputs"),
        (THANKS, "+++\n", "", "", "does not begin with a head"),
        (THANKS, "reviewed = 2026-11-22", "reviewed = soon", "", "Invalid"),
        (THANKS, 'title = "Thank you"', 'title = " "', "title", "is empty"),
        (THANKS, "next_review = 2027-11-22", "next_review = 2028-01-01", "next_review", "within a year"),
        (THANKS, "next_review = 2027-11-22", "next_review = 2026-11-22", "next_review", "within a year"),
        (THANKS, '"follow-up"', '"follow-us"', "related", "'follow-us' is no topic"),
        (THANKS, '"follow-up"', '"thanks"', "related", "names the topic itself"),
        (THANKS, '"follow-up"', '"prepare-for-visit"', "related", "is there twice"),
        (THANKS, '"follow-up", ', "", "related", "has 1 topics"),
        (THANKS, "You are welcome.", "Word. " * 600, "body", "has 3"),
        (THANKS, "facts = []", 'facts = ["A99"]', "facts", "'A99' is not in facts.toml"),
        (THANKS, "facts = []", 'facts = ["D10"]', "facts", "'D10' is for authors only"),
        (THANKS, "facts = []", 'facts = ["A1", "A1"]', "facts", "'A1' is there twice"),
        (THANKS, "facts = []", 'facts = ["A1"]', "sources", "is empty, but the facts have sources"),
        (THANKS, "sources = []", 'sources = ["Nobody"]', "sources", "'Nobody' is shown by no source"),
        (THANKS, "sources = []", 'sources = ["NHS"]', "sources", "'NHS' stands behind none of the facts"),
    ],
)
def test_a_broken_topic_is_refused_with_its_file_and_field(root, file, old, new, field, message):
    edit(root, file, old, new)

    problems = structural_problems(root)

    assert any((problem.file, problem.field) == (file, field) and message in problem.message for problem in problems)


@pytest.mark.parametrize(
    ("file", "old", "new", "field", "message"),
    [
        ("facts.toml", '"DermNet-CC"', '"DermNet-XX"', "A1.sources", "'DermNet-XX' is not in sources.toml"),
        ("facts.toml", 'says = "The medical', 'author_only = true\nsays = "The medical', "A1.says", "must be empty"),
        ("facts.toml", 'says = "The medical', 'say = "The medical', "A1.say", "Extra inputs"),
        ("facts.toml", "[A1]", "[A1", "", "Expected"),
        ("sources.toml", 'kind = "base article"', 'kind = "rumour"', "the source article.kind", "Input should be"),
        ("en/phrases.toml", "[command]", "[command]\nempty = ''", "", "command.empty: is empty"),
        ("en/checklist.toml", "version = 1", "version = 0", "version", "must be 1 or more"),
        ("en/checklist.toml", "facts = [", 'facts = ["A99", ', None, "'A99' is not in facts.toml"),
    ],
)
def test_a_broken_file_beside_the_topics_is_refused_with_its_field(root, file, old, new, field, message):
    edit(root, file, old, new)

    problems = structural_problems(root)

    assert any(
        problem.file == file and field in (None, problem.field) and message in problem.message for problem in problems
    )


@pytest.mark.parametrize("file", ["facts.toml", "sources.toml", "en/phrases.toml", "en/checklist.toml", THANKS])
def test_a_missing_file_is_refused(root, file):
    (root / file).unlink()

    problems = structural_problems(root)

    assert any(problem.file == file and "is missing" in problem.message for problem in problems)


def test_a_topic_that_nobody_asked_for_is_refused(root):
    text = (root / THANKS).read_text(encoding="utf-8")
    (root / "en/topics/weather.md").write_text(text.replace('"thanks"', '"weather"'), encoding="utf-8")

    problems = structural_problems(root)

    assert problems == [Problem("en/topics/weather.md", "id", "'weather' is none of the required topics")]


def test_all_errors_of_all_files_are_listed_at_once(root):
    edit(root, THANKS, 'title = "Thank you"', 'title = ""')
    edit(root, "en/topics/greeting.md", '"red-flags"', '"red-flag"')
    (root / "en/topics/removal.md").unlink()
    edit(root, "en/checklist.toml", "version = 1", "version = 0")

    with pytest.raises(ContentError) as caught:
        load_library(root=root)

    lines = str(caught.value).splitlines()
    assert any(line.strip() == f"{THANKS}: title: is empty" for line in lines)
    assert any("en/topics/greeting.md: related: 'red-flag' is no topic" in line for line in lines)
    assert any("en/topics/removal.md: is missing" in line for line in lines)
    assert any("en/checklist.toml: version" in line for line in lines)


def test_a_review_that_is_overdue_is_reported_but_keeps_no_bot_down(library: Library):
    problems = find_problems("en", today=date(2027, 11, 23))

    assert Problem(THANKS, "next_review", "2027-11-22 has passed") in problems
    assert len(problems) == len(library.topics)


def test_a_review_in_the_future_is_reported():
    problems = find_problems("en", today=date(2026, 11, 21))

    assert Problem(THANKS, "reviewed", "2026-11-22 is in the future") in problems


def test_a_topic_file_has_a_head_a_body_and_more():
    topic = parse_topic(
        '+++\nid = "a"\ntitle = "A"\nfacts = ["A1"]\nsources = []\nrelated = []\nreviewer = ""\n'
        "reviewed = 2026-11-22\nnext_review = 2027-11-22\n+++\n\nBody.\n\n<!-- more -->\n\nMore.\n"
    )

    assert (topic.body, topic.more, topic.facts) == ("Body.", "More.", ("A1",))
