"""Settings from the environment: each mistake is one line that says what to do, and repeats no value."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import ADVICE, Settings, SettingsError, read_settings

TOKEN = "123456:" + "A" * 35
SECRET = "s" * 32


def test_nothing_set_gives_defaults() -> None:
    settings = read_settings({})

    assert settings == Settings()
    assert (settings.web_host, settings.web_port, settings.webhook_url) == ("127.0.0.1", 8080, None)


def test_a_secret_can_be_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")

    settings = read_settings({"TELEGRAM_BOT_TOKEN_FILE": str(path)})

    assert settings.telegram_bot_token is not None
    assert settings.telegram_bot_token.get_secret_value() == TOKEN


def test_a_file_that_is_not_there_is_named_by_its_variable(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="TELEGRAM_BOT_TOKEN_FILE"):
        read_settings({"TELEGRAM_BOT_TOKEN_FILE": str(tmp_path / "missing")})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TELEGRAM_BOT_TOKEN", "wrong-value"),
        ("TELEGRAM_API_URL", "wrong-value"),
        ("DATABASE_URL", "mysql://wrong-value"),
        ("WEBHOOK_URL", "wrong-value"),
        ("WEBHOOK_SECRET", "wrong-value"),
        ("WEBHOOK_SECRET", "wrong-value!" * 4),
        ("DEAD_MAN_URL", "wrong-value"),
        ("WEB_PORT", "wrong-value"),
        ("WEB_PORT", "65536"),
        ("SEND_PER_SECOND", "0"),
        ("LOG_LEVEL", "wrong-value"),
        ("LOG_FORMAT", "wrong-value"),
    ],
)
def test_a_wrong_value_is_told_with_what_to_do_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_settings({name: value})

    assert str(error.value) == f"{name}: {ADVICE[name]}"
    assert "wrong-value" not in str(error.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        read_settings({"WEB_PORT": "x", "LOG_LEVEL": "x"})

    assert [line.split(":")[0] for line in str(error.value).splitlines()] == ["LOG_LEVEL", "WEB_PORT"]


def test_a_webhook_needs_a_secret() -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_SECRET is not set"):
        read_settings({"WEBHOOK_URL": "https://bot.example.org/hook"})

    settings = read_settings({"WEBHOOK_URL": "https://bot.example.org/hook/", "WEBHOOK_SECRET": SECRET})
    assert settings.webhook_url == "https://bot.example.org/hook"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_a_webhook_cannot_take_the_place_of_health(path: str) -> None:
    with pytest.raises(SettingsError, match="WEBHOOK_URL"):
        read_settings({"WEBHOOK_URL": f"https://bot.example.org{path}", "WEBHOOK_SECRET": SECRET})


def test_settings_do_not_show_their_secrets() -> None:
    settings = read_settings(
        {
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "WEBHOOK_URL": "https://bot.example.org/hook",
            "WEBHOOK_SECRET": SECRET,
            "DATABASE_URL": "postgresql://bot:canary@db/bot",
            "DEAD_MAN_URL": "https://ping.example.org/canary",
        }
    )

    for secret in (TOKEN, SECRET, "canary"):
        assert secret not in repr(settings)
