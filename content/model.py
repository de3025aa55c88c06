"""Hold what the bot says as frozen values. The files under `content/<language>/` are read into these by `load`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:  # the parts below are built from these values; importing them for real would go round in a circle
    from content.phrases import Phrases
    from content.reading.choices import Choices
    from content.reading.index import TopicIndex
    from content.reading.reply_reader import ReplyReader
    from content.reading.schedule_words import ScheduleWords
    from content.reading.sign_rules import SignRules

Answer = Literal["yes", "no", "unsure"]
Level = Literal["emergency", "today", "soon", "routine"]

# From the least to the most urgent. There is no level below "routine": nobody is told that all is well.
LEVELS: tuple[Level, ...] = ("routine", "soon", "today", "emergency")

# Every language answers all of these, in this order.
TOPIC_IDS: tuple[str, ...] = (
    "what-are-they",
    "appearance",
    "composition",
    "versus-milia",
    "versus-acne",
    "versus-other-bumps",
    "causes-overview",
    "dystrophic",
    "acne-and-injury",
    "connective-tissue-disease",
    "metastatic",
    "kidney-disease",
    "parathyroid",
    "vitamin-d-and-diet",
    "iatrogenic",
    "fillers-and-procedures",
    "idiopathic",
    "children",
    "when-to-see-a-doctor",
    "red-flags",
    "is-it-serious",
    "is-it-cancer",
    "is-it-contagious",
    "is-it-hereditary",
    "diagnosis-and-tests",
    "which-doctor",
    "treatment-options",
    "removal",
    "home-remedies",
    "skin-care",
    "sun-and-makeup",
    "prevention",
    "will-it-go-away",
    "come-back",
    "follow-up",
    "prepare-for-visit",
    "daily-life",
    "pregnancy",
    "calciphylaxis",
    "other-calcium",
    "about-bot",
    "reminders-help",
    "privacy",
    "greeting",
    "thanks",
)


class Frozen(BaseModel):
    """Refuse unknown fields and changes: a value, not a record."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Source(Frozen):
    """Name one place that facts come from. Readers see `shown`: a publisher that they can look up."""

    shown: str
    title: str
    publisher: str
    address: str = ""
    year: int | None = None
    kind: Literal["official", "review", "study", "case report", "charity", "lay", "base article"]
    note: str = ""


class Fact(Frozen):
    """Restate one checked fact. `says` is empty where `author_only`: such facts never reach a reader."""

    says: str = ""
    sources: tuple[str, ...] = ()
    author_only: bool = False
    weak: bool = False
    basis: str = ""


class Topic(Frozen):
    """Hold one reviewed answer. `body` and `more` are Markdown; `facts` are codes of `facts.toml`.

    `sources` are the short names that readers see (`Source.shown`). An empty `reviewer` means that no clinician has
    reviewed the text yet.
    """

    id: str
    title: str
    body: str
    more: str = ""
    facts: tuple[str, ...]
    sources: tuple[str, ...]
    related: tuple[str, ...]
    reviewer: str
    reviewed: date
    next_review: date


class EmergencySign(Frozen):
    """Name one sign of the emergency screen; `label` is on its button, `because` gives the reason afterwards."""

    id: str
    label: str
    because: str
    facts: tuple[str, ...]


class EmergencyScreen(Frozen):
    """Ask about emergencies before the first question. `meaning` explains the signs."""

    ask: str
    meaning: str
    signs: tuple[EmergencySign, ...]


class Question(Frozen):
    """Ask about one sign. `yes` and `unsure` are the level that this answer alone calls for; a "no" adds nothing."""

    id: str
    flag: str
    ask: str
    why: str
    meaning: str
    because: str
    because_unsure: str
    yes: Level
    unsure: Level
    facts: tuple[str, ...]


class Combination(Frozen):
    """Raise the level when all of `when` was answered so or more urgently: a "yes" meets "unsure" too.

    "no" never stands in `when`, so that a further "yes" can never lower a level.
    """

    id: str
    when: Mapping[str, Literal["yes", "unsure"]]
    level: Level
    because: str
    facts: tuple[str, ...]


class Outcome(Frozen):
    """Say what to do. The safety net: what we cannot know, what to watch for, where to go, when to look again."""

    heading: str
    meanwhile: str
    unknown: str
    watch: str
    where: str
    again: str
    facts: tuple[str, ...]


class Checklist(Frozen):
    """Hold the whole red-flag checklist: screen, questions in order, combinations, one outcome a level.

    `because_open` is the reason given for a level that only unanswered questions call for.
    """

    version: int
    because_open: str
    screen: EmergencyScreen
    questions: tuple[Question, ...]
    combinations: tuple[Combination, ...]
    outcomes: Mapping[Level, Outcome]

    def question(self, question_id: str) -> Question:
        """Return the question with this id. Raises KeyError for an id of no question."""
        for question in self.questions:
            if question.id == question_id:
                return question
        raise KeyError(question_id)


@dataclass(frozen=True, slots=True)
class Library:
    """Hold everything that the bot says and reads by in one language, checked."""

    language: str
    topics: Mapping[str, Topic]
    facts: Mapping[str, Fact]
    sources: Mapping[str, Source]
    phrases: Phrases
    checklist: Checklist
    signs: SignRules
    replies: ReplyReader
    words: ScheduleWords
    choices: Choices
    index: TopicIndex
