"""Say the bot's own short sentences, by key, with the values of the moment put in safely."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from content.markup import Html, clean, escape, to_html

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


class Phrases:
    """Hold phrases by dotted key. Markdown is rendered once, here; values are never read as markup."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = dict(texts)
        self._html = {key: to_html(text) for key, text in self._texts.items()}

    @classmethod
    def from_toml(cls, tables: Mapping[str, object]) -> Phrases:
        """Build from nested tables, joining keys with dots. Raises ValueError that names every key in error."""
        texts: dict[str, str] = {}
        errors: list[str] = []
        for key, value in _walk(tables):
            if not isinstance(value, str):
                errors.append(f"{key}: must be text, is {type(value).__name__}")
            elif not value.strip():
                errors.append(f"{key}: is empty")
            elif value != value.strip(" "):
                errors.append(f"{key}: begins or ends with a space, which is never shown")
            else:
                texts[key] = value.strip()
        if errors:
            raise ValueError("; ".join(errors))
        return cls(texts)

    def say(self, key: str, /, **values: object) -> Html:
        """Return the phrase as Telegram HTML; values are cleaned and escaped, `Html` values stay as they are.

        Raises KeyError for an unknown key, and for a placeholder without a value.
        """
        return Html(self._fill(key, self._html, {name: escape(value) for name, value in values.items()}))

    def plain(self, key: str, /, **values: object) -> str:
        """Return the phrase as it is written, without markup: for buttons, toasts and commands. Raises as `say`."""
        return self._fill(key, self._texts, {name: clean(value) for name, value in values.items()})

    def keys(self) -> tuple[str, ...]:
        """Return all keys, in the order of the file."""
        return tuple(self._texts)

    def placeholders(self, key: str) -> frozenset[str]:
        """Return the names of the values that this phrase needs. Raises KeyError for an unknown key."""
        return frozenset(_PLACEHOLDER.findall(self._texts[key]))

    def markdown(self, key: str) -> str:
        """Return the phrase as it stands in the file. Raises KeyError for an unknown key."""
        return self._texts[key]

    def __contains__(self, key: object) -> bool:
        return key in self._texts

    @staticmethod
    def _fill(key: str, templates: Mapping[str, str], values: Mapping[str, str]) -> str:
        try:
            template = templates[key]
        except KeyError:
            raise KeyError(f"no phrase {key!r}") from None
        if "{" not in template:
            # Most labels: nothing is put in.
            return template

        def value(match: re.Match[str]) -> str:
            name = match[1]
            try:
                return values[name]
            except KeyError:
                raise KeyError(f"phrase {key!r} needs a value for {name!r}") from None

        return _PLACEHOLDER.sub(value, template)


def _walk(tables: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in tables.items():
        if isinstance(value, Mapping):
            yield from _walk(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
