"""The files for those who run the bot name only what the bot has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bot.__main__ import USAGE
from bot.metrics import Metrics
from bot.program import EXIT_KEYS, STOP_SECONDS
from bot.settings import Settings

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"
OPERATORS = ROOT / "docs" / "operators.md"
ALERTS = DEPLOY / "alerts.yml"
DASHBOARD = DEPLOY / "grafana-dashboard.json"


def names() -> set[str]:
    """Return the name of every metric of ours, as it is scraped, without a histogram's endings."""
    found = set()
    for family in Metrics().registry.collect():
        if family.name.startswith("calcibot_"):
            found.add(f"{family.name}_total" if family.type == "counter" else family.name)
    return found


def named_in(path: Path) -> set[str]:
    """Return the metrics that a file names."""
    found = re.findall(r"\bcalcibot_[a-z_]+", path.read_text(encoding="utf-8"))
    return {re.sub(r"_bucket$", "", name) for name in found}


@pytest.mark.parametrize("path", [ALERTS, DASHBOARD, DEPLOY / "alerts_test.yml"], ids=lambda path: path.name)
def test_only_metrics_that_there_are_are_used(path: Path) -> None:
    assert named_in(path)
    assert named_in(path) <= names()


def test_every_metric_is_explained() -> None:
    assert named_in(OPERATORS) == names()


def test_every_alert_is_explained() -> None:
    alerts = re.findall(r"- alert: (\w+)", ALERTS.read_text(encoding="utf-8"))

    assert alerts
    assert set(re.findall(r"`(Calcibot\w+)`", OPERATORS.read_text(encoding="utf-8"))) == set(alerts)


def test_every_setting_is_explained() -> None:
    text = OPERATORS.read_text(encoding="utf-8")

    assert [name for name in Settings.model_fields if f"`{name.upper()}`" not in text] == []


def test_the_dashboard_is_whole() -> None:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))

    assert board["panels"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert all(target["expr"] for panel in board["panels"] for target in panel["targets"])


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here (Debian: prometheus)")
@pytest.mark.parametrize(
    "arguments",
    [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml"), ("check", "config", "prometheus.yml")],
)
def test_prometheus_accepts_the_files(arguments: tuple[str, ...]) -> None:
    done = subprocess.run(["promtool", *arguments], cwd=DEPLOY, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here (Debian: systemd)")
def test_systemd_accepts_the_service(tmp_path: Path) -> None:
    unit = (DEPLOY / "calcibot.service").read_text(encoding="utf-8")
    path = tmp_path / "calcibot.service"
    # What it starts must be there.
    path.write_text(unit.replace("/opt/calcibot/.venv/bin/calcibot", sys.executable), encoding="utf-8")

    done = subprocess.run(["systemd-analyze", "verify", str(path)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_service_is_not_started_again_for_what_a_start_cannot_mend() -> None:
    unit = (DEPLOY / "calcibot.service").read_text(encoding="utf-8")

    assert f"RestartPreventExitStatus={USAGE} {EXIT_KEYS}" in unit
    (seconds,) = re.findall(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    assert int(seconds) > STOP_SECONDS
