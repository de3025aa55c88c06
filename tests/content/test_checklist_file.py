import json
import re
import tomllib

import pytest

from content.checklist import cited_facts, find_problems, parse
from content.load import CONTENT
from content.markup import find_unsupported, plain, to_html
from content.model import LEVELS, Checklist, Level
from content.prose import count_words, measure

TABLE = tomllib.loads((CONTENT / "en/checklist.toml").read_text(encoding="utf-8"))
CHECKLIST = parse(TABLE)
CARD = ("heading", "meanwhile", "unknown", "watch", "where", "again")
MAX_TEXT = 900
MAX_GRADE, MAX_EMERGENCY_GRADE = 8.0, 5.0
# Terms that stand in brackets after the plain word, as content.prose wants them.
GLOSSARY = {"dermatologist": "skin doctor", "mottled": "blotchy"}
ALL_IS_WELL = [
    *(r"\bfine\b", r"\bok(ay)?\b", r"harmless", r"no(thing| need| reason|t) to worry", r"don't worry", r"\brelax"),
    *(r"all (is )?(well|clear|good)", r"good news", r"reassur", r"\bsafe\b", r"healthy", r"\bnormal", r"low risk"),
    *(r"(is|are) not serious", r"not dangerous", r"no danger", r"benign", r"no doctor", r"(do not|don't) need (a|to)"),
    *(r"probably", r"no cause for", r"it is not cancer", r"will go away", r"\bjust (a|wait)\b", r"wait and see"),
]


def _card(level: Level) -> str:
    card = CHECKLIST.outcomes[level]
    return "\n\n".join(getattr(card, field) for field in CARD)


def _texts() -> list[tuple[str, str, float]]:
    """Return every text with its field and the highest grade allowed; reasons as the sentence that is shown."""
    screen = [
        (f"screen.{field}", getattr(CHECKLIST.screen, field), MAX_EMERGENCY_GRADE) for field in ("ask", "meaning")
    ]
    asked = [
        (f"{question.id}.{field}", getattr(question, field), MAX_GRADE)
        for question in CHECKLIST.questions
        for field in ("ask", "why", "meaning")
    ]
    reasons = [
        *((f"{question.id}.because", question.because) for question in CHECKLIST.questions),
        *((f"{combination.id}.because", combination.because) for combination in CHECKLIST.combinations),
        *((f"{question.id}.because_unsure", question.because_unsure) for question in CHECKLIST.questions),
        *((f"{sign.id}.because", sign.because) for sign in CHECKLIST.screen.signs),
        ("because_open", CHECKLIST.because_open),
    ]
    cards = [
        (f"{level}.{field}", getattr(card, field), MAX_GRADE)
        for level, card in CHECKLIST.outcomes.items()
        if level != "emergency"
        for field in CARD
    ]
    # One card is one screen, and the fixed sentence with the number weighs too much when it stands alone.
    cards.append(("emergency", _card("emergency"), MAX_EMERGENCY_GRADE))
    return [*screen, *asked, *((field, f"Because you said: {text}.", MAX_GRADE) for field, text in reasons), *cards]


@pytest.mark.parametrize(("field", "text", "grade"), [pytest.param(*text, id=text[0]) for text in _texts()])
def test_every_text_is_short_and_easy(field: str, text: str, grade: float) -> None:
    prose = measure(text, GLOSSARY)

    assert prose.grade <= grade
    assert [sentence for sentence in prose.sentences if count_words(sentence) > 25] == []
    assert prose.words_per_sentence <= 15 or "because" in field
    assert len(plain(to_html(text))) <= MAX_TEXT
    assert find_unsupported(text) == []


@pytest.mark.parametrize("wording", ALL_IS_WELL)
def test_no_text_says_or_implies_that_all_is_well(wording: str) -> None:
    held = [field for field, text, _ in _texts() if re.search(wording, text, re.IGNORECASE)]

    assert held == []


@pytest.mark.parametrize("level", LEVELS)
def test_every_outcome_names_the_emergency_number(level: Level) -> None:
    assert "your local emergency number now (for example 112, 911 or 999)" in plain(to_html(_card(level)))


@pytest.mark.parametrize("level", ["routine", "soon"])
@pytest.mark.parametrize("words", ["grows", "hurts", "hot", "swollen", "colour", "opens", "chalky", "joint", "tired",
                                   "weak", "urine", "bleeds", "not heal", "kidney", "blotchy", "eye"])  # fmt: skip
def test_the_safety_net_watches_for_the_signs_of_the_checklist(level: Level, words: str) -> None:
    assert words in CHECKLIST.outcomes[level].watch


def test_an_emergency_is_not_about_skin_care() -> None:
    card = _card("emergency")

    assert re.findall(r"wash|clean|cream|cover|sun|rinse|squeeze|skin", card, re.IGNORECASE) == []


def test_every_fact_cited_is_one_that_readers_may_see() -> None:
    facts = tomllib.loads((CONTENT / "facts.toml").read_text(encoding="utf-8"))

    cited = {code for _, codes in cited_facts(CHECKLIST) for code in codes}

    assert {code for code in cited if facts.get(code, {}).get("author_only", code not in facts)} == set()


def test_the_file_has_no_problems() -> None:
    assert find_problems(CHECKLIST) == []


def _broken(path: str, value: object) -> Checklist:
    table = json.loads(json.dumps(TABLE))
    *way, last = (int(key) if key.isdigit() else key for key in path.split("."))
    place = table
    for key in way:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return parse(table)


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("version", 0, "version"),
        ("screen.signs.0.id", "confused", "'confused' is there twice"),
        ("screen.signs.0.label", "x" * 41, "at most 40"),
        ("screen.signs", TABLE["screen"]["signs"][:5], "has 5 signs"),
        ("questions.0.id", "pain", "'pain' is there twice"),
        ("questions.0.id", "Growth!", "small letters"),
        ("questions.0.why", "  ", "questions.growth.why: is empty"),
        ("questions.0.because", "It grew.", "takes no full stop"),
        ("questions.0.facts", [], "questions.growth.facts: is empty"),
        ("questions.0.yes", "routine", "calls for soon or more"),
        ("questions.0.unsure", "emergency", "more urgent than yes"),
        ("questions", TABLE["questions"] + TABLE["questions"][:4], "has 16 questions"),
        ("combinations.0.when", {"heat": "yes", "nose": "yes"}, "'nose' is no question"),
        ("combinations.0.when", {"heat": "yes"}, "needs two answers"),
        ("combinations.0.level", "soon", "not above"),
        ("outcomes.today", None, "outcomes.today: is missing"),
    ],
)
def test_a_mistake_in_the_file_is_found(path: str, value: object, problem: str) -> None:
    problems = find_problems(_broken(path, value))

    assert any(problem in found for found in problems), problems


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("questions.0.yes", "urgent"),
        ("combinations.0.when.heat", "no"),
        ("questions.0.points", 3),
        ("screen.ask", None),
    ],
)
def test_what_is_no_checklist_is_refused(path: str, value: object) -> None:
    with pytest.raises(ValueError, match=re.escape(path)):
        _broken(path, value)
