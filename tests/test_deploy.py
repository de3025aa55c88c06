"""The files for those who run the bot name only what the bot has."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bot.metrics import Metrics
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
