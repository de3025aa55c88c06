"""The first start makes a key and says where; keys change while the bot runs; a lost key is one clear sentence."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from bot.commands import keys as commands
from bot.keys import KeyFile, beside, key_file, open_vault
from bot.settings import Settings, SettingsError
from scheduler.db import people
from scheduler.db.crypto import Vault
from scheduler.db.engine import Database
from scheduler.db.keys import MissingKeysError
from tests.clock import START
from tests.keys import KEY, OTHER_KEY


@pytest.fixture
def file(empty_database: Path, tmp_path: Path) -> Path:
    path = tmp_path / "data" / "bot.db"
    path.parent.mkdir()
    path.write_bytes(empty_database.read_bytes())
    return path


@pytest.fixture
def calcibot(file: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return `calcibot keys`, with this database in its environment."""
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{file}")
    monkeypatch.delenv("CALCIBOT_KEYS", raising=False)
    return lambda *words: CliRunner().invoke(commands.app, words)


def settings_for(file: Path, **more: object) -> Settings:
    return Settings(database_url=SecretStr(f"sqlite:///{file}"), **more)


async def remember(database: Database, words: str) -> None:
    async with database.write() as session:
        people.ask(await people.ensure(session, 7, START), {"said": words})


async def recall(database: Database) -> object:
    async with database.read() as session:
        person = await people.find(session, 7)
        return person.asking if person else None


def test_the_first_start_makes_a_key_outside_the_database_s_folder_and_says_where(file: Path) -> None:
    said: list[str] = []

    vault = open_vault(settings_for(file), said.append)

    path = beside(file)
    assert file.parent not in path.parents
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (path.parent / ".gitignore").read_text() == "*\n"
    assert len(said) == 1
    assert str(path) in said[0]
    assert open_vault(settings_for(file), said.append).names == vault.names
    assert len(said) == 1
    assert [one.name for one in path.parent.iterdir() if one.suffix == ".key"] == [path.name]


def test_two_first_starts_at_once_agree_on_one_key(file: Path) -> None:
    one, two = KeyFile(beside(file)), KeyFile(beside(file))

    made = [one.make(), two.make()]

    assert made == [True, False]
    assert one.read() == two.read()


def test_a_key_file_that_others_may_read_is_refused(file: Path) -> None:
    open_vault(settings_for(file), print)
    beside(file).chmod(0o644)

    with pytest.raises(SettingsError, match="chmod 600"):
        open_vault(settings_for(file), print)


def test_keys_of_the_settings_win_and_make_no_file(file: Path) -> None:
    vault = open_vault(settings_for(file, calcibot_keys=SecretStr(f"{OTHER_KEY},{KEY}")), print)

    assert vault.names == Vault([OTHER_KEY, KEY]).names
    assert not beside(file).exists()


@pytest.mark.parametrize("url", ["postgresql://u:p@host/name", "sqlite://", "sqlite:///:memory:"])
def test_a_database_that_is_no_file_has_its_keys_under_var(url: str) -> None:
    found = key_file(Settings(database_url=SecretStr(url)))

    assert found is not None
    assert found.path == Path.cwd() / "var" / "keys" / "calcibot.key"


@pytest.mark.parametrize("keys", ["short", f"{KEY[:-2]}!!", f"{KEY},zzz", ","])
def test_a_malformed_key_is_one_sentence_that_does_not_repeat_it(file: Path, keys: str) -> None:
    with pytest.raises(SettingsError) as error:
        open_vault(settings_for(file, calcibot_keys=SecretStr(keys)), print)

    assert "CALCIBOT_KEYS" in str(error.value)
    assert "\n" not in str(error.value)
    assert KEY[:8] not in str(error.value)


def test_a_folder_that_cannot_be_written_is_one_sentence(file: Path) -> None:
    (file.parent.parent / "keys").write_text("a file is in the way")

    with pytest.raises(SettingsError, match="no key file can be made at"):
        open_vault(settings_for(file), print)


@pytest.mark.case(111)
def test_a_running_bot_takes_a_new_key_up_and_everything_is_sealed_with_it(
    file: Path, calcibot: Callable[..., Result]
) -> None:
    running = Database(f"sqlite:///{file}", open_vault(settings_for(file), print))
    with asyncio.Runner() as runner:
        runner.run(remember(running, "before"))
        old = running.vault.names if running.vault else ()

        said = calcibot("rotate")

        assert said.exit_code == 0, said.output
        assert "1 values" in said.output
        assert runner.run(recall(running)) == {"said": "before"}
        runner.run(remember(running, "after"))
        runner.run(running.close())
        newest = Database(f"sqlite:///{file}", Vault(KeyFile(beside(file)).read()[:1]))
        assert runner.run(recall(newest)) == {"said": "after"}
        runner.run(newest.close())
    names = Vault(KeyFile(beside(file)).read()).names
    assert names[1:] == old
    assert stat.S_IMODE(beside(file).stat().st_mode) == 0o600

    assert calcibot("retire").exit_code == 0
    assert Vault(KeyFile(beside(file)).read()).names == names[:1]
    assert "Everything can be read." in calcibot("check").output


def test_a_check_before_the_first_start_makes_no_key(file: Path, calcibot: Callable[..., Result]) -> None:
    said = calcibot("check")

    assert "the first start makes" in str(said.exception)
    assert not beside(file).exists()


def test_one_key_in_the_settings_cannot_be_rotated_and_it_says_how(
    calcibot: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALCIBOT_KEYS", KEY)

    said = calcibot("rotate")

    assert isinstance(said.exception, SettingsError)
    assert "calcibot keys new" in str(said.exception)


@pytest.mark.case(111)
def test_a_lost_key_is_told_and_can_be_given_up(file: Path, calcibot: Callable[..., Result]) -> None:
    assert calcibot("rotate").exit_code == 0
    beside(file).unlink()
    # As the next start does, which then ends: see faults/test_lost_key.py.
    open_vault(settings_for(file), print)

    said = calcibot("check")
    assert isinstance(said.exception, MissingKeysError), "also while nothing is stored with the lost key"
    assert calcibot("give-up", "--yes").exit_code == 0
    assert calcibot("check").exit_code == 0
