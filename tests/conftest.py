"""Set up the run: how much of it, in how many processes, in which order. What tests share is in `fixtures.py`."""

from __future__ import annotations

import gc
import os

import hypothesis
import pytest

from tests.order import WAITERS, pytest_collection_modifyitems

__all__ = ["pytest_collection_modifyitems"]

# What is loaded is much and stays: to look through it for garbage as often as a small program does is a tenth of all.
gc.set_threshold(500_000)

# Set where nothing may be left out.
EVERYTHING = bool(os.environ.get("CALCIBOT_TEST_EVERYTHING"))

# On a machine with much else to do an example may take a second, which says nothing about it.
hypothesis.settings.register_profile("unhurried", deadline=None, max_examples=40)
hypothesis.settings.register_profile("everything", deadline=None, max_examples=200)
hypothesis.settings.load_profile("everything" if EVERYTHING else "unhurried")


def pytest_configure(config: pytest.Config) -> None:
    """Load what tests share, but not where tests are only dealt out to other processes: that needs no program."""
    deals = config.getoption("numprocesses", 0) and not config.option.collectonly and not hasattr(config, "workerinput")
    if not deals:
        config.pluginmanager.import_plugin("tests.fixtures")


def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers share the tests: more than cores, since tests of real processes mostly wait."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + WAITERS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests counted (`record_property("tally", ...)`) under the dots, whichever worker ran them."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    told = [value for report in reports for name, value in report.user_properties if name == "tally"]
    for line in dict.fromkeys(told):
        terminalreporter.write_line(str(line))


def leave_out(reason: str) -> None:
    """Skip the test with its reason, or fail it where everything has to run."""
    if EVERYTHING:
        pytest.fail(reason)
    pytest.skip(reason)
