"""Find the keys that answers are encrypted with: in the settings, or in a file that the first start makes."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import make_url

from bot.settings import ADVICE, Settings, SettingsError
from scheduler.db.crypto import KeysError, Vault, new_key, parse_keys

HEAD = """\
# Calcibot encrypts what people answer with the first of these keys, and reads it with any of them.
# Whoever has this file and the database can read the answers; without it nobody can, you included.
# Keep a copy of this file, in another place than the copies of the database.
"""

# For a database that is not on this machine.
SHARED_KEYS = Path("var/keys/calcibot.key")

OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyFile:
    """Hold keys in a file that only its owner may read, one a line, the newest first."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet."""
        self.path = path
        self._seen: tuple[int, int] | None = None

    def make(self) -> bool:
        """Make the file with one new key, if it is not there yet. Return whether it was made.

        Raises SettingsError when it cannot be made.
        """
        if self.path.exists():
            return False
        try:
            self._make_folder()
            # Written whole under another name and then linked: of two that start at once, one makes the file.
            other = self._write_beside([new_key()])
            try:
                self.path.hardlink_to(other)
            except FileExistsError:
                return False
            finally:
                other.unlink()
        except OSError as error:
            raise SettingsError(
                f"CALCIBOT_KEYS is not set, and no key file can be made at {self.path} ({error.strerror}): "
                f"{ADVICE['CALCIBOT_KEYS']}"
            ) from None
        return True

    def read(self) -> tuple[str, ...]:
        """Return the keys. Raises SettingsError when the file cannot be read, or others could read it."""
        try:
            with self.path.open(encoding="ascii") as file:
                status = os.fstat(file.fileno())
                text = file.read()
        except (OSError, UnicodeDecodeError):
            raise SettingsError(f"the key file {self.path} cannot be read: check it and its permissions") from None
        if os.name == "posix" and status.st_mode & OTHERS:
            raise SettingsError(f"others may read the key file {self.path}: chmod 600 {self.path}")
        self._seen = (status.st_mtime_ns, status.st_ino)
        return parse_keys(text)

    def changed(self) -> Sequence[str] | None:
        """Return the keys if the file was written since it was last read; None also while it cannot be read."""
        try:
            status = self.path.stat()
        except OSError:
            # The keys in memory go on: a running bot needs no file.
            return None
        if (status.st_mtime_ns, status.st_ino) == self._seen:
            return None
        return self.read()

    def write(self, keys: Sequence[str]) -> None:
        """Replace the keys in one step, so that nobody reads half a file."""
        self._write_beside(keys).replace(self.path)
        _sync(self.path.parent)

    def _make_folder(self) -> None:
        folder = self.path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            # A key in a repository is a key lost.
            ignore.write_text("*\n", encoding="ascii")

    def _write_beside(self, keys: Sequence[str]) -> Path:
        other = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(other, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(HEAD + "".join(f"{key}\n" for key in keys))
            file.flush()
            # Answers must not outlive their key in a power cut.
            os.fsync(file.fileno())
        return other


def key_file(settings: Settings) -> KeyFile | None:
    """Return the file that the keys are in; None when they are in the settings.

    It is beside the database's folder, not in it: what copies that folder must not take the key along. For a database
    that is no file it is in var/keys; replicas on other machines then need that key in CALCIBOT_KEYS, and say so.
    """
    if settings.calcibot_keys is not None:
        return None
    url = make_url(settings.database_url.get_secret_value())
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return KeyFile(SHARED_KEYS.absolute())
    return KeyFile(beside(Path(url.database)))


def beside(database: Path) -> Path:
    """Return where the key file of an SQLite database is: data/bot.db has keys/bot.key."""
    path = database.absolute()
    return path.parent.parent / "keys" / f"{path.stem}.key"


def open_vault(settings: Settings, say: Callable[[str], None]) -> Vault:
    """Return the vault with the keys of the settings or of the file; `say` is told of a file that was made.

    Raises SettingsError.
    """
    file = key_file(settings)
    try:
        if file is None:
            assert settings.calcibot_keys is not None  # there is no file only then
            return Vault(parse_keys(settings.calcibot_keys.get_secret_value()))
        if file.make():
            say(f"A new key was made: {file.path}. Keep a copy of it, apart from the database.")
        return Vault(file.read(), file.changed)
    except KeysError as error:
        place = "CALCIBOT_KEYS" if file is None else str(file.path)
        raise SettingsError(f"{place}: {error}") from None


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
