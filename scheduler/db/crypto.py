"""Seal what people say before it is stored, and open it again: Fernet, with a row of keys to change them by."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

# Called before each use; gives new keys when they have changed since the last call.
Look = Callable[[], Sequence[str] | None]


class KeysError(Exception):
    """The keys are missing or wrong."""


class CannotOpen(Exception):  # noqa: N818  # a state of a stored value
    """A stored value was sealed with a key that is not here, was changed, or belongs to another person or field."""


class Vault:
    """Seal with the first of some keys, open with any of them.

    A sealed value holds its field ("runs.answers") and its person's row number, so one that is moved to another field
    or another person does not open there. Fernet has no associated data, so both stand inside.
    """

    def __init__(self, keys: Sequence[str], look: Look = lambda: None) -> None:
        """Take keys as `new_key` makes them. Raises KeysError when there is none or one is malformed."""
        self._look = look
        self._use(keys)

    def _use(self, keys: Sequence[str]) -> None:
        if not keys:
            raise KeysError("there is no key")
        fernets = [_fernet(key) for key in keys]
        self._first, self._fernets = fernets[0], MultiFernet(fernets)
        self.names = tuple(map(name_of, keys))

    def look(self) -> None:
        """Take up keys that changed meanwhile. Raises KeysError as at the beginning."""
        keys = self._look()
        if keys is not None:
            self._use(keys)

    def seal(self, value: object, field: str, person_id: int) -> str:
        """Return a value that JSON can hold as a token: printable, different each time."""
        self.look()
        written = json.dumps([field, person_id, value], ensure_ascii=False, separators=(",", ":"))
        # Half of a character cannot be written as UTF-8, and people's phones do send it.
        return self._first.encrypt(written.encode("utf-8", "surrogatepass")).decode("ascii")

    def open(self, token: str, field: str, person_id: int) -> Any:  # noqa: ANN401  # what JSON holds
        """Return the value. Raises CannotOpen."""
        self.look()
        try:
            written = self._fernets.decrypt(token)
        except InvalidToken:
            raise CannotOpen(field) from None
        found_field, found_person, value = json.loads(written.decode("utf-8", "surrogatepass"))
        if (found_field, found_person) != (field, person_id):
            raise CannotOpen(field)
        return value

    def reseal(self, token: str) -> str | None:
        """Return the same value sealed with the first key; None when it is already. Raises CannotOpen."""
        self.look()
        try:
            self._first.decrypt(token)
        except InvalidToken:
            try:
                return self._fernets.rotate(token).decode("ascii")
            except InvalidToken:
                raise CannotOpen from None
        return None


def new_key() -> str:
    """Return a new random key, as text."""
    return Fernet.generate_key().decode("ascii")


def name_of(key: str) -> str:
    """Return a short name of a key that tells nothing about it, so that a missing one can be named."""
    return hashlib.sha256(base64.urlsafe_b64decode(key)).hexdigest()[:12]


def parse_keys(text: str) -> tuple[str, ...]:
    """Return the keys of a setting or a file: parted by commas, blanks or lines; the first one seals."""
    lines = (line.partition("#")[0] for line in text.splitlines())
    return tuple(dict.fromkeys(key for line in lines for key in line.replace(",", " ").split()))


def _fernet(key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        # The library's own words hold nothing of the key, and ours must not either.
        raise KeysError("a key is malformed: it is 44 characters, as `calcibot keys new` prints it") from None
