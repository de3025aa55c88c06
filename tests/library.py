"""Hold the real content, read once in a process."""

from __future__ import annotations

from content.load import load_library

LIBRARY = load_library()
