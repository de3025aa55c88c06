"""The phone's memory on disk: one SQLite file, one row per thing, written at once."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

# What belongs to the phone and to no bot stands under this token.
PHONE = ""


class Shelf:
    """Rows of JSON (and bytes for files) by bot, kind and key; survives a kill at any moment.

    The kinds are bot, person, chat, message, update, callback and file, and the phone's own clock.
    """

    def __init__(self, path: Path) -> None:
        # The phone may be driven from another thread; the lock below keeps one writer at a time.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._lock = threading.Lock()
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS thing (token TEXT, kind TEXT, key TEXT, body TEXT, data BLOB,"
            " PRIMARY KEY (token, kind, key)) WITHOUT ROWID"
        )

    def write(self, token: str, changes: Mapping[tuple[str, str], Any], data: Mapping[str, bytes]) -> None:
        """Write one change in one transaction: None deletes a row; `data` holds new files' bytes by key."""
        gone = [(token, kind, key) for (kind, key), value in changes.items() if value is None]
        kept = [
            (token, kind, key, json.dumps(value), data.get(key) if kind == "file" else None)
            for (kind, key), value in changes.items()
            if value is not None
        ]
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("DELETE FROM thing WHERE token = ? AND kind = ? AND key = ?", gone)
            self._db.executemany("INSERT OR REPLACE INTO thing VALUES (?, ?, ?, ?, ?)", kept)
            self._db.execute("COMMIT")

    def tokens(self) -> list[str]:
        """Return every bot that has something on the shelf."""
        with self._lock:
            return [row[0] for row in self._db.execute("SELECT DISTINCT token FROM thing WHERE token != ?", (PHONE,))]

    def read(self, token: str) -> Iterator[tuple[str, str, Any]]:
        """Yield (kind, key, value) of one bot."""
        with self._lock:
            rows = self._db.execute("SELECT kind, key, body FROM thing WHERE token = ?", (token,)).fetchall()
        for kind, key, body in rows:
            yield kind, key, json.loads(body)

    def data(self, token: str, key: str) -> bytes:
        """Return the bytes of one stored file."""
        with self._lock:
            row = self._db.execute(
                "SELECT data FROM thing WHERE token = ? AND kind = 'file' AND key = ?", (token, key)
            ).fetchone()
        return bytes(row[0])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()
