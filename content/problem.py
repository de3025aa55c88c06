"""Name one thing that is wrong with a content file."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import ValidationError


class Problem(NamedTuple):
    """Say where and what. `file` is below the content folder; `field` is empty where the whole file is meant."""

    file: str
    field: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in self if part)


def explain(file: str, error: OSError | ValueError) -> list[Problem]:
    """Return why `file` could not be read, one problem a field where the error tells fields apart."""
    if isinstance(error, ValidationError):
        details = error.errors(include_url=False, include_context=False, include_input=False)
        return [Problem(file, ".".join(map(str, detail["loc"])), detail["msg"]) for detail in details]
    if isinstance(error, FileNotFoundError):
        return [Problem(file, "", "is missing")]
    return [Problem(file, "", str(error))]
