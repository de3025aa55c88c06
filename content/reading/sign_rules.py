"""Hold the rules for reading signs: word lists that a clinician can read and extend, checked and compiled once."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, model_validator

from content.reading.patterns import Grammar
from content.reading.sign_model import SignModel
from content.reading.spelling import Speller

Flag = Literal[
    "rapid-growth",
    "pain-inflammation-ulceration",
    "chalky-discharge",
    "restricted-movement",
    "systemic-symptoms",
]
# The order in which flags are told.
FLAGS: tuple[Flag, ...] = (
    "rapid-growth",
    "pain-inflammation-ulceration",
    "chalky-discharge",
    "restricted-movement",
    "systemic-symptoms",
)
_REMEMBERED_WORDS = 4_096

Pattern = Annotated[str, Field(min_length=1)]
Patterns = Annotated[tuple[Pattern, ...], Field(min_length=1)]


class _Rules(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SignWords(_Rules):
    """Say how people name one sign, and which words in its statement (`unless`) or sentence (`cause`) explain it away.

    `on_the_bump`: the same words about another place do not count. `even_supposed`, `even_asked`: "I would", "I hope"
    or a question change nothing.
    """

    say: Patterns
    unless: tuple[Pattern, ...] = ()
    cause: tuple[Pattern, ...] = ()
    on_the_bump: bool = False
    even_supposed: bool = False
    even_asked: bool = False


class Layout(_Rules):
    """Cut a text up: `look_alikes` are not read at all, a clause begins at `splits`, a fresh statement at `fresh`."""

    look_alikes: Patterns
    splits: Patterns
    fresh: Patterns
    fresh_after_pause: Patterns
    fresh_after_no: Patterns
    fillers: Patterns


class Cues(_Rules):
    """List the words that turn a sign into no sign; a list ending in `_never` names look-alikes of such words."""

    negated: Patterns
    negated_never: Patterns
    negated_after: Patterns
    asked_at_start: Patterns
    asked_at_start_never: Patterns
    supposed_at_start: Patterns
    asked: Patterns
    asked_never: Patterns
    what_if: Patterns
    what_if_ever: Patterns
    what_if_never: Patterns
    past: Patterns
    past_never: Patterns
    past_emergency: Patterns
    over: Patterns
    no_longer: Patterns
    present: Patterns
    strangers: Patterns
    stories: Patterns
    elsewhere: Patterns
    bump: Patterns
    mine: Patterns
    own: Patterns


class SignRules(_Rules):
    """Hold every rule for signs in one language. Raises pydantic's ValidationError with the field that is wrong."""

    spellings: Mapping[str, tuple[str, ...]]
    words: Mapping[str, Patterns]
    layout: Layout
    cues: Cues
    flags: Mapping[Flag, Annotated[Mapping[str, SignWords], Field(min_length=1)]]
    emergencies: Annotated[Mapping[str, SignWords], Field(min_length=1)]
    hints: Mapping[str, SignWords]
    together: tuple[Annotated[tuple[str, ...], Field(min_length=2)], ...]
    real_words: frozenset[str]

    _signs: dict[str, SignWords] = PrivateAttr()
    _layout_grammar: Grammar = PrivateAttr()
    _sign_grammar: Grammar = PrivateAttr()
    _speller: Speller = PrivateAttr()
    _terms: Callable[[str], frozenset[str]] = PrivateAttr()
    _model: SignModel | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _compile(self) -> Self:
        if missing := [flag for flag in FLAGS if flag not in self.flags]:
            raise ValueError(f"flags: nothing for {', '.join(missing)}")
        for hints in self.together:
            if unknown := [hint for hint in hints if hint not in self.hints]:
                raise ValueError(f"together: no hint called {', '.join(unknown)}")
        self._signs = dict(self._named_signs())
        words = {name: tuple(patterns) for name, patterns in self.words.items()}
        self._layout_grammar = Grammar(words | dict(_named("layout", self.layout)))
        self._sign_grammar = Grammar(words | dict(_named("cues", self.cues)) | dict(self._sign_lists()))
        variants = {wrong: right for right, wrongs in self.spellings.items() for wrong in wrongs}
        self._speller = Speller(self._sign_grammar.key_words(), variants, self.real_words)
        # No methods: an attribute of rules is slow to reach, and this is done for every strange word of a text.
        fix, of_layout, of_signs = self._speller.fix, self._layout_grammar.terms_of, self._sign_grammar.terms_of

        @lru_cache(maxsize=_REMEMBERED_WORDS)
        def terms(word: str) -> frozenset[str]:
            key_word = fix(word)
            return of_layout(key_word) | of_signs(key_word)

        self._terms = terms
        return self

    def _sign_lists(self) -> Iterator[tuple[str, Iterable[str]]]:
        for name, sign in self._signs.items():
            yield name, sign.say
            yield f"{name}.unless", sign.unless
            yield f"{name}.cause", sign.cause

    def _named_signs(self) -> Iterator[tuple[str, SignWords]]:
        for flag in FLAGS:
            for name, sign in self.flags[flag].items():
                yield f"flags.{flag}.{name}", sign
        for kind, signs in (("emergencies", self.emergencies), ("hints", self.hints)):
            for name, sign in signs.items():
                yield f"{kind}.{name}", sign

    @property
    def signs(self) -> Mapping[str, SignWords]:
        """Return every sign by its full name, such as `flags.rapid-growth.fast`, `emergencies.stroke`, `hints.hot`."""
        return self._signs

    def with_model(self, model: SignModel) -> SignRules:
        """Return these rules with a fitted model beside them, as a second opinion."""
        rules = self.model_copy()
        rules._model = model
        return rules

    @property
    def model(self) -> SignModel | None:
        """Return the fitted model, if there is one."""
        return self._model

    @property
    def layout_grammar(self) -> Grammar:
        """Return the lists of `layout`, compiled."""
        return self._layout_grammar

    @property
    def sign_grammar(self) -> Grammar:
        """Return the cues and signs, compiled."""
        return self._sign_grammar

    @property
    def speller(self) -> Speller:
        """Return the reader of mistyped key words."""
        return self._speller

    @property
    def terms(self) -> Callable[[str], frozenset[str]]:
        """Return what tells what the rules may call a typed word, its spelling put right."""
        return self._terms

    def fix_all(self, words: Iterable[str]) -> list[str]:
        """Return the words with the spelling of mistyped key words put right."""
        fix = self._speller.fix
        return [fix(word) for word in words]


def parse_sign_rules(toml: str, real_words: str) -> SignRules:
    """Return the rules written in `toml`, with the list of `real_words` (one a line) that no spelling bends.

    Raises ValueError (of which tomllib's and pydantic's errors are kinds) with the field that is wrong.
    """
    return SignRules.model_validate(tomllib.loads(toml) | {"real_words": frozenset(real_words.split())})


def _named(prefix: str, lists: BaseModel) -> Iterator[tuple[str, Iterable[str]]]:
    for name in type(lists).model_fields:
        yield f"{prefix}.{name}", getattr(lists, name)
