"""Read the settings from the environment, once. Nothing else in the program looks there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

TOKEN = re.compile(r"\d{3,}:[A-Za-z0-9_-]{30,}")

# What is served beside the webhook.
HEALTH_PATHS = ("/healthz", "/readyz", "/metrics")

# What to do about each variable, said when its value is wrong.
ADVICE = {
    "TELEGRAM_BOT_TOKEN": "put the token there that BotFather gave you (it looks like 123456789:AA...), "
    "or try the bot without one: make chat",
    "TELEGRAM_API_URL": "give the address of a Bot API server, such as https://api.telegram.org",
    "DATABASE_URL": "give sqlite:///path/to/file.db or postgresql://user:password@host/name",
    "CALCIBOT_KEYS": "give one or more keys, as `calcibot keys new` prints them, parted by commas; the first encrypts",
    "WEBHOOK_URL": "give the public https address that Telegram should call, with a path of its own",
    "WEBHOOK_SECRET": "give 32 to 256 characters out of A-Z a-z 0-9 _ - to all replicas, as from: openssl rand -hex 32",
    "DEAD_MAN_URL": "give the http or https address that is called once a minute while all is well",
    "WEB_PORT": "give a port number from 1 to 65535",
    "SEND_PER_SECOND": "give a number of messages a second, from 0.1 to 1000",
    "KEEP_ANSWERS_MONTHS": "give a number of months from 1 to 24: what people are told is 24 at most",
    "KEEP_BLOCKED_DAYS": "give a number of days from 1 to 90: what people are told is 90 at most",
    "LOG_LEVEL": "give DEBUG, INFO, WARNING or ERROR",
    "LOG_FORMAT": "give console or json",
}


class SettingsError(Exception):
    """A setting is missing or wrong."""


class Settings(BaseModel):
    """Hold every setting; field names are the variables' names in lower case."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    telegram_bot_token: SecretStr | None = None
    telegram_api_url: str = Field("https://api.telegram.org", pattern=r"^https?://\S+$")
    database_url: SecretStr = SecretStr("sqlite:///var/calcibot.db")
    calcibot_keys: SecretStr | None = None
    webhook_url: str | None = Field(None, pattern=r"^https?://\S+$")
    webhook_secret: SecretStr | None = None
    dead_man_url: SecretStr | None = None
    web_host: str = "127.0.0.1"
    web_port: int = Field(8080, ge=1, le=65535)
    send_per_second: float = Field(25.0, ge=0.1, le=1000)
    # Never longer than people are told when they agree.
    keep_answers_months: int = Field(24, ge=1, le=24)
    keep_blocked_days: int = Field(90, ge=1, le=90)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["console", "json"] = "console"

    @field_validator("telegram_bot_token")
    @classmethod
    def _looks_like_a_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("this is not a bot token")
        return value

    @field_validator("webhook_url")
    @classmethod
    def _has_a_path_of_its_own(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).path.rstrip("/") in HEALTH_PATHS:
            raise ValueError("this is where health is asked for")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _is_what_telegram_can_send(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{32,256}", value.get_secret_value()):
            raise ValueError("this is not a secret that Telegram can send")
        return value

    @field_validator("dead_man_url")
    @classmethod
    def _is_an_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"https?://\S+", value.get_secret_value()):
            raise ValueError("this is not an address")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_a_known_database(cls, value: SecretStr) -> SecretStr:
        if not re.match(r"(sqlite|postgres|postgresql)(\+\w+)?://", value.get_secret_value()):
            raise ValueError("this is not an address of SQLite or PostgreSQL")
        return value

    @field_validator("telegram_api_url", "webhook_url")
    @classmethod
    def _ends_without_slash(cls, value: str | None) -> str | None:
        return value.rstrip("/") if value else value


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings. `NAME_FILE` names a file that holds the value of `NAME`.

    Raises SettingsError with one line a wrong variable, each saying what to do; no value is repeated.
    """
    values: dict[str, str] = {}
    problems: list[str] = []
    for field in Settings.model_fields:
        name = field.upper()
        path = environ.get(f"{name}_FILE")
        if path:
            try:
                values[field] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                problems.append(f"{name}_FILE: the file it names cannot be read; check the path and its permissions")
        elif environ.get(name):
            values[field] = environ[name].strip()
    if "log_level" in values:
        values["log_level"] = values["log_level"].upper()
    try:
        settings = Settings(**values)  # type: ignore[arg-type]  # pydantic turns the texts into the fields' types
    except ValidationError as error:
        names = sorted({str(item["loc"][0]).upper() for item in error.errors()})
        problems += [f"{name}: {ADVICE.get(name, 'its value is not understood')}" for name in names]
    else:
        if settings.webhook_url and not settings.webhook_secret:
            problems.append(f"WEBHOOK_SECRET is not set, which WEBHOOK_URL needs: {ADVICE['WEBHOOK_SECRET']}")
    if problems:
        raise SettingsError("\n".join(problems))
    return settings
