"""Keep what was fitted from content files: plain numpy arrays, and a JSON head that says what they were fitted from."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from content.reading.features import VERSION as FEATURES_VERSION

BUILD_COMMAND = "calcibot content build"

Arrays = dict[str, Any]
Head = dict[str, Any]


class StaleIndex(Exception):  # noqa: N818  (it names a state of the files, as the message does)
    """A fitted file does not fit the content files."""

    def __init__(self, what: str, path: Path, why: str) -> None:
        super().__init__(f"The {what} {path} {why}. Run: {BUILD_COMMAND}")


def save_fitted(path: Path, head: Mapping[str, Any], arrays: Mapping[str, Any], content_hash: str, form: int) -> None:
    """Write head and arrays to `path`, whole or not at all. `form` is the number of what the arrays mean."""
    full = {"format": form, "features": FEATURES_VERSION, "content": content_hash, **head}
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    with draft.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, head=np.array(json.dumps(full)), **arrays)
    draft.replace(path)


def load_fitted(path: Path, what: str, expected_hash: str, form: int) -> tuple[Head, Arrays]:
    """Return head and arrays of `path`; `what` names it in errors.

    Raises StaleIndex if it is missing, damaged, or fitted from other content.
    """
    try:
        # Opened here, because numpy leaves the file open if it is no archive.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays: Arrays = {name: file[name] for name in file.files}
        head: Head = json.loads(str(arrays.pop("head")))
        made_by, made_from = (head["format"], head["features"]), head["content"]
    except FileNotFoundError:
        raise StaleIndex(what, path, "is missing") from None
    except (OSError, ValueError, KeyError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise StaleIndex(what, path, "cannot be read") from error
    if made_by != (form, FEATURES_VERSION):
        raise StaleIndex(what, path, "was built by another version of the program")
    if made_from != expected_hash:
        raise StaleIndex(what, path, "was built from other content files")
    return head, arrays
